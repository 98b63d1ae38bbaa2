"""One training step of our own, run under the strategy's `run`."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from videoqa.models.dropout import dropout_state

OptimizerPairs = list[tuple[keras.optimizers.Optimizer, list[keras.Variable]]]


def make_train_step(
    model: keras.Model,
    optimizers: OptimizerPairs,
    strategy: tf.distribute.Strategy,
    *,
    seed: int,
    batch_spec: dict[str, Any],
    batch_size: int,
) -> Callable[[dict[str, Any], int], dict[str, tf.Tensor]]:
    """Return `step(batch, number)`, which updates the weights once from one global batch.

    The loss is the sparse categorical cross-entropy summed over the rows, each times its weight, and
    divided by the sum of the weights of the global batch; a model's own regularisation losses are added
    once.

    Args:
        model: built under `strategy.scope()`.
        optimizers: (optimizer, variables) pairs; every trainable variable in exactly one.
        strategy: from `make_strategy`.
        seed: of the dropout masks.
        batch_spec: `tf.TensorSpec` of everything in a batch, so that an uneven last batch is not traced anew.
        batch_size: rows of a full global batch. Each replica takes an equal share of it; where a batch has
            fewer rows, shares are filled up with rows of weight 0, and a replica may get no other.

    Returns:
        A function of a batch (see `input_pipeline.training_batches`) and the step's number that returns
        scalar float32 sums over the global batch: "loss_sum", "num_correct", "weight_sum".
    """
    variables = [variable for _, owned in optimizers for variable in owned]

    def replica_step(
        batch: dict[str, Any], number: tf.Tensor, global_size: tf.Tensor, global_weight: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        with tf.GradientTape() as tape:
            with dropout_state(seed, number, batch["positions"], global_size):
                probabilities = model(batch["inputs"], training=True)
            losses = keras.losses.sparse_categorical_crossentropy(batch["answer_ids"], probabilities)
            weights = tf.cast(batch["weights"], losses.dtype)
            mean = tf.math.divide_no_nan(
                tf.reduce_sum(losses * weights), tf.cast(global_weight, losses.dtype)
            )
            regularisation = sum(model.losses, tf.zeros_like(mean)) / strategy.num_replicas_in_sync
            objective = optimizers[0][0].scale_loss(mean + regularisation)  # scaled in float16 only
        gradients = iter(tape.gradient(objective, [variable.value for variable in variables]))
        for optimizer, owned in optimizers:
            optimizer.apply([next(gradients) for _ in owned], owned)
        hits = tf.cast(tf.argmax(probabilities, -1, tf.int32) == batch["answer_ids"], weights.dtype)
        sums = {"loss_sum": losses, "num_correct": hits, "weight_sum": tf.ones_like(weights)}
        return {name: tf.reduce_sum(values * weights) for name, values in sums.items()}

    num_replicas = strategy.num_replicas_in_sync
    share_size = -(-batch_size // num_replicas)
    # A share has a fixed number of rows; of one replica it is the batch itself, whose last may be smaller.
    signature = [
        batch_spec,
        tf.TensorSpec((), tf.int64),
        tf.TensorSpec((), tf.int32),
        tf.TensorSpec((), batch_spec["weights"].dtype),
    ]

    def replicated_step(
        shares: Any, number: tf.Tensor, size: tf.Tensor, weight: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        sums = strategy.run(replica_step, args=(shares, number, size, weight))
        return {name: strategy.reduce("SUM", value, axis=None) for name, value in sums.items()}

    if num_replicas == 1 and not strategy.extended._in_multi_worker_mode():
        run = tf.function(replicated_step, input_signature=signature)
    else:
        run = tf.function(replicated_step, reduce_retracing=True)

    def step(batch: dict[str, Any], number: int) -> dict[str, tf.Tensor]:
        shares = batch
        if num_replicas > 1:
            shares = strategy.experimental_distribute_values_from_function(
                lambda replica: share_of_batch(batch, replica.replica_id_in_sync_group, share_size)
            )
        size, weight = tf.size(batch["positions"]), tf.reduce_sum(batch["weights"])
        return run(shares, tf.constant(number, tf.int64), size, weight)

    return step


def share_of_batch(batch: dict[str, Any], share: int, size: int) -> dict[str, Any]:
    """Return rows `[share * size, (share + 1) * size)` of a batch; rows past its end have weight 0.

    They repeat the batch's last row, so that no layer meets a row without words or frames.
    """
    rows = tf.range(share * size, (share + 1) * size)
    num_rows = tf.size(batch["positions"])
    taken = tf.nest.map_structure(lambda tensor: tf.gather(tensor, tf.minimum(rows, num_rows - 1)), batch)
    taken["weights"] *= tf.cast(rows < num_rows, taken["weights"].dtype)
    return taken
