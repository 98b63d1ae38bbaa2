"""Chooses and reads the part of a clip that an example shows: frames of its grid, cropped and mirrored."""

from dataclasses import dataclass

import numpy as np

from videoqa.video.sampling import window_start_random
from videoqa.video.transforms import center_crop


@dataclass(frozen=True)
class Windows:
    """The parts of their clips that `k` examples show.

    Attributes:
        starts: int64 `(k,)`, first frame of each window in its clip's grid.
        corners: int64 `(k, 2)`, top and left of each crop; None: centre crops.
        flipped: bool `(k,)`, whether each is mirrored left to right; None: none is.
    """

    starts: np.ndarray
    corners: np.ndarray | None = None
    flipped: np.ndarray | None = None

    def corner(self, place: int) -> tuple[int, int] | None:
        """Return top and left of one crop; None: the centre crop."""
        return None if self.corners is None else (int(self.corners[place, 0]), int(self.corners[place, 1]))

    def is_flipped(self, place: int) -> bool:
        """Return whether one window is mirrored."""
        return self.flipped is not None and bool(self.flipped[place])


def draw_window(
    grid_length: int, num_frames: int, surplus: tuple[int, int] | None, flip: bool, rng: np.random.Generator
) -> tuple[int, tuple[int, int], bool]:
    """Return a random window's start, the corner of its crop and whether it is mirrored, drawn in this order.

    Args:
        grid_length: frames of the clip's grid.
        num_frames: of the window.
        surplus: by how many pixels the frames are higher and wider than a crop; None: no crop is drawn.
        flip: mirror half of the windows.
        rng: for this example in this epoch only.
    """
    start = window_start_random(grid_length, num_frames, rng)
    corner = (0, 0)
    if surplus is not None:
        corner = (int(rng.integers(0, surplus[0] + 1)), int(rng.integers(0, surplus[1] + 1)))
    return start, corner, bool(flip and rng.random() < 0.5)


def window_frames(grid_length: int, start: int, num_frames: int, short_clips: str) -> np.ndarray:
    """Return the indices of a window's frames in its clip's grid: int64 `(n,)`, n <= num_frames.

    A window that reaches past the grid goes round with short_clips="loop" and ends with the grid otherwise.
    """
    places = start + np.arange(num_frames, dtype=np.int64)
    if short_clips == "loop":
        return places % grid_length
    return places[places < grid_length]


def read_window(
    clip: np.ndarray,
    frames: np.ndarray,
    frame_size: tuple[int, int] | None,
    corner: tuple[int, int] | None,
    flipped: bool,
) -> np.ndarray:
    """Return the frames of a clip at `frames`, cut to `frame_size` and mirrored.

    Args:
        clip: features `(grid, feature_dim)` or frames `(grid, height, width, 3)`; if on disk, only what is
            returned is read.
        frames: int64 `(n,)`, places in the grid.
        frame_size: (height, width) of the crop; None: the whole frames, or features.
        corner: top and left of the crop; None: the centre crop.
        flipped: mirror frames left to right.

    Returns:
        `(n, feature_dim)` or `(n, height, width, 3)`; may be a view.
    """
    if frame_size is not None:
        if corner is None:
            clip = center_crop(clip, frame_size)
        else:
            top, left = corner
            clip = clip[:, top : top + frame_size[0], left : left + frame_size[1]]
    if flipped:
        clip = clip[:, :, ::-1]
    neighbours = frames[-1] - frames[0] + 1 == len(frames)
    return clip[frames[0] : frames[-1] + 1] if neighbours else clip[frames]
