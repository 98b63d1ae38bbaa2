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

    def add(self, place: int, blocks: np.ndarray | None) -> None:
        """Look at the next picture; one after lost ones begins no shot."""
        last = self._recent[-1] if self._recent else None
        follows = last is not None and place == last.place + 1
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
        recent = list(self._recent)
        here, before = recent[index], recent[max(index - 1, 0)]
        around = [*recent[max(index - CUT_REACH, 0) : index], *recent[index + 1 : index + 1 + CUT_REACH]]
        self.settled = here.place + 1
        usual = float(np.mean([each.difference for each in around] or [0.0]))
        if here.difference < max(CUT_LEVELS, CUT_RATIO * usual):
            return
        earlier, later = (
            recent[max(index - CUT_REACH, 0) : max(index - 1, 0)],
            recent[index + 1 :][:CUT_REACH],
        )
        pairs = [(each, here) for each in earlier] + [(before, each) for each in later]
        is_flash = any(_difference(a.blocks, b.blocks) < here.difference / 2 for a, b in pairs)
        shot_start = self._times[self._cuts[-1] if self._cuts else 0]
        if not is_flash and self._times[here.place] - shot_start >= SHORTEST_SHOT_SECONDS:
            self._cuts.append(here.place)


@dataclass(frozen=True)
class _Compared:
    place: int
    blocks: np.ndarray | None
    difference: float


def _difference(blocks: np.ndarray | None, others: np.ndarray | None) -> float:
    """Return how many levels of 255 two pictures differ by on average; 0 where that cannot be told."""
    if blocks is None or others is None or len(blocks) != len(others):
        return 0.0
    return float(np.abs(blocks - others).mean())


def block_means(planes: list[np.ndarray]) -> np.ndarray:
    """Return the means of the blocks of each plane, uint8 `(height, width)`: float32 `(num_means,)`."""
    means = []
    for plane in planes:
        step = max(min(plane.shape) // (BLOCKS * BLOCK_PIXELS), 1)
        means.append(cv2.resize(plane[::step, ::step], (BLOCKS, BLOCKS), interpolation=cv2.INTER_AREA))
    return np.concatenate(means).ravel().astype(np.float32)
