"""What reads the frame features: the weighted mean that knows places in time."""

from collections.abc import Callable

import keras
import numpy as np
import pytest

from videoqa.models.building import build_action_model, computing_in
from videoqa.models.layers import FramePlaces

OPTIONS = {"backbone": "tiny", "starts_from": "features", "video_branch": "attention"}
WIDTHS = {"video_units": 16, "hidden_units": 16}


@pytest.mark.numeric
def test_places_are_the_same_parts_of_clips_of_any_length() -> None:
    layer = FramePlaces()
    short, long = (np.asarray(layer(np.zeros((1, num_frames, 4), np.float32))) for num_frames in (3, 9))
    # The middles of thirds are those of the ninths 2, 5 and 8: (1/2) / 3 = (1 + 1/2) / 9.
    # An angle of up to 128 pi is a product of rounded numbers; the kernel adds up the waves of all angles.
    tolerance = 128 * np.pi * np.finfo("float32").eps * np.abs(layer.kernel).sum(0).max()
    np.testing.assert_allclose(short, long[:, 1::3], atol=tolerance)
    assert np.abs(np.diff(long, axis=1)).max(axis=2).min() > 2 * tolerance


@pytest.mark.numeric
def test_the_weights_of_the_frames_sum_to_1_for_any_number_of_frames(rounding: Callable[..., float]) -> None:
    model = build_action_model(3, **OPTIONS, **WIDTHS)
    weights = keras.Model(model.input, model.get_layer("video_weights").output)
    for num_frames in (1, 4, 9):
        features = np.random.default_rng(0).random((2, num_frames, 104), np.float32)
        found = np.asarray(weights({"features": features}))
        assert found.shape == (2, num_frames, 1)
        np.testing.assert_allclose(found.sum(1), 1, atol=rounding(4, 9))  # exp, two sums, a division


@pytest.mark.numeric
@pytest.mark.parametrize("precision", ["float64", "mixed_bfloat16"])
def test_other_precisions_are_near(
    precision: str, rounding: Callable[..., float], request: pytest.FixtureRequest
) -> None:
    if precision == "mixed_bfloat16":
        request.getfixturevalue("half_precision")
    features = np.random.default_rng(0).random((2, 4, 104))
    model = build_action_model(3, **OPTIONS, **WIDTHS)
    with computing_in(precision):
        other = build_action_model(3, **OPTIONS, **WIDTHS)
    other.set_weights(model.get_weights())
    found, near = (np.asarray(each({"features": features})) for each in (model, other))
    assert near.dtype == ("float64" if precision == "float64" else "float32")
    # Six layers between the features and the softmax, of sums of at most 104 terms in the less exact model;
    # bfloat16, whose epsilon is 2^-7, is added up in float32: every layer rounds once.
    tolerance = rounding(6, 104) if precision == "float64" else 6 * 2.0**-7
    np.testing.assert_allclose(found, near, atol=tolerance)


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
