"""Finds the hard cuts of a film, picture by picture."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from videoqa.video._opencv import cv2

CUT_LEVELS, CUT_RATIO, CUT_REACH = 6.0, 2.0, 2
"""A hard cut: a picture that differs from the one before by so many levels of 255 on average, and by this
factor more than the pictures around it do, so many before and after. Source: the rule of PySceneDetect's
`AdaptiveDetector`; the levels tell cuts between drawn clips from what moves in them. A flash, after which the
old shot goes on, is none."""
BLOCKS, BLOCK_PIXELS = 4, 16
"""Pictures are compared by the means of so many blocks in each direction: noise and shake are no cut. A block
is at least so many pixels wide."""
SHORTEST_SHOT_SECONDS = 0.5
"""A cut that follows another one, or the start of the film, sooner is none."""


class CutFinder:
    """Finds hard cuts from the `block_means` of one picture after the other.

    Args:
        times: float64 seconds of all pictures of the film.
        cuts: gets the places of the pictures that begin a shot.

    Attributes:
        settled: how many places are judged.
    """

    def __init__(self, times: np.ndarray, cuts: list[int]) -> None:
        self._times, self._cuts = times, cuts
        self._recent: deque[_Compared] = deque(maxlen=2 * CUT_REACH + 1)
        self.settled = 0

    def add(self, place: int, blocks: np.ndarray | None, *, follows: bool) -> None:
        """Look at the next picture; one that follows lost ones begins no shot."""
        last = self._recent[-1] if self._recent else None
        difference = _difference(blocks, last.blocks) if follows and last is not None else 0.0
        self._recent.append(_Compared(place, blocks, difference))
        if len(self._recent) > CUT_REACH:
            self._judge(len(self._recent) - 1 - CUT_REACH)

    def end(self, stop: int) -> None:
        """Judge the last pictures of the film."""
        for index in range(max(len(self._recent) - CUT_REACH, 0), len(self._recent)):
            self._judge(index)
        self.settled = stop

    def _judge(self, index: int) -> None:
        here = self._recent[index]
        self.settled = here.place + 1
        shot_start = self._times[self._cuts[-1] if self._cuts else 0]
        is_long = self._times[here.place] - shot_start >= SHORTEST_SHOT_SECONDS
        if here.difference >= CUT_LEVELS and is_long and self._stands_out(index):
            self._cuts.append(here.place)

    def _stands_out(self, index: int) -> bool:
        """Return whether a picture differs much more than those around it, and is no flash or its end."""
        recent = list(self._recent)
        here, before = recent[index], recent[max(index - 1, 0)]
        earlier, later = recent[max(index - CUT_REACH, 0) : index], recent[index + 1 : index + 1 + CUT_REACH]
        usual = float(np.mean([each.difference for each in [*earlier, *later]] or [0.0]))
        pairs = [(each, here) for each in earlier[:-1]] + [(before, each) for each in later]
        is_flash = any(_difference(a.blocks, b.blocks) < here.difference / 2 for a, b in pairs)
        return here.difference >= CUT_RATIO * usual and not is_flash


@dataclass(frozen=True)
class _Compared:
    place: int
    blocks: np.ndarray | None
    difference: float


def _difference(blocks: np.ndarray | None, others: np.ndarray | None) -> float:
    """Return how many levels of 255 two pictures differ by on average; 0 where that cannot be told."""
    if blocks is None or others is None or blocks.shape != others.shape:
        return 0.0
    return cv2.norm(blocks, others, cv2.NORM_L1) / blocks.size


def block_means(planes: list[np.ndarray]) -> np.ndarray:
    """Return the means of blocks of each plane: uint8 `(BLOCKS * num_planes, BLOCKS)`.

    Args:
        planes: uint8 `(height, width)` each.
    """
    means = np.empty((len(planes) * BLOCKS, BLOCKS), np.uint8)
    for number, plane in enumerate(planes):
        step = max(min(plane.shape) // (BLOCKS * BLOCK_PIXELS), 1)
        rows = means[number * BLOCKS : (number + 1) * BLOCKS]
        cv2.resize(plane[::step, ::step], (BLOCKS, BLOCKS), dst=rows, interpolation=cv2.INTER_AREA)
    return means
