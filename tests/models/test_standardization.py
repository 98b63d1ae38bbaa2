"""The first layer of networks without a backbone: every frame with mean 0 and deviation 1."""

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from videoqa.models.frame_layers import FrameStandardization


def clip() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (2, 3, 8, 10, 3), dtype=np.uint8)


@pytest.mark.numeric
def test_it_is_tensorflow_s_standardization_of_every_frame(rounding: Callable[..., float]) -> None:
    found = FrameStandardization()(clip())
    tolerance = rounding(4, 240)  # of numbers of about 1: two sums over 240 values, a root, a division
    np.testing.assert_allclose(found, tf.image.per_image_standardization(clip()), atol=tolerance)
    np.testing.assert_allclose(np.std(found, axis=(2, 3, 4)), 1, rtol=tolerance)


@pytest.mark.numeric
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_every_frame_on_its_own_in_every_precision(dtype: str, rounding: Callable[..., float]) -> None:
    frames = clip().astype(np.float64)
    mean, deviation = (reduce(frames, axis=(2, 3, 4), keepdims=True) for reduce in (np.mean, np.std))
    found = FrameStandardization(dtype=dtype)(clip())
    assert found.dtype == dtype and found.shape == clip().shape
    # float16 rounds what float32 computed, numbers of at most 2.
    tolerance = 2 * np.finfo("float16").eps if dtype == "float16" else rounding(4, 240, dtype)
    np.testing.assert_allclose(found, (frames - mean) / deviation, atol=tolerance)


def test_a_frame_of_one_colour_becomes_0_and_a_faint_one_is_not_blown_up() -> None:
    frames = np.full((2, 8, 10, 3), 200, np.uint8)
    frames[1, 0, 0, 0] = 201
    found = np.asarray(FrameStandardization(dtype="float64")(frames))
    assert not found[0].any()
    # Its deviation, sqrt(239) / 240, is just above the floor, 1 / sqrt(240): 0.064415 and 0.064550.
    assert found[1].max() == pytest.approx((239 / 240) / 240**-0.5)
