"""Real little videos, and the tiny backbone with random weights, which are the same every time."""

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from videoqa.config import ModelConfig, SamplingConfig
from videoqa.features.cache import FeatureCache

LONG_AGO = 1_600_000_000


@pytest.fixture
def write_video(tmp_path: Path) -> Callable[..., str]:
    """Return a function that writes a lossless video of random frames, long ago, and returns its path."""

    def write(name: str = "clip.avi", *, seed: int = 0, num_frames: int = 12, fps: float = 10) -> str:
        path = str(tmp_path / name)
        writer = cv2.VideoWriter(path, cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"FFV1"), fps, (32, 24))
        rng = np.random.default_rng(seed)
        for _ in range(num_frames):
            writer.write(rng.integers(0, 256, (24, 32, 3), np.uint8))
        writer.release()
        os.utime(path, (LONG_AGO, LONG_AGO))
        return path

    return write


@pytest.fixture
def cache(tmp_path: Path) -> FeatureCache:
    return FeatureCache(tmp_path / "home")


@pytest.fixture
def model() -> ModelConfig:
    return ModelConfig(backbone="tiny", backbone_weights=None, frame_size=(16, 16))


@pytest.fixture
def sampling() -> SamplingConfig:
    return SamplingConfig(num_frames=5)
