"""Every frame brought to mean 0 and deviation 1, as the first layer of networks without a backbone."""

from math import prod
from typing import Any

import keras


@keras.saving.register_keras_serializable(package="videoqa")
class FrameStandardization(keras.layers.Layer):
    """Subtracts from each frame its mean and divides by its standard deviation, over pixels and channels.

    The deviation is at least 1 / sqrt(numbers of a frame), so that a frame of one colour becomes 0.

    Input `(..., height, width, channels)`, uint8 or floats of 0-255; output the same shape in the layer's
    compute dtype (half precision: computed in float32).

    Source: TensorFlow's `tf.image.per_image_standardization`, which has no float64 of uint8 frames.
    """

    def call(self, frames: Any) -> Any:
        """Return the standardized frames."""
        half = self.compute_dtype in ("float16", "bfloat16")
        values = keras.ops.cast(frames, "float32" if half else self.compute_dtype)
        centred = values - keras.ops.mean(values, axis=(-3, -2, -1), keepdims=True)
        variance = keras.ops.mean(keras.ops.square(centred), axis=(-3, -2, -1), keepdims=True)
        smallest = prod(frames.shape[-3:]) ** -0.5
        scaled = centred / keras.ops.maximum(keras.ops.sqrt(variance), smallest)
        return keras.ops.cast(scaled, self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return `input_shape`."""
        return input_shape

    def compute_output_spec(self, frames: Any) -> keras.KerasTensor:
        """Return the shape of `frames` in the compute dtype."""
        return keras.KerasTensor(frames.shape, self.compute_dtype)
