"""3-D max pooling that works in every precision on every device."""

from typing import Any

import keras
import tensorflow as tf

from videoqa._checks import Refusal


@keras.saving.register_keras_serializable(package="videoqa")
class MaxPooling3D(keras.layers.MaxPooling3D):
    """Takes the largest value of windows that do not overlap, as Keras's layer with padding "same".

    TensorFlow has no 3-D max pooling for float16 on a CPU: there it is computed in float32, with the same
    result. Nor has it one for float64. There the pool is the larger of each two neighbours, one
    axis after the other; at an odd end the last stands alone, as with padding "same". Of equal values the
    first gets the gradient.

    Args:
        pool_size: 1 or 2 for each of frames, rows and columns; also the stride.
    """

    def __init__(self, pool_size: tuple[int, int, int], **options: Any) -> None:
        if len(pool_size) != 3 or not set(pool_size) <= {1, 2}:
            raise Refusal("pool_size", "be three numbers, each 1 or 2", pool_size)
        super().__init__(pool_size, padding="same", **options)

    def call(self, inputs: Any) -> Any:
        """Return `(batch, frames, rows, columns, channels)`, each pooled axis half as long, rounded up."""
        if self.compute_dtype == "float16" and not tf.config.list_physical_devices("GPU"):
            return keras.ops.cast(super().call(keras.ops.cast(inputs, "float32")), "float16")
        if self.compute_dtype != "float64":
            return super().call(inputs)
        for axis, size in enumerate(self.pool_size, start=1):
            inputs = _larger_of_pairs(inputs, axis) if size == 2 else inputs
        return inputs

    def get_config(self) -> dict[str, Any]:
        """Return what builds the layer again."""
        config = super().get_config()
        return {
            key: value for key, value in config.items() if key not in ("padding", "strides", "data_format")
        }


def _larger_of_pairs(values: Any, axis: int) -> Any:
    before = (slice(None),) * axis
    length = values.shape[axis]
    first, second = values[(*before, slice(0, None, 2))], values[(*before, slice(1, None, 2))]
    if length % 2:
        second = keras.ops.concatenate([second, values[(*before, slice(length - 1, None))]], axis=axis)
    return keras.ops.maximum(first, second)
