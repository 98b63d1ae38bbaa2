"""What reads the frame features: the weighted mean that knows places in time."""

import keras
import numpy as np
import pytest

from videoqa.models.building import build_action_model, computing_in
from videoqa.models.layers import FramePlaces

OPTIONS = {"backbone": "tiny", "starts_from": "features", "video_branch": "attention"}
WIDTHS = {"video_units": 16, "hidden_units": 16}


def test_places_are_the_same_parts_of_clips_of_any_length() -> None:
    layer = FramePlaces()
    short, long = (np.asarray(layer(np.zeros((1, num_frames, 4), np.float32))) for num_frames in (3, 9))
    # The middles of thirds are those of the ninths 2, 5 and 8: (1/2) / 3 = (1 + 1/2) / 9.
    np.testing.assert_allclose(short, long[:, 1::3], atol=1e-4)
    assert np.abs(np.diff(long, axis=1)).max(axis=2).min() > 1e-3


def test_the_weights_of_the_frames_sum_to_1_for_any_number_of_frames() -> None:
    model = build_action_model(3, **OPTIONS, **WIDTHS)
    weights = keras.Model(model.input, model.get_layer("video_weights").output)
    for num_frames in (1, 4, 9):
        features = np.random.default_rng(0).random((2, num_frames, 104), np.float32)
        found = np.asarray(weights({"features": features}))
        assert found.shape == (2, num_frames, 1)
        np.testing.assert_allclose(found.sum(1), 1, atol=1e-6)


@pytest.mark.parametrize("precision", ["float64", "mixed_bfloat16"])
def test_other_precisions_are_near(precision: str) -> None:
    features = np.random.default_rng(0).random((2, 4, 104))
    model = build_action_model(3, **OPTIONS, **WIDTHS)
    with computing_in(precision):
        other = build_action_model(3, **OPTIONS, **WIDTHS)
    other.set_weights(model.get_weights())
    found, near = (np.asarray(each({"features": features})) for each in (model, other))
    assert near.dtype == ("float64" if precision == "float64" else "float32")
    np.testing.assert_allclose(found, near, atol=1e-6 if precision == "float64" else 0.03)


@pytest.mark.slow
def test_it_learns_which_of_two_frames_came_first() -> None:
    """The same two frames in both orders: what a bag of frames cannot tell."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    pair = rng.random((2, 104)).astype(np.float32)
    noise = rng.random((32, 6, 104)).astype(np.float32) / 4
    labels = np.arange(32) % 2
    noise[np.arange(32), 1] += pair[labels]
    noise[np.arange(32), 4] += pair[1 - labels]
    model = build_action_model(2, **OPTIONS, **WIDTHS, learning_rate=1e-2)
    model.fit({"features": noise}, labels, epochs=40, verbose=0)
    assert (model.predict({"features": noise}, verbose=0).argmax(1) == labels).all()
