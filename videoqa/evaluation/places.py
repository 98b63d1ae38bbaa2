"""Evidence in space: what each place of a frame contributes to an answer, read off a map of the backbone."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from videoqa.evaluation.prediction import windows_of
from videoqa.input_pipeline import Examples

if TYPE_CHECKING:
    import keras

FEWEST_PLACES = 36
"""A map with fewer cannot tell places apart: InceptionV3's last has 3 x 3 for frames of 150 x 150 pixels."""
NUM_STEPS = 8


def place_contributions(
    model: "keras.Model",
    backbone: "keras.Model",
    example: Examples,
    frames: np.ndarray,
    grid_places: Sequence[np.ndarray],
    pair: tuple[int, int],
    *,
    num_test_clips: int = 1,
) -> np.ndarray:
    """Return what each place of some frames contributes to the margin of an answer over another.

    A place's contribution is its activations, in the backbone's last map of at least `FEWEST_PLACES`, times
    the slope of the margin at them. Behind pooling alone this is exact to first order: the places of a frame
    add up to its features times the slope at the features. Slopes are averaged on the way from features of 0
    to the clip's, all frames together, and from a map of 0 to the frame's: where an answer is certain, the
    slope at the end of the way is flat.

    Args:
        model: reads features; its last layer is the softmax "answer".
        backbone: from frames to those features.
        example: one row.
        frames: uint8 RGB `(k, height, width, 3)`, as the backbone takes them.
        grid_places: of each frame its places in the clip's grid, int64 arrays.
        pair: ids of the answer and of the one it is compared with.
        num_test_clips: windows whose margins are averaged.

    Returns:
        float32 `(k, map_height, map_width)`; below 0 a place speaks for the other answer.

    Source: the slope averaged along the way is that of integrated gradients (Sundararajan et al. 2017,
        arXiv:1703.01365), the slope times a map that of Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391),
        before its sum over places.
    """
    import tensorflow as tf

    slopes = _feature_slopes(model, example, pair, num_test_clips)
    num_columns = backbone.output_shape[-1]  # what stands behind them is not read off this map
    of_frames = np.stack([slopes[places, :num_columns].sum(axis=0) for places in grid_places])
    to_map, from_map = _split_at_map(backbone)
    maps = to_map(tf.constant(frames), training=False)
    contributions = tf.zeros(maps.shape[:-1])
    for share in _shares():
        at = maps * share
        with tf.GradientTape() as tape:
            tape.watch(at)
            total = tf.reduce_sum(tf.cast(from_map(at, training=False), tf.float32) * of_frames)
        contributions += tf.reduce_sum(maps * tape.gradient(total, at), axis=-1) / NUM_STEPS
    return np.asarray(contributions, np.float32)


def heat(contributions: np.ndarray) -> np.ndarray:
    """Return where a frame speaks more for the answer than its average place does.

    Args:
        contributions: float32 `(map_height, map_width)`.

    Returns:
        float32 of the same shape in [0, 1], 1 at the strongest place; all 0 if no place differs.
    """
    above = np.maximum(contributions - contributions.mean(), 0)
    strongest = float(above.max())
    return above / strongest if strongest > 0 else above


def _feature_slopes(
    model: "keras.Model", example: Examples, pair: tuple[int, int], num_test_clips: int
) -> np.ndarray:
    """Return the margin's mean slope at the features of each place of the grid, float32 `(grid, dim)`."""
    import keras
    import tensorflow as tf

    head = model.get_layer("answer")
    hidden = keras.Model(model.input, head.input)
    weights = tf.cast(head.kernel[:, pair[0]] - head.kernel[:, pair[1]], tf.float32)
    rows, starts = windows_of(example, np.zeros(1, np.int64), num_test_clips)
    inputs = example.model_inputs(rows, starts)
    shares = np.repeat(_shares(), len(rows))
    steps = {name: tf.constant(np.concatenate([value] * NUM_STEPS)) for name, value in inputs.items()}
    features = steps["features"] * shares[:, None, None]
    with tf.GradientTape() as tape:
        tape.watch(features)
        reached = tf.cast(hidden(steps | {"features": features}, training=False), tf.float32)
        margin = tf.reduce_sum(tf.linalg.matvec(reached, weights)) / len(shares)
    found = np.asarray(tape.gradient(margin, features), np.float32)
    slopes = np.zeros((int(example.grid_lengths[example.clip_index[0]]), found.shape[-1]), np.float32)
    for start, window in zip(np.tile(starts, NUM_STEPS), found, strict=True):
        places = example.window_frames(0, int(start))
        np.add.at(slopes, places, window[: len(places)])
    return slopes


def _shares() -> np.ndarray:
    """Return the steps of the way from 0 to 1 at whose middles slopes are taken, float32."""
    return ((np.arange(NUM_STEPS) + 0.5) / NUM_STEPS).astype(np.float32)


def _split_at_map(backbone: "keras.Model") -> tuple["keras.Model", "keras.Model"]:
    """Return the parts of a backbone before and after its last map of enough places."""
    import keras

    for layer in reversed(backbone.layers):
        output = layer.output
        if isinstance(output, list) or len(output.shape) != 4:
            continue
        if output.shape[1] * output.shape[2] < FEWEST_PLACES:
            continue
        try:
            after = keras.Model(output, backbone.output)
        except ValueError:  # another path goes past it, inside a block
            continue
        return keras.Model(backbone.inputs[0], output), after
    raise AssertionError("the frame itself is such a map")
