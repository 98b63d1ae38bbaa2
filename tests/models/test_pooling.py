"""3-D max pooling: Keras's in float32, and the same values where TensorFlow has none."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from videoqa.models.frame_layers import MaxPooling3D

SHAPES = [(2, 4, 6, 8, 3), (1, 5, 7, 3, 2), (2, 1, 1, 1, 1)]
POOLS = [(1, 2, 2), (2, 2, 2), (2, 1, 1)]


def numbers(shape: tuple[int, ...]) -> np.ndarray:
    """Values that all differ, so that one of a window is the largest."""
    return np.random.default_rng(0).permutation(int(np.prod(shape))).reshape(shape).astype(np.float32)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("pool_size", POOLS)
def test_every_precision_gives_the_values_and_gradients_of_keras_float32(
    shape: tuple, pool_size: tuple
) -> None:
    found = []
    for layer, dtype in (
        (keras.layers.MaxPooling3D(pool_size, padding="same"), "float32"),
        (MaxPooling3D(pool_size), "float32"),
        (MaxPooling3D(pool_size, dtype="float64"), "float64"),
        (MaxPooling3D(pool_size, dtype="float16"), "float16"),
    ):
        values = tf.constant(numbers(shape), dtype)
        with tf.GradientTape() as tape:
            tape.watch(values)
            pooled = layer(values)
            loss = tf.reduce_sum(pooled * tf.cast(numbers(pooled.shape) + 1, dtype))
        assert pooled.dtype == dtype and pooled.shape == layer.compute_output_shape(shape)
        found.append((pooled.numpy(), tape.gradient(loss, values).numpy()))
    for pooled, gradient in found[1:]:
        np.testing.assert_array_equal(pooled, found[0][0])
        np.testing.assert_array_equal(gradient, found[0][1])


def test_the_gradient_of_equal_values_goes_to_one_of_them() -> None:
    values = tf.ones((1, 2, 2, 2, 1), tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(values)
        pooled = MaxPooling3D((2, 2, 2), dtype="float64")(values)
    gradient = tape.gradient(pooled, values).numpy()
    assert gradient.sum() == 1 and gradient[0, 0, 0, 0, 0] == 1


@pytest.mark.numeric
def test_float64_gradient_is_that_of_finite_differences() -> None:
    layer, values = (
        MaxPooling3D((2, 2, 2), dtype="float64"),
        tf.constant(numbers((1, 3, 3, 2, 1)), tf.float64),
    )
    theory, numeric = tf.test.compute_gradient(layer, [values])
    # Differences of numbers up to 18 over 2 x 2^-10: what float64 rounds of them is multiplied by 2^9.
    np.testing.assert_allclose(theory[0], numeric[0], atol=18 * 2**9 * np.finfo("float64").eps)


def test_it_is_built_again_from_its_configuration() -> None:
    layer = MaxPooling3D((1, 2, 2), name="pool1")
    again = MaxPooling3D.from_config(layer.get_config())
    assert again.get_config() == layer.get_config() and again.pool_size == (1, 2, 2)


def test_other_windows_are_refused() -> None:
    with pytest.raises(
        ValueError, match="`pool_size` must be three numbers, each 1 or 2. Received: pool_size="
    ):
        MaxPooling3D((3, 2, 2))
