"""What reads the frame features: each branch, in every precision and for clips of any length."""

from collections.abc import Callable

import keras
import numpy as np
import pytest

from videoqa.config import ModelConfig
from videoqa.models.branches import VIDEO_BRANCH_FUNCTIONS
from videoqa.models.building import build_action_model, computing_in
from videoqa.models.feature_layers import FrameDifferences
from videoqa.models.time_layers import FrameConvolution, FramePlaces

WIDTHS = {"video_units": 16, "hidden_units": 16}
FROM_FEATURES = {"backbone": "tiny", "starts_from": "features", **WIDTHS}
OPTIONS = {**FROM_FEATURES, "video_branch": "attention"}
IN_ORDER = ["bidirectional", "convolution", "attention"]


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
    model = build_action_model(3, **OPTIONS)
    weights = keras.Model(model.input, model.get_layer("video_weights").output)
    for num_frames in (1, 4, 9):
        features = np.random.default_rng(0).random((2, num_frames, 104), np.float32)
        found = np.asarray(weights({"features": features}))
        assert found.shape == (2, num_frames, 1)
        np.testing.assert_allclose(found.sum(1), 1, atol=rounding(4, 9))  # exp, two sums, a division


@pytest.mark.numeric
@pytest.mark.parametrize("precision", ["float64", "mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("branch", IN_ORDER)
def test_other_precisions_are_near(
    branch: str, precision: str, rounding: Callable[..., float], request: pytest.FixtureRequest
) -> None:
    if precision.startswith("mixed"):
        request.getfixturevalue("half_precision")
    features, options = np.random.default_rng(0).random((2, 4, 104)), FROM_FEATURES | {"video_branch": branch}
    model = build_action_model(3, **options)
    with computing_in(precision):
        other = build_action_model(3, **options)
    other.set_weights(model.get_weights())
    found, near = (np.asarray(each({"features": features})) for each in (model, other))
    assert near.dtype == ("float64" if precision == "float64" else "float32")
    # At most 16 layers between the features and the softmax, of sums of at most 104 terms in the less exact
    # model; half precision, whose larger epsilon is bfloat16's 2^-7, is added up in float32: every layer
    # rounds once.
    tolerance = rounding(16, 104) if precision == "float64" else 16 * 2.0**-7
    np.testing.assert_allclose(found, near, atol=tolerance)


@pytest.mark.numeric
def test_each_reads_one_frame_and_many(rounding: Callable[..., float]) -> None:
    for branch in IN_ORDER:
        model = build_action_model(3, **FROM_FEATURES, video_branch=branch)
        for num_frames in (1, 2, 40):
            features = np.random.default_rng(0).random((2, num_frames, 104), np.float32)
            found = np.asarray(model({"features": features}))
            np.testing.assert_allclose(found.sum(1), 1, atol=rounding(2, 3))


@pytest.mark.numeric
def test_a_convolution_over_time_by_hand() -> None:
    layer = FrameConvolution(1, dilation=2, activation="relu")
    clip = np.array([[[1.0], [2.0], [3.0], [5.0]]], np.float32)
    layer(clip)
    layer.set_weights([np.array([[-1.0], [10.0], [100.0]]), np.array([0.5])])
    # -1 times the frame two before, 10 times itself, 100 times the frame two after, and 0.5; none below 0.
    np.testing.assert_array_equal(np.asarray(layer(clip))[0, :, 0], [310.5, 520.5, 29.5, 48.5])
    layer.set_weights([np.array([[-1.0], [0.0], [0.0]]), np.array([0.0])])
    np.testing.assert_array_equal(np.asarray(layer(clip)), np.zeros((1, 4, 1)))


def test_both_ways_are_the_same_reader_of_each_direction() -> None:
    """With its two halves exchanged, it reads a reversed clip as it read the clip."""
    config = ModelConfig(task="action", backbone="tiny", video_units=3)
    clip = keras.Input((None, 4))
    reader = keras.Model(clip, VIDEO_BRANCH_FUNCTIONS["bidirectional"](clip, config))
    frames = np.random.default_rng(0).random((2, 5, 4), np.float32)
    forwards = np.asarray(reader(frames))
    weights = reader.get_weights()
    reader.set_weights(weights[3:] + weights[:3])
    backwards = np.asarray(reader(frames[:, ::-1]))
    np.testing.assert_array_equal(forwards, np.roll(backwards, 3, axis=1))


def test_differences_by_hand() -> None:
    """Of the first two columns only: the others are no features of the backbone."""
    clip = np.array([[[1, 2, 7], [4, 1, 7], [4, 3, 8]], [[0, 0, 1], [0, 5, 1], [1, 5, 1]]], np.float32)
    changes = np.array([[[0, 0], [3, -1], [0, 2]], [[0, 0], [0, 5], [1, 0]]], np.float32)
    layer = FrameDifferences(2)
    np.testing.assert_array_equal(np.asarray(layer(clip)), np.concatenate([clip, changes], axis=-1))
    single = np.asarray(layer(clip[:, :1]))
    np.testing.assert_array_equal(single, np.pad(clip[:, :1], ((0, 0), (0, 0), (0, 2))))


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
    model = build_action_model(2, **OPTIONS, learning_rate=1e-2)
    model.fit({"features": noise}, labels, epochs=40, verbose=0)
    assert (model.predict({"features": noise}, verbose=0).argmax(1) == labels).all()
