"""Resizes and crops frames to the size a model takes."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from videoqa._checks import Refusal
from videoqa.video._opencv import cv2


def check_frames(name: str, frames: Any, requirement: str) -> np.ndarray:
    """Return `frames`; raise `ValueError` unless they are uint8 `(num_frames, height, width, 3)`, none 0."""
    if not isinstance(frames, np.ndarray):
        raise Refusal(name, requirement, type(frames).__name__)
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3 or 0 in frames.shape:
        raise Refusal(name, requirement, f"{frames.dtype} array of shape {frames.shape}")
    return frames


def resize_and_crop(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return a frame with its short side resized to the short side of `size`, then cropped at the centre.

    The aspect is kept. If `size` is no square and the resized frame is smaller, it is padded evenly with
    black. Shrinking averages over areas, so that fine patterns do not flicker.

    Args:
        frame: uint8 RGB `(height, width, 3)`.
        size: `(height, width)` in pixels of the result.

    Returns:
        uint8 RGB `(size[0], size[1], 3)`, contiguous.
    """
    return _pad(_center_crop(_resize(frame, size), *size), size)


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


def shrink_long_side(image: np.ndarray, pixels: int) -> np.ndarray:
    """Return an image whose longer side is at most `pixels`, aspect kept, each pixel the mean of an area.

    Args:
        image: uint8 RGB `(height, width, 3)`, or one channel `(height, width)` of any dtype of OpenCV.
        pixels: at least 1.
    """
    scale = pixels / max(image.shape[:2])
    if scale >= 1:
        return image
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)


def resize_with_surplus(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return a frame resized as by `resize_and_crop`, with a margin around the centre for other crops.

    The margin on each side is at most half of `size`. `center_crop` of the result equals `resize_and_crop` of
    the frame bit for bit.

    Args:
        frame: uint8 RGB `(height, width, 3)`.
        size: `(height, width)` in pixels of the crops.

    Returns:
        uint8 RGB, `stored_size(*frame.shape[:2], size)`, contiguous.
    """
    frame = _resize(frame, size)
    parts = [_with_margins(*pair) for pair in zip(frame.shape[:2], size, strict=True)]
    frame = frame[parts[0], parts[1]]
    return _pad(frame, (max(frame.shape[0], size[0]), max(frame.shape[1], size[1])))


def part_kept(height: int, width: int, size: tuple[int, int]) -> tuple[slice, slice] | None:
    """Return the rows and columns of a frame that `resize_and_crop` keeps; None if it pads the frame."""
    kept = [
        min(side, round(wanted / _scale(height, width, size)))
        for side, wanted in zip((height, width), size, strict=True)
    ]
    if any(
        round(side * _scale(height, width, size)) < wanted for side, wanted in zip(kept, size, strict=True)
    ):
        return None
    top, left = (height - kept[0]) // 2, (width - kept[1]) // 2
    return slice(top, top + kept[0]), slice(left, left + kept[1])


@dataclass(frozen=True)
class FrameFit:
    """Brings frames to one size, by `resize_and_crop` or `resize_with_surplus`."""

    size: tuple[int, int]
    keep_surplus: bool = False

    def __call__(self, frame: np.ndarray) -> np.ndarray:
        """Return the frame at the wanted size."""
        return (resize_with_surplus if self.keep_surplus else resize_and_crop)(frame, self.size)


@dataclass(frozen=True)
class LongSideFit:
    """Shrinks frames by `shrink_long_side`."""

    pixels: int

    def __call__(self, frame: np.ndarray) -> np.ndarray:
        """Return the frame with a long side of at most `pixels`."""
        return shrink_long_side(frame, self.pixels)


Fit = FrameFit | LongSideFit


def stored_size(height: int, width: int, size: tuple[int, int]) -> tuple[int, int]:
    """Return the height and width that `resize_with_surplus` gives a frame."""
    resized = _resized_shape(_without_surplus(height, width, size), _scale(height, width, size))
    parts = [_with_margins(*pair) for pair in zip(resized, size, strict=True)]
    kept = [max(part.stop - part.start, wanted) for part, wanted in zip(parts, size, strict=True)]
    return kept[0], kept[1]


def center_crop(frames: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the middle `size`, `(height, width)`, of frames `(..., height, width, 3)` of at least that."""
    top, left = ((have - want) // 2 for have, want in zip(frames.shape[-3:-1], size, strict=True))
    return frames[..., top : top + size[0], left : left + size[1], :]


def _with_margins(length: int, wanted: int) -> slice:
    """Return the middle `wanted` pixels of a side, with margins of at most half of that."""
    if length <= wanted:
        return slice(0, length)
    before = (length - wanted) // 2
    kept = min(before, wanted // 2)
    return slice(before - kept, before + wanted + min(length - wanted - before, wanted // 2))


def _scale(height: int, width: int, size: tuple[int, int]) -> float:
    return min(size) / min(height, width)


def _without_surplus(height: int, width: int, size: tuple[int, int]) -> tuple[int, int]:
    """Return the size of a very long frame without those parts of its ends that no crop would use."""
    longest = math.ceil(2 * max(size) / _scale(height, width, size))
    return min(height, longest), min(width, longest)


def _resized_shape(shape: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def _resize(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return a frame with its short side resized to that of `size`; the ends of very long frames are cut."""
    height, width = frame.shape[:2]
    scale = _scale(height, width, size)
    frame = _center_crop(frame, *_without_surplus(height, width, size))
    resized_height, resized_width = _resized_shape((frame.shape[0], frame.shape[1]), scale)
    if (resized_height, resized_width) == frame.shape[:2]:
        return frame
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(frame, (resized_width, resized_height), interpolation=interpolation)


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
