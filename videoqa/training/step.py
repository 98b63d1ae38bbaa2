"""The training step: gradients of one global batch over all replicas, and one update of the weights."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from videoqa.models.dropout import dropout_state
from videoqa.training.batch_shares import make_equal_shares
from videoqa.training.distribution import Strategy, num_local_replicas, sum_over_replicas
from videoqa.training.state import SUMS

OptimizerPairs = list[tuple[keras.optimizers.Optimizer, list[keras.Variable]]]
STEP_SUMS = (*SUMS, "stop")
Step = Callable[..., dict[str, float]]
"""A function `(batch, number, stop=0.0)` of a global batch (see `input_pipeline.training_batches`), the
step's number and this worker's stop code, that returns the sums named in `STEP_SUMS`."""


def make_train_step(
    model: keras.Model,
    optimizers: OptimizerPairs,
    strategy: Strategy,
    *,
    seed: int,
    batch_spec: dict[str, Any],
    batch_size: int,
) -> Step:
    """Return a function that updates the weights once from one global batch.

    The loss is the sparse categorical cross-entropy summed over the rows, each times its weight, and
    divided by the number of rows of the global batch whose weight is not 0, so that a row's weight does not
    depend on what else is in its batch; a model's own regularisation losses are added once.

    Args:
        model: built under `strategy.scope()`.
        optimizers: (optimizer, variables) pairs; every trainable variable in exactly one.
        strategy: from `make_strategy`.
        seed: of the dropout masks.
        batch_spec: `tf.TensorSpec` of everything in a batch, so that an uneven last batch is not traced anew.
        batch_size: rows of a full global batch, of which each replica takes an equal share, see
            `make_equal_shares`.

    Returns:
        The step, whose sums are over the global batch.
    """
    replica_step = make_replica_step(model, optimizers, strategy, seed=seed)
    shares_of = make_equal_shares(strategy, batch_size)

    def replicated_step(
        shares: Any, number: tf.Tensor, size: tf.Tensor, count: tf.Tensor, stop: tf.Tensor
    ) -> tf.Tensor:
        sums = strategy.run(replica_step, args=(shares, number, size, count, stop))
        return strategy.reduce("SUM", sums, axis=None)

    # AutoGraph would parse this code anew for every model, for seconds: no branch depends on a tensor
    if num_local_replicas(strategy) == 1:
        run = tf.function(replicated_step, input_signature=_signature(batch_spec), autograph=False)
    else:
        run = tf.function(replicated_step, reduce_retracing=True, autograph=False)

    def step(batch: dict[str, Any], number: int, stop: float = 0.0) -> dict[str, float]:
        size = tf.reduce_max(batch["positions"]) + 1
        count = tf.math.count_nonzero(batch["weights"], dtype=batch["weights"].dtype)
        sums = run(shares_of(batch), tf.constant(number, tf.int64), size, count, tf.constant(stop))
        return named_sums(sums)

    return step


def make_replica_step(
    model: keras.Model, optimizers: OptimizerPairs, strategy: Strategy, *, seed: int
) -> Callable[..., tf.Tensor]:
    """Return the part of a step that every replica does on its rows; arguments as in `make_train_step`.

    Returns:
        A function of the replica's rows, the step's number, the rows of the global batch and those of them
        that count, and a stop code, that returns the replica's sums `(5,)`, see `STEP_SUMS`.
    """
    variables = [variable for _, owned in optimizers for variable in owned]

    def replica_step(
        batch: dict[str, Any], number: tf.Tensor, global_size: tf.Tensor, global_count: tf.Tensor, stop: Any
    ) -> tf.Tensor:
        with tf.GradientTape() as tape:
            with dropout_state(seed, number, batch["positions"], global_size):
                probabilities = model(batch["inputs"], training=True)
            losses = keras.losses.sparse_categorical_crossentropy(batch["answer_ids"], probabilities)
            weights = tf.cast(batch["weights"], losses.dtype)
            mean = tf.math.divide_no_nan(tf.reduce_sum(losses * weights), tf.cast(global_count, losses.dtype))
            regularisation = sum(model.losses, tf.zeros_like(mean)) / strategy.num_replicas_in_sync
            objective = optimizers[0][0].scale_loss(mean + regularisation)  # scaled in float16 only
        found = tape.gradient(objective, [variable.value for variable in variables])
        if strategy.num_replicas_in_sync > 1 and _may_overflow(optimizers):
            found = _overflowing_together(found)
        gradients = iter(found)
        for optimizer, owned in optimizers:
            optimizer.apply([next(gradients) for _ in owned], owned)
        hits = tf.cast(tf.argmax(probabilities, -1, tf.int32) == batch["answer_ids"], weights.dtype)
        sums = [tf.reduce_sum(values * weights) for values in (losses, hits, tf.ones_like(weights))]
        sums.append(regularisation * tf.cast(global_count, weights.dtype))
        return tf.stack([*sums, tf.cast(stop, weights.dtype)])

    return replica_step


def _may_overflow(optimizers: OptimizerPairs) -> bool:
    """Whether the optimizer skips a step whose gradient is too large for float16."""
    return any(isinstance(optimizer, keras.optimizers.LossScaleOptimizer) for optimizer, _ in optimizers)


def _overflowing_together(gradients: list[Any]) -> list[Any]:
    """Return the gradients of a replica, made infinite if those of any replica are not finite.

    Keras's loss scaling looks at each replica's gradients before they are summed. A replica that skipped the
    step alone would miss the collective in which the others wait.
    """
    dense = [tf.convert_to_tensor(gradient) for gradient in gradients]
    finite = [tf.reduce_all(tf.math.is_finite(gradient)) for gradient in dense]
    overflow = tf.cast(tf.logical_not(tf.reduce_all(finite)), tf.float32)
    (overflows,) = sum_over_replicas([overflow])
    mark = tf.where(overflows > 0, tf.constant(float("inf")), tf.constant(0.0))
    return [dense[0] + tf.cast(mark, dense[0].dtype), *dense[1:]]


def named_sums(sums: tf.Tensor) -> dict[str, float]:
    """Return `(5,)` sums by the names in `STEP_SUMS`."""
    return dict(zip(STEP_SUMS, sums.numpy().tolist(), strict=True))


def _signature(batch_spec: dict[str, Any]) -> list[Any]:
    return [
        batch_spec,
        tf.TensorSpec((), tf.int64),
        tf.TensorSpec((), tf.int32),
        tf.TensorSpec((), batch_spec["weights"].dtype),
        tf.TensorSpec((), tf.float32),
    ]
