"""Draws a clip's sampled frames with their times as one picture, and writes pictures to files."""

import math
import os
from pathlib import Path

import numpy as np

from videoqa._checks import Refusal, check_choice, check_integer, refusal
from videoqa._files import write_bytes
from videoqa.video._opencv import cv2
from videoqa.video.transforms import check_frames, shrink_long_side

TILE_LONG_SIDE = 240
MARGIN = 4
LABEL_HEIGHT = 22
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")
_BACKGROUND, _INK = 255, (40, 40, 40)


def contact_sheet(
    frames: np.ndarray, timestamps_seconds: np.ndarray, columns: int = 5, *, long_side: int = TILE_LONG_SIDE
) -> np.ndarray:
    """Return one picture of frames in reading order, each with its time in seconds below.

    Args:
        frames: uint8 RGB `(num_frames, height, width, 3)`; `decode` with `long_side=TILE_LONG_SIDE` gives
            them small.
        timestamps_seconds: float array `(num_frames,)`.
        columns: int, frames side by side, at least 1.
        long_side: most pixels of a frame in the picture, at least 1.

    Returns:
        uint8 RGB `(sheet_height, sheet_width, 3)` on white; frames keep their aspect.

    Raises:
        ValueError: no frames, or not one time per frame.
    """
    _check_sheet(frames, timestamps_seconds, columns)
    tiles = make_tiles(frames, long_side)
    height, width = tiles.shape[1:3]
    columns = min(columns, len(frames))
    cell_height, cell_width = height + LABEL_HEIGHT + MARGIN, max(width, 60) + MARGIN
    shape = (math.ceil(len(frames) / columns) * cell_height + MARGIN, columns * cell_width + MARGIN, 3)
    sheet = np.full(shape, _BACKGROUND, dtype=np.uint8)
    for position, (tile, seconds) in enumerate(zip(tiles, timestamps_seconds, strict=True)):
        top = MARGIN + position // columns * cell_height
        left = MARGIN + position % columns * cell_width
        sheet[top : top + height, left : left + width] = tile
        origin = (left, top + height + LABEL_HEIGHT - 7)
        cv2.putText(sheet, f"{seconds:.2f} s", origin, cv2.FONT_HERSHEY_SIMPLEX, 0.42, _INK, 1, cv2.LINE_AA)
    return sheet


def make_tiles(frames: np.ndarray, long_side: int = TILE_LONG_SIDE) -> np.ndarray:
    """Return frames with their aspect and a long side of at most `long_side` pixels.

    Args:
        frames: uint8 RGB `(num_frames, height, width, 3)`, at least one.

    Returns:
        uint8 RGB `(num_frames, tile_height, tile_width, 3)`.
    """
    return np.stack([shrink_long_side(frame, long_side) for frame in frames])


def save_image(path: str | os.PathLike[str], image_rgb: np.ndarray) -> Path:
    """Write a picture, whole or not at all, and return its path.

    Args:
        path: file to write, ending in one of `IMAGE_SUFFIXES`; its folder has to exist.
        image_rgb: uint8 RGB `(height, width, 3)`.

    Raises:
        ValueError: another suffix.
        FileNotFoundError: the folder does not exist.
        OSError: it cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() not in IMAGE_SUFFIXES:
        requirement = f"end in one of {', '.join(IMAGE_SUFFIXES)}"
        raise Refusal("path", requirement, os.fspath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(refusal("path", "lie in an existing folder", os.fspath(path)))
    write_bytes(target, encode_image(image_rgb, target.suffix))
    return target


def encode_image(image_rgb: np.ndarray, suffix: str) -> bytes:
    """Return a picture as the bytes of a file.

    Args:
        image_rgb: uint8 RGB `(height, width, 3)`.
        suffix: one of `IMAGE_SUFFIXES`, in any case, which says the format.

    Raises:
        ValueError: another suffix.
        OSError: it cannot be encoded.
    """
    check_choice("suffix", suffix.lower(), IMAGE_SUFFIXES)
    encoded, data = cv2.imencode(suffix.lower(), cv2.cvtColor(image_rgb, cv2.COLOR_RGB2BGR))
    if not encoded:
        raise OSError(f"The picture could not be encoded as {suffix}.")
    return data.tobytes()


def _check_sheet(frames: np.ndarray, timestamps_seconds: np.ndarray, columns: int) -> None:
    """Raise `ValueError` unless there is at least one frame and a time for each."""
    check_integer("columns", columns, minimum=1)
    check_frames("frames", frames, "be a uint8 array (num_frames, height, width, 3)")
    if len(timestamps_seconds) != len(frames):
        requirement = f"hold one time for each of the {len(frames)} frames"
        raise Refusal("timestamps_seconds", requirement, len(timestamps_seconds))
