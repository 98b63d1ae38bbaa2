"""Writes drawn clips as VP9 in WebM, which every browser plays; the .avi files none does."""

from pathlib import Path

import cv2
import numpy as np

CODEC = "VP90"


def write_webm(path: Path, frames: np.ndarray, *, fps: float) -> None:
    """Write frames as one .webm file, whole or not at all.

    Args:
        path: the file; its folder must exist.
        frames: uint8 RGB `(num_frames, height, width, 3)`.
        fps: frames per second.

    Raises:
        OSError: it cannot be written, as on a full disk, which OpenCV does not say.
    """
    _, height, width, _ = frames.shape
    unfinished = path.with_name(f"unfinished-{path.name}")
    writer = cv2.VideoWriter(
        str(unfinished), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*CODEC), fps, (width, height)
    )
    for frame in frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    writer.release()
    if _num_frames(unfinished) != len(frames):
        unfinished.unlink(missing_ok=True)
        raise OSError(f"{path} could not be written whole by OpenCV")
    unfinished.replace(path)


def _num_frames(path: Path) -> int:
    """Return how many frames of a file can be read."""
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    number = 0
    while capture.grab():
        number += 1
    capture.release()
    return number
