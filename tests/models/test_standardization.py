"""The first layer of networks without a backbone: every frame with mean 0 and deviation 1."""

import numpy as np
import pytest
import tensorflow as tf

from videoqa.models.layers import FrameStandardization


def clip() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (2, 3, 8, 10, 3), dtype=np.uint8)


def test_it_is_tensorflow_s_standardization_of_every_frame() -> None:
    found = FrameStandardization()(clip())
    np.testing.assert_allclose(found, tf.image.per_image_standardization(clip()), atol=1e-5)
    np.testing.assert_allclose(np.std(found, axis=(2, 3, 4)), 1, rtol=1e-5)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5), ("float16", 1e-2)])
def test_every_frame_on_its_own_in_every_precision(dtype: str, tolerance: float) -> None:
    frames = clip().astype(np.float64)
    mean, deviation = (reduce(frames, axis=(2, 3, 4), keepdims=True) for reduce in (np.mean, np.std))
    found = FrameStandardization(dtype=dtype)(clip())
    assert found.dtype == dtype and found.shape == clip().shape
    np.testing.assert_allclose(found, (frames - mean) / deviation, atol=tolerance)


def test_a_frame_of_one_colour_becomes_0_and_a_faint_one_is_not_blown_up() -> None:
    frames = np.full((2, 8, 10, 3), 200, np.uint8)
    frames[1, 0, 0, 0] = 201
    found = np.asarray(FrameStandardization(dtype="float64")(frames))
    assert not found[0].any()
    # Its deviation, sqrt(239) / 240, is just above the floor, 1 / sqrt(240): 0.064415 and 0.064550.
    assert found[1].max() == pytest.approx((239 / 240) / 240**-0.5)
