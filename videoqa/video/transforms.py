"""Frames to the size a model takes."""

import math

import numpy as np

from videoqa.video._opencv import cv2


def resize_and_crop(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return a frame whose short side is resized to that of `size`, aspect kept, cropped at the centre.

    Where the resized frame is smaller than `size` (which only happens when `size` is no square) it is padded
    with black, evenly on both sides. Shrinking averages over areas, so that fine patterns do not flicker.

    Args:
        frame: uint8 RGB `(height, width, 3)`.
        size: `(height, width)` in pixels of the result.

    Returns:
        uint8 RGB `(size[0], size[1], 3)`, contiguous.
    """
    scale = min(size) / min(frame.shape[:2])
    frame = _cut_surplus(frame, math.ceil(2 * max(size) / scale))
    resized_height, resized_width = (max(1, round(pixels * scale)) for pixels in frame.shape[:2])
    if (resized_height, resized_width) != frame.shape[:2]:
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        frame = cv2.resize(frame, (resized_width, resized_height), interpolation=interpolation)
    return _pad(_center_crop(frame, *size), size)


def shrink_short_side(frame: np.ndarray, pixels: int) -> np.ndarray:
    """Return a frame whose shorter side is at most `pixels`, aspect kept; a smaller one stays as it is.

    Args:
        frame: uint8 RGB `(height, width, 3)`.
        pixels: at least 1.
    """
    scale = pixels / min(frame.shape[:2])
    if scale >= 1:
        return frame
    height, width = (max(1, round(side * scale)) for side in frame.shape[:2])
    return cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)


def _cut_surplus(frame: np.ndarray, longest: int) -> np.ndarray:
    """Cut the ends off a very long frame, which would only be cropped later, so that resizing stays small."""
    return _center_crop(frame, longest, longest) if max(frame.shape[:2]) > longest else frame


def _center_crop(frame: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return the middle `(height, width)` of a frame, or less where it is smaller."""
    top = max(frame.shape[0] - height, 0) // 2
    left = max(frame.shape[1] - width, 0) // 2
    return frame[top : top + height, left : left + width]


def _pad(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return a contiguous frame of `size` with the given one in its middle on black."""
    if frame.shape[:2] == tuple(size):
        return np.ascontiguousarray(frame)
    padded = np.zeros((*size, 3), dtype=np.uint8)
    top, left = (size[0] - frame.shape[0]) // 2, (size[1] - frame.shape[1]) // 2
    padded[top : top + frame.shape[0], left : left + frame.shape[1]] = frame
    return padded
