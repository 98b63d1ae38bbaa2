"""Brings stored frames into the shape that a player shows: square pixels, turned and mirrored by the file."""

from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.sidedata.sidedata import Type

from videoqa.video._opencv import cv2

SQUARE_WITHIN = Fraction(1, 100)
"""Pixels this close to square count as square: stretching them would blur a picture for nothing."""
MAX_PIXEL_ASPECT = 10
"""Pixels longer than this many times their breadth are a broken header and count as square."""
SLANT = 0.02
"""Share of a display matrix's largest number up to which another of its numbers counts as 0."""


@dataclass(frozen=True)
class Presentation:
    """How a player shows the stored frames of a video: stretched first, then turned and mirrored.

    Attributes:
        pixel_aspect: width of a stored pixel divided by its height; 1: square.
        swaps_axes: whether columns become rows.
        flips_columns, flips_rows: whether the frame is mirrored left to right, or upside down, after that.
    """

    pixel_aspect: Fraction = Fraction(1)
    swaps_axes: bool = False
    flips_columns: bool = False
    flips_rows: bool = False

    @property
    def is_mirrored(self) -> bool:
        """Whether no turn alone brings the stored frame into place."""
        return self.swaps_axes ^ self.flips_columns ^ self.flips_rows

    @property
    def is_turned(self) -> bool:
        """Whether rows or columns change places."""
        return self.swaps_axes or self.flips_columns or self.flips_rows

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Return the shown height and width of a stored frame."""
        width = _stretched(width, self.pixel_aspect)
        return (width, height) if self.swaps_axes else (height, width)

    def __call__(self, frame: np.ndarray) -> np.ndarray:
        """Return a stored frame as it is shown, both uint8 `(height, width, 3)`; contiguous."""
        width = _stretched(frame.shape[1], self.pixel_aspect)
        if width != frame.shape[1]:
            interpolation = cv2.INTER_LINEAR if width > frame.shape[1] else cv2.INTER_AREA
            frame = cv2.resize(frame, (width, frame.shape[0]), interpolation=interpolation)
        if self.swaps_axes:
            frame = frame.transpose(1, 0, 2)
        frame = frame[:: -1 if self.flips_rows else 1, :: -1 if self.flips_columns else 1]
        return np.ascontiguousarray(frame)


def presentation_of(stream: av.video.stream.VideoStream, frame: av.VideoFrame) -> Presentation:
    """Return how the frames of a stream are shown, by its headers and its first frame."""
    return Presentation(_pixel_aspect(stream.sample_aspect_ratio), *orientation(_display_matrix(frame)))


def orientation(matrix: np.ndarray | None) -> tuple[bool, bool, bool]:
    """Return whether a display matrix swaps the axes, flips columns, and flips rows.

    Args:
        matrix: int32 `(3, 3)`; None: there is none. The point (x, y) is shown at
            (x m00 + y m10, x m01 + y m11), y pointing down. Turns by other angles are not followed.

    Source: `display.h` of FFmpeg's libavutil; ISO/IEC 14496-12, section 6.2.2.
    """
    if matrix is None:
        return False, False, False
    (a, b), (c, d) = matrix[:2, :2].astype(np.float64)
    small = SLANT * np.abs(matrix[:2, :2].astype(np.float64)).max()
    if abs(b) <= small and abs(c) <= small and a and d:
        return False, bool(a < 0), bool(d < 0)
    if abs(a) <= small and abs(d) <= small and b and c:
        return True, bool(c < 0), bool(b < 0)
    return False, False, False


def _display_matrix(frame: av.VideoFrame) -> np.ndarray | None:
    found = frame.side_data.get(Type.DISPLAYMATRIX)  # type: ignore[call-overload]
    return None if found is None else np.frombuffer(bytes(found), np.int32).reshape(3, 3)


def _pixel_aspect(ratio: Fraction | None) -> Fraction:
    """Return a usable ratio of width to height; 1 for none, an absurd one, and one close to square."""
    if not ratio or not Fraction(1, MAX_PIXEL_ASPECT) <= ratio <= MAX_PIXEL_ASPECT:
        return Fraction(1)
    return Fraction(1) if abs(ratio - 1) <= SQUARE_WITHIN else ratio


def _stretched(width: int, pixel_aspect: Fraction) -> int:
    return max(1, round(width * pixel_aspect))
