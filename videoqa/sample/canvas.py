"""Draws in frame units and encodes pictures; the sample renderer uses cv2 only through this file."""

from dataclasses import dataclass

import cv2
import numpy as np

from videoqa.sample.scene import FRAME_SIZE

MARGIN = 4
SIDE = FRAME_SIZE + 2 * MARGIN
"""Side of a canvas in pixels: the frame and a margin around it, for the camera's shake."""
SHIFT = 4
"""Positions go to cv2 in 1/16 pixel, so that slow movement is smooth."""
JPEG_QUALITY = 80
Colour = tuple[int, int, int]


@dataclass
class Canvas:
    """A uint8 RGB image with a margin around the frame, and cv2 drawing in frame units."""

    image: np.ndarray

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """Fill the rectangle with sub-pixel edges."""
        self.polygon(((left, top), (right, top), (right, bottom), (left, bottom)), colour)

    def polygon(self, points: object, colour: Colour) -> None:
        """Fill the convex polygon of `points`."""
        fixed = np.round((np.asarray(points, np.float64) + MARGIN) * (1 << SHIFT)).astype(np.int32)
        cv2.fillConvexPoly(self.image, fixed, colour, cv2.LINE_AA, SHIFT)

    def line(self, start: tuple[float, float], end: tuple[float, float], colour: Colour, width: int) -> None:
        """Draw a thick line with round ends."""
        cv2.line(self.image, _fixed(start), _fixed(end), colour, width, cv2.LINE_AA, SHIFT)

    def disc(self, center: tuple[float, float], radius: float, colour: Colour) -> None:
        """Fill a circle."""
        cv2.circle(self.image, _fixed(center), round(radius * (1 << SHIFT)), colour, -1, cv2.LINE_AA, SHIFT)


def _fixed(point: tuple[float, float]) -> tuple[int, int]:
    return round((point[0] + MARGIN) * (1 << SHIFT)), round((point[1] + MARGIN) * (1 << SHIFT))


def shaded(colour: Colour, factor: float) -> Colour:
    """Return the colour, darker below and lighter above a `factor` of 1."""
    red, green, blue = (min(255, int(part * factor)) for part in colour)
    return red, green, blue


def blend(image: np.ndarray, other: np.ndarray, share: float) -> None:
    """Mix `share` in [0, 1] of `other` into `image`, in place; both uint8 RGB of one shape."""
    cv2.addWeighted(other, share, image, 1 - share, 0, dst=image)


def lit_with_noise(image: np.ndarray, light: float, noise: np.ndarray, *, mirrored: bool) -> np.ndarray:
    """Return uint8 RGB `image`, mirrored left to right if asked, times `light` plus int16 `noise`."""
    turned = cv2.flip(image, 1) if mirrored else image
    return cv2.add(cv2.convertScaleAbs(turned, alpha=light), noise, dtype=cv2.CV_8U)


def encode_frames(frames: np.ndarray) -> list[bytes]:
    """Return each uint8 RGB frame of (num_frames, height, width, 3) as the bytes of a JPEG picture."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    return [
        cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), quality)[1].tobytes() for frame in frames
    ]
