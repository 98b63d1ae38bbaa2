"""A global batch as equal shares, one for each replica; missing rows are padding of weight 0."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from videoqa.training.distribution import Strategy, num_local_replicas


def make_equal_shares(strategy: Strategy, batch_size: int) -> Callable[[dict[str, Any]], Any]:
    """Return a function of a global batch that returns the rows of this process's replicas.

    Args:
        strategy: of the run.
        batch_size: rows of a full global batch. Every replica gets as many rows as of a full batch, padded
            where there are fewer, and perhaps with nothing but padding.
    """
    if strategy.num_replicas_in_sync == 1:
        return lambda batch: batch
    size = -(-batch_size // strategy.num_replicas_in_sync)
    if num_local_replicas(strategy) == 1:
        share = strategy.cluster_resolver.task_id
        return lambda batch: padded_share(batch, share, size)
    return lambda batch: strategy.experimental_distribute_values_from_function(
        lambda replica: padded_share(batch, replica.replica_id_in_sync_group, size)
    )


def padded_share(batch: dict[str, Any], share: int, size: int) -> dict[str, Any]:
    """Return rows `[share * size, (share + 1) * size)` of a batch, padded at its end with weight 0.

    The padding repeats the batch's last row: no layer meets a row without words or frames.
    """
    rows = tf.range(share * size, (share + 1) * size)
    num_rows = tf.size(batch["positions"])
    taken = tf.nest.map_structure(lambda tensor: tf.gather(tensor, tf.minimum(rows, num_rows - 1)), batch)
    taken["weights"] *= tf.cast(rows < num_rows, taken["weights"].dtype)
    return taken
