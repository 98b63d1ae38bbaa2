"""The tiny backbone and the weights that ship with it."""

from collections.abc import Callable

import numpy as np
import pytest

from videoqa.models.tiny import TINY_FEATURE_DIM, build_tiny_network
from videoqa.models.weight_files import TINY_WEIGHTS_FILE
from videoqa.sample.sample_set import sample_clip


@pytest.fixture(scope="module")
def shipped():
    network = build_tiny_network()
    network.load_weights(TINY_WEIGHTS_FILE)
    return network


def test_the_weights_are_small_enough_to_ship() -> None:
    assert TINY_WEIGHTS_FILE.stat().st_size <= 3_000_000
    assert TINY_FEATURE_DIM <= 512


@pytest.mark.parametrize("frame_size", [(96, 96), (64, 80)])
def test_frames_of_any_size_become_features_of_one(frame_size: tuple[int, int]) -> None:
    network = build_tiny_network(frame_size)
    assert network.output_shape == (None, TINY_FEATURE_DIM)
    frames = np.random.default_rng(0).integers(0, 256, (2, *frame_size, 3)).astype("uint8")
    features = np.asarray(network(frames))
    assert features.shape == (2, TINY_FEATURE_DIM) and 0 <= features.min() and features.max() <= 2


@pytest.mark.numeric
def test_one_set_of_weights_serves_every_frame_size(shipped, rounding: Callable[..., float]) -> None:
    other = build_tiny_network((48, 48))
    other.set_weights(shipped.get_weights())
    frames = np.full((1, 48, 48, 3), 90, "uint8")
    large = np.full((1, 96, 96, 3), 90, "uint8")
    # Six layers, of sums of at most 6 x 6 x 64 products; features are at most 2.
    small, big = np.asarray(other(frames)), np.asarray(shipped(large))
    np.testing.assert_allclose(small, big, atol=2 * rounding(6, 2304))


def test_features_keep_place(shipped, tmp_path) -> None:
    """The same picture with its left and right half exchanged is another feature vector."""
    import cv2

    _, frame = cv2.VideoCapture(sample_clip("waving", folder=tmp_path)).read()
    moved = np.roll(frame, 48, axis=1)
    first, second = np.asarray(shipped(np.stack([frame, moved])[..., ::-1].copy()))
    assert np.abs(first - second).mean() > 0.1
