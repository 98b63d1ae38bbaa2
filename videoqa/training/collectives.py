"""Values that the workers of a strategy exchange outside of a step."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

Tensors = Sequence[tf.Tensor]


def from_chief(strategy: tf.distribute.Strategy, values: Sequence[Any]) -> list[np.ndarray]:
    """Return worker 0's values on every worker.

    Args:
        strategy: of the run; every worker must make this call.
        values: numeric arrays, of the same shapes and dtypes on every worker.
    """
    arrays = [np.asarray(value) for value in values]
    if num_workers(strategy) == 1:
        return arrays
    return [tensor.numpy() for tensor in _chief_reducer(strategy)([tf.constant(array) for array in arrays])]


def make_reducer(
    strategy: tf.distribute.Strategy, reduce: Callable[[Tensors], list[tf.Tensor]]
) -> Callable[[Tensors], list[tf.Tensor]]:
    """Return a compiled function of tensors that runs `reduce` in the replica context of every worker.

    Args:
        strategy: of the run.
        reduce: calls a collective, such as `mean_over_replicas`; its results are equal on all replicas.
    """

    @tf.function
    def run(tensors: list[tf.Tensor]) -> Any:
        return strategy.run(reduce, args=(tensors,))

    return lambda tensors: [strategy.experimental_local_results(value)[0] for value in run(list(tensors))]


def sum_over_replicas(tensors: Tensors) -> list[tf.Tensor]:
    """Return the sum of each tensor over all replicas."""
    return _all_reduce("SUM", tensors)


def mean_over_replicas(tensors: Tensors) -> list[tf.Tensor]:
    """Return the mean of each tensor over all replicas."""
    return _all_reduce("MEAN", tensors)


def _all_reduce(how: str, tensors: Tensors) -> list[tf.Tensor]:
    """Reduce the tensors of one dtype together, since TensorFlow packs them into one."""
    context = tf.distribute.get_replica_context()
    reduced: dict[int, tf.Tensor] = {}
    for dtype in sorted({tensor.dtype.name for tensor in tensors}):
        places = [place for place, tensor in enumerate(tensors) if tensor.dtype.name == dtype]
        # An argument of a compiled function has no device, and where there is none nothing can be reduced to.
        together = context.all_reduce(how, [tf.identity(tensors[place]) for place in places])
        reduced |= dict(zip(places, together, strict=True))
    return [reduced[place] for place in range(len(tensors))]


@functools.cache
def _chief_reducer(strategy: tf.distribute.Strategy) -> Callable[[Tensors], list[tf.Tensor]]:
    """Return one function for the whole run, so that equal shapes are traced once."""
    return make_reducer(strategy, _first_replicas)


def _first_replicas(tensors: Tensors) -> list[tf.Tensor]:
    replica = tf.distribute.get_replica_context().replica_id_in_sync_group
    return sum_over_replicas(
        [tf.where(tf.equal(replica, 0), tensor, tf.zeros_like(tensor)) for tensor in tensors]
    )


def num_workers(strategy: tf.distribute.Strategy) -> int:
    """Return how many processes take part in the strategy."""
    resolver = strategy.cluster_resolver
    return 1 if resolver is None else max(len(resolver.cluster_spec().as_dict().get("worker", ())), 1)


def num_local_replicas(strategy: tf.distribute.Strategy) -> int:
    """Return how many of the strategy's replicas this process has."""
    return 1 if strategy.num_replicas_in_sync == 1 else len(strategy.extended.worker_devices)
