"""The layers of a weighted mean over frames: each frame's place in the clip, and its weight."""

from math import pi
from typing import Any

import keras

NUM_WAVES = 8


@keras.saving.register_keras_serializable(package="videoqa")
class FramePlaces(keras.layers.Layer):
    """Adds to every frame's vector a learned projection of waves of its place in time.

    The place of frame t of T is (t + 1/2) / T, so that it means the same in clips of any number of frames;
    its sines and cosines have periods of 2, 1, 1/2, ... clips, `NUM_WAVES` of each.

    Input and output `(batch, num_frames, units)`.

    Source: waves as in Vaswani et al. 2017, arXiv:1706.03762, with Tancik et al.'s (2020, arXiv:2006.10739)
        periods over a bounded range; the projection is ours.
    """

    def build(self, input_shape: Any) -> None:
        """Make the projection for vectors of `input_shape[-1]` units."""
        self.kernel = self.add_weight((2 * NUM_WAVES, input_shape[-1]), name="kernel")
        self.built = True

    def call(self, vectors: Any) -> Any:
        """Return the vectors with their places added."""
        num_frames = keras.ops.shape(vectors)[1]
        # Not in half precision: the fastest wave needs more digits.
        dtype = "float64" if self.compute_dtype == "float64" else "float32"
        count = keras.ops.cast(num_frames, dtype)
        places = (keras.ops.arange(num_frames, dtype=dtype) + 0.5) / count
        periods = keras.ops.cast([pi * 2.0**power for power in range(NUM_WAVES)], dtype)
        angles = keras.ops.expand_dims(places, 1) * periods
        waves = keras.ops.concatenate([keras.ops.sin(angles), keras.ops.cos(angles)], axis=1)
        return vectors + keras.ops.matmul(keras.ops.cast(waves, self.compute_dtype), self.kernel)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return `input_shape`."""
        return input_shape


@keras.saving.register_keras_serializable(package="videoqa")
class FrameWeights(keras.layers.Layer):
    """Turns a score of every frame into weights that sum to 1: a softmax over the frames.

    Input and output `(batch, num_frames, 1)`. Keras's softmax warns of clips of one frame, whose weight is 1.
    """

    def call(self, scores: Any) -> Any:
        """Return the weights."""
        raised = keras.ops.exp(scores - keras.ops.max(scores, axis=1, keepdims=True))
        return raised / keras.ops.sum(raised, axis=1, keepdims=True)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return `input_shape`."""
        return input_shape
