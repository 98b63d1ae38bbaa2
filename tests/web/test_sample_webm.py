"""Drawn clips as WebM: the frames of the .avi, as near as VP9 has them, whole or not at all."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from videoqa import sample_clip
from videoqa.sample.sample_set import write_sample_webm


def frames_of(path: Path | str) -> np.ndarray:
    capture, frames = cv2.VideoCapture(str(path)), []
    while (read := capture.read())[0]:
        frames.append(read[1].astype(np.int16))
    return np.stack(frames)


@pytest.mark.parametrize("activity", ["unloading", "empty"])
def test_it_shows_what_the_avi_shows(activity: str, tmp_path: Path) -> None:
    """Neighbouring frames differ by more: the order is the same too."""
    path = tmp_path / "clip.webm"
    write_sample_webm(path, activity, seed=2)
    webm, avi = frames_of(path), frames_of(sample_clip(activity, seed=2, folder=tmp_path))
    assert webm.shape == avi.shape
    assert np.abs(webm - avi).mean() < np.abs(avi[1:] - avi[:-1]).mean()
    assert sorted(file.name for file in tmp_path.glob("*.webm")) == ["clip.webm"]


def test_a_full_disk_leaves_nothing(small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(bytes(500_000))
    with pytest.raises(OSError, match="clip.webm could not be written whole"):
        write_sample_webm(small_disk / "clip.webm")
    assert [path.name for path in small_disk.iterdir()] == ["filler"]
