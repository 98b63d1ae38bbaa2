"""Optical flow between neighbouring frames of a clip, summed up per cell of a grid."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from videoqa.config import FLOW_COLUMNS, FLOW_DIRECTIONS, FLOW_SIDES
from videoqa.video._opencv import cv2

FLOW_METHOD = "dis_ultrafast_72_sums"
"""In the cache keys of what it made: another name when the numbers become others."""
SHORT_SIDE = 72
"""Of the grey frames between which flow is found, in pixels."""
SCALE = 10.0
"""Flow in shares of the frame's short side is multiplied by this: 1 is a tenth of it between two frames, and
what moves is then about as large as a backbone's features."""
Frame = TypeVar("Frame")


def small_grey(frame: np.ndarray) -> np.ndarray:
    """Return a frame as flow sees it: grey, its short side `SHORT_SIDE` pixels, aspect kept.

    Args:
        frame: uint8 RGB `(height, width, 3)`.

    Returns:
        uint8 `(small_height, small_width)`.
    """
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    scale = SHORT_SIDE / min(grey.shape)
    height, width = (round(side * scale) for side in grey.shape)
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(grey, (width, height), interpolation=interpolation)


def clip_flow(frames: np.ndarray) -> np.ndarray:
    """Return the summed-up flow of each frame of a clip, of both directions of time.

    Args:
        frames: uint8 RGB `(num_frames, height, width, 3)`.

    Returns:
        float32 `(num_frames, 2 * FLOW_COLUMNS)`, see `flow_blocks`.
    """
    return flow_blocks([small_grey(frame) for frame in frames], FlowSums())


def flow_blocks(frames: Sequence[Frame], sums: Callable[[Frame, Frame], np.ndarray]) -> np.ndarray:
    """Return two blocks side by side for each frame: the flow from the frame before, and from the one after.

    The first is 0 at the first frame, the second at the last. So the blocks of a clip played backwards are
    those of the clip in reverse order, one in the place of the other, to the bit.

    Args:
        frames: of one clip, or what stands for them.
        sums: returns the sums of the flow from one of them to another, as `FlowSums` does.

    Returns:
        float32 `(num_frames, 2 * FLOW_COLUMNS)`.
    """
    blocks = np.zeros((len(frames), 2, FLOW_COLUMNS), np.float32)
    for number in range(1, len(frames)):
        blocks[number, 0] = sums(frames[number - 1], frames[number])
        blocks[number - 1, 1] = sums(frames[number], frames[number - 1])
    return blocks.reshape(len(frames), 2 * FLOW_COLUMNS)


class FlowSums:
    """Finds the dense flow from one frame to another and sums it up; not for several threads at once.

    The movement of the camera, the median of the flow over the frame, is subtracted first. Then for the whole
    frame, and for `FLOW_SIDES` x `FLOW_SIDES` cells, row by row, come the mean flow to the right, the mean
    flow downwards, the mean length, and the length by direction: `FLOW_DIRECTIONS` of them, from right over
    down, each flow shared by the two that it lies between, so that they add up to the mean length. The unit
    is a share of the frame's short side, times `SCALE`.

    Source: DIS of Kroeger et al. 2016, arXiv:1603.03590, in OpenCV, whose result does not depend on how many
        threads compute it; a histogram of directions weighted by length as in HOF of Laptev et al. 2008.
    """

    def __init__(self) -> None:
        self._method = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._method.setFinestScale(1)  # half the pixels each way: cheaper

    def __call__(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Return the sums of the flow between two frames of one size, float32 `(FLOW_COLUMNS,)`.

        Args:
            before, after: uint8 grey `(height, width)`, as `small_grey` gives them.
        """
        if np.array_equal(before, after):  # a repeated frame
            return np.zeros(FLOW_COLUMNS, np.float32)
        return summed_flow(self._method.calc(before, after, None))


def summed_flow(flow: np.ndarray) -> np.ndarray:
    """Return the sums of a flow in pixels, right and down, `(height, width, 2)`; see `FlowSums`."""
    height, width = flow.shape[:2]
    moved = (flow - np.median(flow.reshape(-1, 2), axis=0)) * np.float32(SCALE / min(height, width))
    right, down = moved[..., 0].ravel(), moved[..., 1].ravel()
    lengths = np.hypot(right, down)
    cells = _cell_numbers(height, width)
    turns = np.arctan2(down, right) * np.float32(FLOW_DIRECTIONS / (2 * np.pi))
    nearest = np.floor(turns)
    shares = lengths * (turns - nearest)
    places = cells * FLOW_DIRECTIONS + nearest.astype(np.int64) % FLOW_DIRECTIONS
    following = cells * FLOW_DIRECTIONS + (nearest.astype(np.int64) + 1) % FLOW_DIRECTIONS
    num_cells = FLOW_SIDES**2
    by_direction = np.bincount(places, lengths - shares, num_cells * FLOW_DIRECTIONS)
    by_direction += np.bincount(following, shares, num_cells * FLOW_DIRECTIONS)
    means = [np.bincount(cells, values, num_cells) for values in (right, down, lengths)]
    sums = np.column_stack([*means, by_direction.reshape(num_cells, FLOW_DIRECTIONS)])
    counts = np.bincount(cells, minlength=num_cells)[:, None]
    whole = sums.sum(axis=0, keepdims=True) / counts.sum()
    return np.concatenate([whole, sums / counts]).ravel().astype(np.float32)


def _cell_numbers(height: int, width: int) -> np.ndarray:
    """Return the cell of each pixel, row by row: int64 `(height * width,)`."""
    rows, columns = (np.arange(side) * FLOW_SIDES // side for side in (height, width))
    return (rows[:, None] * FLOW_SIDES + columns).ravel()
