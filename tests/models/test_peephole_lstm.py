"""The LSTM cell with peepholes: its equations, Keras's cell without them, masks and gradients."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from videoqa.models.time_layers import PeepholeLSTMCell


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def softsign(values: np.ndarray) -> np.ndarray:
    return values / (1 + np.abs(values))


def made(units: int = 3, features: int = 4) -> tuple[PeepholeLSTMCell, dict[str, np.ndarray]]:
    """A cell with random weights, all different from 0, and these by name."""
    cell = PeepholeLSTMCell(units, activation="softsign", dtype="float64")
    cell.build((None, features))
    rng = np.random.default_rng(0)
    cell.set_weights([rng.normal(size=weight.shape) for weight in cell.weights])
    return cell, {weight.name: np.asarray(weight) for weight in cell.weights}


@pytest.mark.numeric
def test_one_step_is_graves_equations(rounding: Callable[..., float]) -> None:
    cell, weights = made()
    rng = np.random.default_rng(1)
    x, h, c = rng.normal(size=(2, 4)), rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    sums = x @ weights["kernel"] + h @ weights["recurrent_kernel"] + weights["bias"]
    into_i, into_f, into_c, into_o = np.split(sums, 4, axis=1)
    i = sigmoid(into_i + c * weights["input_peephole"])
    f = sigmoid(into_f + c * weights["forget_peephole"])
    new_c = f * c + i * softsign(into_c)
    o = sigmoid(into_o + new_c * weights["output_peephole"])
    output, (hidden, state) = cell(x, [h, c])
    # Sums of 8 terms, then five functions and products; a difference of near numbers may cost a digit.
    tolerance = 10 * rounding(6, 8, "float64")
    np.testing.assert_allclose(state, new_c, rtol=tolerance)
    np.testing.assert_allclose(output, o * softsign(new_c), rtol=tolerance)
    np.testing.assert_array_equal(output, hidden)


@pytest.mark.numeric
def test_without_peephole_weights_it_is_keras_cell(rounding: Callable[..., float]) -> None:
    ours = keras.layers.RNN(PeepholeLSTMCell(3, activation="softsign"), return_sequences=True)
    theirs = keras.layers.LSTM(3, activation="softsign", return_sequences=True)
    values = np.random.default_rng(0).normal(size=(2, 5, 4)).astype(np.float32)
    ours(values), theirs(values)
    assert [weight.shape for weight in ours.weights[:3]] == [weight.shape for weight in theirs.weights]
    np.testing.assert_array_equal(ours.weights[2], theirs.weights[2])  # the forget gate starts at 1
    theirs.set_weights(ours.get_weights()[:3])
    ours.set_weights([*theirs.get_weights(), *np.zeros((3, 3))])
    # 5 steps, of sums of 8 terms and three products each
    np.testing.assert_allclose(ours(values), theirs(values), atol=rounding(20, 8))


def test_the_count_of_the_published_layer() -> None:
    cell = PeepholeLSTMCell(50)
    cell.build((None, 50))
    assert cell.count_params() == 4 * 50 * (50 + 50 + 1) + 3 * 50 == 20_350


@pytest.mark.numeric
def test_masked_frames_leave_the_state_as_it_is() -> None:
    layer = keras.layers.RNN(made()[0], return_state=True, dtype="float64")
    values = np.random.default_rng(0).normal(size=(2, 6, 4))
    mask = np.arange(6) < np.array([[6], [2]])
    _, hidden, cell = layer(values, mask=mask)
    _, short_hidden, short_cell = layer(values[1:, :2])
    np.testing.assert_array_equal(hidden[1:], short_hidden)
    np.testing.assert_array_equal(cell[1:], short_cell)


@pytest.mark.numeric
def test_gradients_are_those_of_finite_differences() -> None:
    cell, _ = made(units=2, features=2)
    values = tf.constant(np.random.default_rng(0).normal(size=(1, 3, 2)))
    layer = keras.layers.RNN(cell, dtype="float64")

    def last_output(peephole: tf.Tensor) -> tf.Tensor:
        with keras.StatelessScope(state_mapping=[(cell.peepholes[2], peephole)]):
            return layer(values)

    theory, numeric = tf.test.compute_gradient(last_output, [tf.constant([0.3, -0.7], tf.float64)])
    # The step is 2^-10; a central difference is off by its square times a third derivative of about 1 / 6.
    np.testing.assert_allclose(theory[0], numeric[0], atol=2.0**-20)


def test_it_is_built_again_from_its_configuration() -> None:
    cell = PeepholeLSTMCell(3, activation="softsign", kernel_regularizer=keras.regularizers.L2(0.1))
    again = PeepholeLSTMCell.from_config(cell.get_config())
    assert again.get_config() == cell.get_config()


def test_bad_units_are_refused() -> None:
    with pytest.raises(ValueError, match="`units` must be an integer of at least 1. Received: units=0"):
        PeepholeLSTMCell(0)
