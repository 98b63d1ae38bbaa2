"""Keras layers that relate the frames of a clip to each other: places, weights, convolution, recurrence."""

from math import pi
from typing import Any

import keras

from videoqa._checks import check_integer

NUM_WAVES = 8


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
