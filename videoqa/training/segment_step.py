"""A training step of conv_lstm: truncated back-propagation through segments of a clip.

The state of the LSTM is carried from one segment to the next, its gradient is not; each segment ends with one
update of the weights. A step is all segments of one batch of clips, so that no state outlives it.

Source: Williams and Peng 1990, "An efficient gradient-based algorithm for on-line training of recurrent
network trajectories".
"""

from typing import Any

import keras
import tensorflow as tf

from videoqa._checks import Refusal
from videoqa.config import SEGMENT_FRAMES
from videoqa.models.conv_lstm import segment_form
from videoqa.models.dropout import dropout_state
from videoqa.training.distribution import Strategy
from videoqa.training.step import STEP_SUMS, OptimizerPairs, Step, named_sums

MOST_FRAMES = 512
"""At most so many frames has a window; segments of all steps get numbers of their own for dropout masks."""


def make_segment_step(
    model: keras.Model,
    optimizers: OptimizerPairs,
    strategy: Strategy,
    *,
    seed: int,
    batch_spec: dict[str, Any],
    batch_size: int,
    segment_frames: int = SEGMENT_FRAMES,
) -> Step:
    """Return a function that updates the weights once for each segment of a batch of clips.

    The loss of a segment is the cross-entropy of every frame that is there, averaged over these, and the
    regularisation losses. Arguments are those of `make_train_step`; the strategy must have one replica.

    Args:
        segment_frames: frames of a segment; the last one of a clip is filled up with masked frames. Where
            no row of weight above 0 has a frame, there is no segment and no update.

    Returns:
        The step. Its "loss_sum" has the mean over the frames of each clip, its "num_correct" counts clips by
        the average over their frames.
    """
    if strategy.num_replicas_in_sync != 1:
        raise Refusal("The state of a clip belongs to one replica: average the weights of several.")
    segments = segment_form(model)
    run = tf.function(_SegmentStep(segments, optimizers, seed), reduce_retracing=True, autograph=False)
    num_units = [int(segments.input[name].shape[-1]) for name in ("hidden", "cell")]

    def step(batch: dict[str, Any], number: int, stop: float = 0.0) -> dict[str, float]:
        """Take one update for each segment of a batch and return the sums by name, see `STEP_SUMS`."""
        clip, mask = batch["inputs"]["clip"], batch["inputs"]["mask"]
        states = [tf.zeros((tf.shape(clip)[0], units), segments.compute_dtype) for units in num_units]
        totals: list[Any] = []
        rows = {name: batch[name] for name in ("answer_ids", "weights", "positions")}
        for begin in range(0, int(tf.reduce_max(_lengths(mask, batch["weights"]))), segment_frames):
            part = [_filled(x[:, begin : begin + segment_frames], segment_frames) for x in (clip, mask)]
            *states, found = run(*part, rows, tf.constant(number * MOST_FRAMES + begin, tf.int64), *states)
            totals = found if not totals else [a + b for a, b in zip(totals, found, strict=True)]
        if not totals:
            return dict.fromkeys(STEP_SUMS, 0.0) | {"stop": stop}
        return named_sums(_sums_of_batch(batch, totals, stop))

    return step


class _SegmentStep:
    """One update of the weights; called with a segment's clip, mask, rows, number and states."""

    def __init__(self, segments: keras.Model, optimizers: OptimizerPairs, seed: int) -> None:
        self._segments, self._optimizers, self._seed = segments, optimizers, seed
        self._variables = [variable for _, owned in optimizers for variable in owned]

    def __call__(
        self, clip: Any, mask: Any, rows: dict[str, Any], number: Any, hidden: Any, cell: Any
    ) -> tuple[Any, Any, list[Any]]:
        """Return the states after the segment, and per-clip sums over its frames: losses `(batch,)`, frames
        `(batch,)`, probabilities `(batch, classes)`; then the regularisation losses and the number 1."""
        inputs = {"clip": clip, "mask": mask, "hidden": hidden, "cell": cell}
        with tf.GradientTape() as tape:
            with dropout_state(self._seed, number, rows["positions"], tf.reduce_max(rows["positions"]) + 1):
                outputs = self._segments(inputs, training=True)
            probabilities = outputs["answer"]
            targets = tf.repeat(rows["answer_ids"][:, None], tf.shape(probabilities)[1], axis=1)
            losses = keras.losses.sparse_categorical_crossentropy(targets, probabilities)
            there = tf.cast(mask, losses.dtype)
            weights = tf.cast(rows["weights"], losses.dtype)[:, None]
            num_counted = tf.reduce_sum(there * tf.cast(weights > 0, losses.dtype))
            mean = tf.math.divide_no_nan(tf.reduce_sum(losses * there * weights), num_counted)
            regularisation = sum(self._segments.losses, tf.zeros_like(mean))
            objective = mean + regularisation
        gradients = iter(tape.gradient(objective, [variable.value for variable in self._variables]))
        for optimizer, owned in self._optimizers:
            optimizer.apply([next(gradients) for _ in owned], owned)
        found = [
            tf.reduce_sum(losses * there, axis=1),
            tf.reduce_sum(there, axis=1),
            tf.reduce_sum(probabilities * there[..., None], axis=1),
            regularisation,
            tf.ones_like(regularisation),
        ]
        return outputs["hidden"], outputs["cell"], found


def _sums_of_batch(batch: dict[str, Any], totals: list[Any], stop: float) -> tf.Tensor:
    """Return the sums of a step, in the order of `STEP_SUMS`."""
    losses, num_frames, probabilities, regularisation, num_segments = totals
    weights = tf.cast(batch["weights"], losses.dtype)
    right = tf.argmax(probabilities, -1, batch["answer_ids"].dtype) == batch["answer_ids"]
    weight_sum = tf.reduce_sum(weights)
    return tf.stack(
        [
            tf.reduce_sum(tf.math.divide_no_nan(losses, num_frames) * weights),
            tf.reduce_sum(tf.cast(right, weights.dtype) * weights),
            weight_sum,
            regularisation / num_segments * weight_sum,
            tf.cast(stop, losses.dtype),
        ]
    )


def _lengths(mask: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Return how many frames of each clip count; none of a row of weight 0."""
    return tf.reduce_sum(tf.cast(mask & (weights > 0)[:, None], tf.int32), axis=1)


def _filled(part: tf.Tensor, num_frames: int) -> tf.Tensor:
    """Return `(batch, up to num_frames, ...)` with frames of zeros (of a mask: False) behind."""
    missing = num_frames - part.shape[1]
    return tf.pad(part, [[0, 0], [0, missing], *[[0, 0]] * (len(part.shape) - 2)]) if missing else part
