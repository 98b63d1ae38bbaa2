"""Small clips that move, written on the spot, and a table that names them."""

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from videoqa.auditing.report import AuditReport

LONG_AGO = 1_600_000_000
HEIGHT, WIDTH = 48, 64


def moving_frames(seed: int, num_frames: int) -> list[np.ndarray]:
    """Return frames of a bright square that crosses a picture of its own."""
    rng = np.random.default_rng(seed)
    picture = cv2.resize(rng.integers(0, 200, (6, 8, 3), np.uint8), (WIDTH, HEIGHT))
    frames = []
    for number in range(num_frames):
        frame = picture.copy()
        x = 4 + (seed * 7 + number * 3) % (WIDTH - 16)
        frame[18:30, x : x + 12] = 255
        frames.append(frame)
    return frames


def write_frames(path: Path, frames: list[np.ndarray], codec: str = "mp4v") -> Path:
    """Write BGR frames to a video and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    size = frames[0].shape[1::-1]
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), 25, size)
    assert writer.isOpened()
    for frame in frames:
        writer.write(frame)
    writer.release()
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give every test a home of its own, so that it knows what was decoded before."""
    home = tmp_path / "home"
    monkeypatch.setenv("VIDEOQA_HOME", str(home))
    return home


@pytest.fixture
def write_clip(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a clip that moves into the folder of clips and returns its path."""

    def write(name: str, seed: int = 0, num_frames: int = 30, codec: str = "mp4v") -> Path:
        return write_frames(tmp_path / "clips" / name, moving_frames(seed, num_frames), codec)

    return write


@pytest.fixture
def clips(write_clip: Callable[..., Path], tmp_path: Path) -> Path:
    """Return a folder of six clips that move, c0.mp4 to c5.mp4."""
    for seed in range(6):
        write_clip(f"c{seed}.mp4", seed)
    return tmp_path / "clips"


@pytest.fixture
def table() -> pd.DataFrame:
    """Return rows of the six clips, four of them for training."""
    return pd.DataFrame(
        {
            "video": [f"c{number}.mp4" for number in range(6)],
            "label": ["left", "right"] * 3,
            "split": ["train"] * 4 + ["validation", "test"],
        }
    )


def found(report: AuditReport) -> set[tuple[str, str]]:
    """Return the findings as (name of the video, finding)."""
    rows = report.findings
    return {(Path(path).name, name) for path, name in zip(rows["video_path"], rows["finding"], strict=True)}
