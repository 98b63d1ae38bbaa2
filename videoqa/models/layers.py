"""The package's own Keras layers and its loss, registered with Keras so that a saved model finds them."""

from math import pi, prod
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from videoqa._checks import Refusal, check_integer

NUM_WAVES = 8
LEAST_DEVIATION = 0.02
"""Of a feature, as a share of the root mean square of all deviations."""


@keras.saving.register_keras_serializable(package="videoqa")
class FramePlaces(keras.layers.Layer):
    """Adds a learned vector for its place in time to every frame's vector; `(batch, num_frames, units)`.

    The place of frame t of T is (t + 1/2) / T, so it means the same in clips of any length. A learned matrix
    projects its sines and cosines (`NUM_WAVES` of each), whose periods are 2, 1, 1/2, ... clips.

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
    """Turns scores `(batch, num_frames, 1)` into weights that sum to 1 over the frames, by a softmax.

    Keras's own softmax warns about clips of one frame.
    """

    def call(self, scores: Any) -> Any:
        """Return the weights."""
        raised = keras.ops.exp(scores - keras.ops.max(scores, axis=1, keepdims=True))
        return raised / keras.ops.sum(raised, axis=1, keepdims=True)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return `input_shape`."""
        return input_shape


@keras.saving.register_keras_serializable(package="videoqa")
class FrameDifferences(keras.layers.Layer):
    """Sets beside each frame's features how some of them changed since the frame before.

    `(batch, num_frames, dim)` → `(batch, num_frames, dim + num_columns)`: the features, then their first
    `num_columns` less those of the frame before; 0 at the first frame.

    Args:
        num_columns: of the features, from the first on: those of the backbone.
    """

    def __init__(self, num_columns: int, **options: Any) -> None:
        super().__init__(**options)
        check_integer("num_columns", num_columns, minimum=1)
        self.num_columns = num_columns

    def call(self, features: Any) -> Any:
        """Return the features with their differences."""
        chosen = features[..., : self.num_columns]
        changes = chosen[:, 1:] - chosen[:, :-1]
        return keras.ops.concatenate([features, keras.ops.pad(changes, ((0, 0), (1, 0), (0, 0)))], axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape with the differences."""
        return (*input_shape[:-1], input_shape[-1] + self.num_columns)

    def get_config(self) -> dict[str, Any]:
        """Return what builds the layer again."""
        return super().get_config() | {"num_columns": self.num_columns}


@keras.saving.register_keras_serializable(package="videoqa")
class LaterColumns(keras.layers.Layer):
    """Leaves out the first features: `(batch, num_frames, dim)` → `(batch, num_frames, dim - num_columns)`.

    Args:
        num_columns: how many.
    """

    def __init__(self, num_columns: int, **options: Any) -> None:
        super().__init__(**options)
        check_integer("num_columns", num_columns, minimum=1)
        self.num_columns = num_columns

    def call(self, features: Any) -> Any:
        """Return the features behind the first."""
        return features[..., self.num_columns :]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape without the first features."""
        return (*input_shape[:-1], input_shape[-1] - self.num_columns)

    def get_config(self) -> dict[str, Any]:
        """Return what builds the layer again."""
        return super().get_config() | {"num_columns": self.num_columns}


@keras.saving.register_keras_serializable(package="videoqa")
class FeatureStandardization(keras.layers.Layer):
    """Subtracts a mean from each feature and multiplies it by a factor; `(batch, num_frames, dim)`.

    Both are weights that no gradient changes: 0 and 1 at first, until `adapt_to` sets them.
    """

    def build(self, input_shape: Any) -> None:
        """Make the weights for `input_shape[-1]` features."""
        shape = (input_shape[-1],)
        self.mean = self.add_weight(shape, name="mean", initializer="zeros", trainable=False)
        self.factor = self.add_weight(shape, name="factor", initializer="ones", trainable=False)
        self.built = True

    def adapt_to(self, mean: Any, deviation: Any) -> None:
        """Let features with this mean and deviation, float `(dim,)` each, come out with 0 and 1.

        A deviation below `LEAST_DEVIATION` of all is taken for that: what hardly varied in training would
        otherwise be blown up.
        """
        least = LEAST_DEVIATION * float((deviation**2).mean() ** 0.5)
        self.mean.assign(mean)
        self.factor.assign(1 / deviation.clip(min=max(least, 1e-6)))

    def call(self, features: Any) -> Any:
        """Return the standardized features."""
        return (features - self.mean) * self.factor

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return `input_shape`."""
        return input_shape


@keras.saving.register_keras_serializable(package="videoqa")
class FrameConvolution(keras.layers.Layer):
    """Convolves over time: `(batch, num_frames, dim)` → `(batch, num_frames, units)`.

    The vector of frame t is a dense layer's of the frames t - dilation, t and t + dilation; beyond the ends
    of the clip there are zeros, so clips of any length are read. It is one product of matrices: TensorFlow
    has no dilated convolution for every precision on a processor.

    Args:
        units: length of each frame's new vector.
        dilation: frames between two that are read together.
        activation: by name; None: none.
    """

    def __init__(
        self, units: int, *, dilation: int = 1, activation: str | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        check_integer("units", units, minimum=1)
        check_integer("dilation", dilation, minimum=1)
        self.units, self.dilation = units, dilation
        self.activation = keras.activations.get(activation)

    def build(self, input_shape: Any) -> None:
        """Make the kernel, whose thirds belong to the frame before, the frame itself and the frame after."""
        self.kernel = self.add_weight((3 * input_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight((self.units,), name="bias", initializer="zeros")
        self.built = True

    def call(self, vectors: Any) -> Any:
        """Return the convolved vectors."""
        reach = self.dilation
        padded = keras.ops.pad(vectors, ((0, 0), (reach, reach), (0, 0)))
        beside = [padded[:, : -2 * reach], vectors, padded[:, 2 * reach :]]
        sums = keras.ops.matmul(keras.ops.concatenate(beside, axis=-1), self.kernel) + self.bias
        return self.activation(sums)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape with `units` for each frame."""
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        """Return what builds the layer again."""
        return super().get_config() | {
            "units": self.units,
            "dilation": self.dilation,
            "activation": keras.activations.serialize(self.activation),
        }


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
class PeepholeLSTMCell(keras.layers.Layer):
    """One step of an LSTM whose gates see the cell state (peepholes), for `keras.layers.RNN`.

        i = sigmoid(x W_i + h U_i + c p_i + b_i)
        f = sigmoid(x W_f + h U_f + c p_f + b_f)
        c' = f c + i a(x W_c + h U_c + b_c)
        o = sigmoid(x W_o + h U_o + c' p_o + b_o)
        h' = o a(c')

    The input and forget gates see the cell state before the step, the output gate the state after it. Each
    unit has one peephole weight p per gate. With p = 0 the cell computes what `keras.layers.LSTMCell` does,
    with weights of the same shapes in the same order.

    Args:
        units: length of both states, hidden and cell.
        activation: a, by name.
        kernel_regularizer: of W and of U.

    Source: Graves 2013, arXiv:1308.0850, equations 7 to 11. All weights start as Glorot and Bengio 2010
        ("Xavier") draw them, the biases at 0 but the forget gate's at 1 (Jozefowicz et al. 2015).
    """

    def __init__(
        self, units: int, *, activation: str = "tanh", kernel_regularizer: Any = None, **options: Any
    ) -> None:
        super().__init__(**options)
        check_integer("units", units, minimum=1)
        self.units = units
        self.activation = keras.activations.get(activation)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.state_size = [units, units]
        self.output_size = units

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs `(batch, features)`."""
        options = {"initializer": "glorot_uniform", "regularizer": self.kernel_regularizer}
        self.kernel = self.add_weight((input_shape[-1], 4 * self.units), name="kernel", **options)
        self.recurrent_kernel = self.add_weight(
            (self.units, 4 * self.units), name="recurrent_kernel", **options
        )
        self.bias = self.add_weight((4 * self.units,), name="bias", initializer=_forget_nothing)
        self.peepholes = [
            self.add_weight((self.units,), name=f"{gate}_peephole", initializer="glorot_uniform")
            for gate in ("input", "forget", "output")
        ]
        self.built = True

    def call(self, inputs: Any, states: Any) -> tuple[Any, list[Any]]:
        """Return the output `(batch, units)` and the new states from `(batch, features)` and [h, c]."""
        hidden, cell = states
        sums = keras.ops.matmul(inputs, self.kernel) + keras.ops.matmul(hidden, self.recurrent_kernel)
        into_input, into_forget, into_cell, into_output = keras.ops.split(sums + self.bias, 4, axis=1)
        see_input, see_forget, see_output = self.peepholes
        kept = keras.ops.sigmoid(into_forget + cell * see_forget) * cell
        new = keras.ops.sigmoid(into_input + cell * see_input) * self.activation(into_cell)
        cell = kept + new
        hidden = keras.ops.sigmoid(into_output + cell * see_output) * self.activation(cell)
        return hidden, [hidden, cell]

    def get_config(self) -> dict[str, Any]:
        """Return what builds the cell again."""
        return super().get_config() | {
            "units": self.units,
            "activation": keras.activations.serialize(self.activation),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }


def _forget_nothing(shape: tuple[int, ...], dtype: Any = None) -> Any:
    """Return biases of 0, of the forget gate 1."""
    units = shape[0] // 4
    zeros, ones = keras.ops.zeros((units,), dtype), keras.ops.ones((units,), dtype)
    return keras.ops.concatenate([zeros, ones, zeros, zeros])


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
class AnswerCrossentropy(keras.losses.SparseCategoricalCrossentropy):
    """Keras's cross-entropy of integer ids, which refuses one-hot labels in words.

    Args:
        y_true: integer ids `(batch,)` or `(batch, 1)`; `(batch, num_frames)` if each frame is labelled.
        y_pred: probabilities, `(batch, num_answers)`, or `(batch, num_frames, num_answers)`.
    """

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the cross-entropy of each row."""
        if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] != 1:
            advice = "Convert one-hot labels with labels.argmax(-1)."
            requirement = f"have {len(y_pred.shape) - 1} axes, of integer answer ids"
            raise Refusal("labels.shape", requirement, ("batch", *y_true.shape[1:]), advice)
        return super().call(y_true, y_pred)
