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

    Returns:
        A function of a batch (see `input_pipeline.training_batches`) and the step's number that returns
        scalar float32 sums over the global batch: "loss_sum", "num_correct", "weight_sum".
    """
    variables = [variable for _, owned in optimizers for variable in owned]

    def replica_step(
        batch: dict[str, Any], number: tf.Tensor, global_size: tf.Tensor, global_weight: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        weights = batch["weights"]
        with tf.GradientTape() as tape:
            with dropout_state(seed, number, batch["positions"], global_size):
                probabilities = model(batch["inputs"], training=True)
            losses = keras.losses.sparse_categorical_crossentropy(batch["answer_ids"], probabilities)
            objective = tf.math.divide_no_nan(tf.reduce_sum(losses * weights), global_weight)
            objective += sum(model.losses, tf.zeros_like(objective)) / strategy.num_replicas_in_sync
        gradients = iter(tape.gradient(objective, [variable.value for variable in variables]))
        for optimizer, owned in optimizers:
            optimizer.apply([next(gradients) for _ in owned], owned)
        hits = tf.cast(tf.argmax(probabilities, -1, tf.int32) == batch["answer_ids"], weights.dtype)
        sums = {"loss_sum": losses, "num_correct": hits, "weight_sum": tf.ones_like(weights)}
        return {name: tf.reduce_sum(values * weights) for name, values in sums.items()}

    @tf.function(input_signature=[batch_spec, tf.TensorSpec((), tf.int64)])
    def step(batch: dict[str, Any], number: tf.Tensor) -> dict[str, tf.Tensor]:
        global_size, global_weight = tf.size(batch["positions"]), tf.reduce_sum(batch["weights"])
        sums = strategy.run(replica_step, args=(batch, number, global_size, global_weight))
        return {name: strategy.reduce("SUM", value, axis=None) for name, value in sums.items()}

    return lambda batch, number: step(batch, tf.constant(number, tf.int64))
