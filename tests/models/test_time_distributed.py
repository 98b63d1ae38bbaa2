import keras
import numpy as np
import pytest

from videoqa.models.frame_layers import TimeDistributed


@pytest.mark.numeric
@pytest.mark.parametrize("num_frames", [None, 3])
def test_gives_what_keras_gives(num_frames, rounding):
    layer = keras.Sequential([keras.Input((5, 5, 2)), keras.layers.Conv2D(4, 3), keras.layers.Flatten()])
    clip = keras.Input((num_frames, 5, 5, 2))
    ours, theirs = TimeDistributed(layer)(clip), keras.layers.TimeDistributed(layer)(clip)
    assert ours.shape == theirs.shape == (None, num_frames, 36)
    values = np.random.default_rng(0).random((2, 3, 5, 5, 2), np.float32)
    np.testing.assert_allclose(
        *(np.asarray(keras.Model(clip, output)(values)) for output in (ours, theirs)), atol=rounding(2, 18)
    )


@pytest.mark.numeric
def test_a_frozen_layer_keeps_its_statistics_even_when_told_it_is_training():
    norm = keras.layers.BatchNormalization()
    layer = TimeDistributed(norm)
    values = np.random.default_rng(0).random((2, 3, 4), np.float32) + 5
    layer(values)
    norm.trainable = False
    layer(values, training=True)
    np.testing.assert_array_equal(norm.moving_mean, np.zeros(4))
    norm.trainable = True
    layer(values, training=True)
    # momentum 0.99: one step takes 1 % of the mean over all frames of all clips; 1 - 0.99 costs two digits
    np.testing.assert_allclose(norm.moving_mean, 0.01 * values.mean((0, 1)), rtol=100 * 2.0**-23)


def test_a_frozen_layer_drops_nothing():
    drop = keras.layers.Dropout(0.5)
    values = np.ones((2, 3, 40), np.float32)
    assert (np.asarray(TimeDistributed(drop)(values, training=True)) == 0).any()
    drop.trainable = False
    np.testing.assert_array_equal(TimeDistributed(drop)(values, training=True), values)
