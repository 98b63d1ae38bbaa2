"""An LSTM cell whose gates see the cell state, which Keras does not have."""

from typing import Any

import keras

from videoqa._checks import check_integer


@keras.saving.register_keras_serializable(package="videoqa")
class PeepholeLSTMCell(keras.layers.Layer):
    """One step of an LSTM with peepholes, for `keras.layers.RNN`.

        i = sigmoid(x W_i + h U_i + c p_i + b_i)
        f = sigmoid(x W_f + h U_f + c p_f + b_f)
        c' = f c + i a(x W_c + h U_c + b_c)
        o = sigmoid(x W_o + h U_o + c' p_o + b_o)
        h' = o a(c')

    The input and the forget gate see the cell state before the step, the output gate the one after it; the
    peephole weights p are one for each unit. With p = 0 it is `keras.layers.LSTMCell`, whose weights have the
    same shapes and order.

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
