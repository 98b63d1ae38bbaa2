"""Keras layers that read pictures and the maps of a network, and fold the frames of clips into the batch."""

from math import prod
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from videoqa._checks import Refusal, check_integer


@keras.saving.register_keras_serializable(package="videoqa")
class FoldFrames(keras.layers.Layer):
    """Turns `(batch, num_frames, ...)` into `(batch * num_frames, ...)`."""

    def call(self, clips: Any) -> Any:
        """Return the frames of all clips."""
        return keras.ops.reshape(clips, (-1, *clips.shape[2:]))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape with batch and frames as one axis."""
        return (None, *input_shape[2:])


@keras.saving.register_keras_serializable(package="videoqa")
class UnfoldFrames(keras.layers.Layer):
    """Undoes `FoldFrames`; the second input, a mask `(batch, num_frames)`, tells the number of frames."""

    def call(self, inputs: Any) -> Any:
        """Return `(batch, num_frames, ...)`."""
        frames, mask = inputs
        num_frames = keras.ops.shape(mask)[1]
        return keras.ops.reshape(frames, (-1, num_frames, *frames.shape[1:]))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape with batch and frames as two axes."""
        frames, mask = input_shape
        return (*mask, *frames[1:])


@keras.saving.register_keras_serializable(package="videoqa")
class TimeDistributed(keras.layers.TimeDistributed):
    """Applies a layer to every frame of `(batch, num_frames, ...)`, with time folded into the batch.

    The result is that of Keras's class, which traces one copy of the layer per frame, or a loop if the number
    of frames is open: minutes for InceptionV3, here seconds. A layer that is not trainable runs in inference
    mode, so batch normalisation keeps its statistics. Masks are ignored.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Return the layer's output for every frame of `inputs`."""
        shape = keras.ops.shape(inputs)
        frames = keras.ops.reshape(inputs, (-1, *shape[2:]))
        outputs = self.layer(frames, training=bool(training) and self.layer.trainable)
        return keras.ops.reshape(outputs, (-1, shape[1], *outputs.shape[1:]))


@keras.saving.register_keras_serializable(package="videoqa")
class FrameStandardization(keras.layers.Layer):
    """Subtracts from each frame its mean and divides by its standard deviation, over pixels and channels.

    The deviation is at least 1 / sqrt(number of values in a frame), so that a frame of one colour becomes 0.

    Input `(..., height, width, channels)`, uint8 or floats of 0-255; output the same shape in the layer's
    compute dtype (half precision: computed in float32).

    Source: `tf.image.per_image_standardization`, which cannot turn uint8 frames into float64.
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


@keras.saving.register_keras_serializable(package="videoqa")
class CellAverages(keras.layers.Layer):
    """Averages a map `(batch, height, width, channels)` over the cells of an even grid, row by row.

    Every place counts equally: a row or a column that a border goes through counts for both cells by the
    shares that lie in them. So the mean of all cells is the mean of the map, whatever its size.

    Args:
        num_sides: rows and columns of the grid.
    """

    def __init__(self, num_sides: int, **options: Any) -> None:
        super().__init__(**options)
        check_integer("num_sides", num_sides, minimum=1)
        self.num_sides = num_sides

    def call(self, maps: Any) -> Any:
        """Return `(batch, num_sides**2 * channels)`: all channels of the first cell, of the second, ..."""
        height, width, channels = maps.shape[1:]
        rows, columns = cell_shares(height, self.num_sides), cell_shares(width, self.num_sides)
        shares = np.einsum("ih,jw->ijhw", rows, columns).reshape(self.num_sides**2, height * width)
        places = keras.ops.reshape(maps, (-1, height * width, channels))
        cells = keras.ops.matmul(keras.ops.convert_to_tensor(shares, dtype=maps.dtype), places)
        return keras.ops.reshape(cells, (-1, self.num_sides**2 * channels))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return `(batch, num_sides**2 * channels)`."""
        return (input_shape[0], self.num_sides**2 * input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """Return what builds the layer again."""
        return super().get_config() | {"num_sides": self.num_sides}


def cell_shares(length: int, num_cells: int) -> np.ndarray:
    """Return what each place counts for in each of equal stretches, float64 `(num_cells, length)`.

    Each row sums to 1; each column to `num_cells / length`.
    """
    borders = np.arange(num_cells + 1) * (length / num_cells)
    first, stop = borders[:-1, None], borders[1:, None]
    places = np.arange(length)
    return np.clip(np.minimum(stop, places + 1) - np.maximum(first, places), 0, None) * (num_cells / length)


@keras.saving.register_keras_serializable(package="videoqa")
class MaxPooling3D(keras.layers.MaxPooling3D):
    """Keras's 3-D max pooling of windows that do not overlap, padding "same", in every precision.

    TensorFlow has none for float16 on a CPU, where this layer computes in float32 with the same result, and
    none for float64, where it takes the larger of each two neighbours, axis by axis. An odd last value then
    stands alone, and of two equal values the first gets the gradient.

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
