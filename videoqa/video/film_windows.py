"""The windows of a film and the frames that a model is shown of each; pure planning, nothing is decoded."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from videoqa._checks import Refusal, check_number
from videoqa.config import SamplingConfig
from videoqa.video.decoding import indices_in_span
from videoqa.video.limits import check_seconds
from videoqa.video.probing import VideoInfo
from videoqa.video.sampling import regular_indices
from videoqa.video.timeline import (
    LATE_SECONDS,
    clip_span,
    segment_bounds,
    timeline_of,
    usual_step,
    video_seconds,
)

LEAST_SEEN = 0.5
"""Share of its frames and of its seconds that a window needs to be answered."""
ROUNDING = 1e-6


@dataclass(frozen=True)
class FilmWindow:
    """A part of a film that is asked about.

    Attributes:
        start_seconds, end_seconds: of the film.
        first, stop: the places `[first, stop)` of its pictures among those of the film.
        grid: int64 `(grid,)`, non-decreasing: the places of the frames that the model may be shown.
        number: of the regular window that it is, or is a part of.
    """

    start_seconds: float
    end_seconds: float
    first: int
    stop: int
    grid: np.ndarray
    number: int


@dataclass(frozen=True)
class Windowing:
    """How a film is cut into regular windows.

    Attributes:
        window_seconds: length of a window.
        stride_seconds: from the start of one window to that of the next.
        start_seconds, end_seconds: the part of the film; None: its start, its end.
    """

    window_seconds: float
    stride_seconds: float
    start_seconds: float | None = None
    end_seconds: float | None = None

    def __post_init__(self) -> None:
        for name in ("window_seconds", "stride_seconds"):
            check_number(name, getattr(self, name), minimum=0.001)


class FilmPlan:
    """Regular windows over a film, and which of its frames have to be looked at for them.

    Window k starts at `start + k * stride_seconds`, until one reaches the end; that one may be shorter. What
    a model is shown of it is what `ask` shows it of the segment, with one difference: where a model takes
    `num_frames` regular frames of a clip, and windows overlap, they share a regular grid of frames, as dense
    as a window needs, so that each is encoded once. Its frames are then those nearest to regular times,
    centred in the window; `farthest_seconds` says how far these are from the times of `ask`.

    Args:
        info: of the film.
        times: float64 seconds of its pictures, increasing.
        sampling: which frames of a clip the model sees.
        windowing: the windows that are wanted.
        may_share: frames may be shared by windows; False: each window has exactly the frames of `ask`.
    """

    def __init__(
        self,
        info: VideoInfo,
        times: np.ndarray,
        sampling: SamplingConfig,
        windowing: Windowing,
        *,
        may_share: bool = True,
    ) -> None:
        check_seconds(info.path, times)
        self.info, self.times, self.sampling = info, times, sampling
        self.window_seconds, self.stride_seconds = windowing.window_seconds, windowing.stride_seconds
        self._step = usual_step(times, info.fps)
        self._pictures_end = video_seconds(info, times)
        self.duration = self._announced_end()
        self.start, self.end = self._part(windowing.start_seconds, windowing.end_seconds)
        self._check_stride()
        lasts = self.end - self.start
        to_the_end = math.ceil((lasts - self.window_seconds) / self.stride_seconds - ROUNDING) + 1
        self.num_windows = max(1, min(to_the_end, math.ceil(lasts / self.stride_seconds - ROUNDING)))
        self._holes = self._find_holes()
        self._shared = self._share() if may_share else None

    @property
    def farthest_seconds(self) -> float:
        """How far a frame that the model is shown may lie from the one that `ask` would show, seconds."""
        if self._shared is None:
            return 0.0
        return self._shared.offset + self._step + (0 if self._shared.is_whole else self._shared.step / 2)

    def span(self, number: int) -> tuple[float, float]:
        """Return the seconds `(start, end)` of one regular window."""
        start = self.start + number * self.stride_seconds
        return start, min(start + self.window_seconds, self.end)

    def middle(self, number: int) -> int:
        """Return the place of the picture on show in the middle of one regular window."""
        start, end = self.span(number)
        return max(int(np.searchsorted(self.times, (start + end) / 2 + ROUNDING)) - 1, 0)

    def window(self, number: int) -> FilmWindow:
        """Return one regular window."""
        start, end = self.span(number)
        first, stop = self._bounds(start, end)
        if self._shared is not None:
            places = self._shared.places_of(number)
            inside = places[(places >= first) & (places < stop)]
            grid = inside if len(inside) else np.array([first])
        else:
            inside, until = clip_span(self.info, self.times, (first, stop), (start, end), self._step)
            grid = first + indices_in_span(self.info, inside, until, self.sampling)
        return FilmWindow(start, end, first, stop, grid, number)

    def wanted(self, first_number: int = 0) -> np.ndarray:
        """Return which pictures are shown to the model from one window on: bool `(num_pictures,)`."""
        wanted = np.zeros(len(self.times), bool)
        for number in range(first_number, self.num_windows):
            wanted[self.window(number).grid] = True
        return wanted

    def within(self, window: FilmWindow, first: int, stop: int) -> FilmWindow | None:
        """Return the part of a window in one shot; None if the model would be shown nothing of it.

        Args:
            window: a regular window.
            first, stop: places `[first, stop)` of the shot, which may be longer than the window.
        """
        start = self.times[first] if first > window.first else window.start_seconds
        end = self.times[stop] if stop < window.stop else window.end_seconds
        first, stop = max(first, window.first), min(stop, window.stop)
        grid = window.grid[(window.grid >= first) & (window.grid < stop)]
        return FilmWindow(float(start), float(end), first, stop, grid, window.number) if len(grid) else None

    def shots_between(self, number: int, cuts: Sequence[int], wanted: np.ndarray) -> list[FilmWindow]:
        """Return the shots that lie whole between the middles of two neighbouring windows, as windows.

        Args:
            number: of the second of the two; 0: from the start on; `num_windows`: up to the end.
            cuts: places at which shots begin, increasing.
            wanted: from `wanted`.
        """
        if self.stride_seconds > self.window_seconds + ROUNDING:
            return []
        ends = self._bounds(self.start, self.end)
        after = self.middle(number - 1) if number else -1
        until = self.middle(number) if number < self.num_windows else ends[1]
        borders = list(cuts[bisect_right(cuts, after) : bisect_right(cuts, until)])
        if not number:
            borders.insert(0, ends[0])
        if number == self.num_windows:
            borders.append(ends[1])
        shots = []
        for first, stop in zip(borders, borders[1:], strict=False):
            grid = first + np.flatnonzero(wanted[first:stop])
            start = self.start if first == ends[0] else float(self.times[first])
            end = self.end if stop == ends[1] else float(self.times[stop])
            if len(grid):
                shots.append(FilmWindow(start, end, first, stop, grid, number))
        return shots

    def shown(self, grid: np.ndarray) -> np.ndarray:
        """Return the frames that the model is shown of a grid: int64 indices into it, non-decreasing."""
        too_short = len(grid) < self.sampling.num_frames and self.sampling.short_clips == "repeat"
        if self.sampling.takes_windows and not too_short:
            return np.arange(len(grid))
        return regular_indices(len(grid), self.sampling.num_frames)

    def cause_unseen(self, window: FilmWindow) -> str | None:
        """Return why there are no pictures in most of a window; None where there are."""
        for start, end, cause in self._holes:
            inside = min(end, window.end_seconds) - max(start, window.start_seconds)
            if inside > LEAST_SEEN * (window.end_seconds - window.start_seconds):
                return cause
        return None

    def _announced_end(self) -> float:
        """Return when the film ends: a damaged one by its header, if that says more."""
        announced = 0.0 if timeline_of(self.info).is_whole else self.info.duration_seconds or 0.0
        return max(self._pictures_end, announced)

    def _part(self, start_seconds: float | None, end_seconds: float | None) -> tuple[float, float]:
        start = 0.0 if start_seconds is None else start_seconds
        end = self.duration if end_seconds is None else end_seconds
        segment_bounds(self.times, self.duration, start_seconds, end_seconds)
        return start, min(end, self.duration)

    def _check_stride(self) -> None:
        least = self._step
        if self.stride_seconds < least - ROUNDING:
            requirement = f"be at least the time of one frame, {least:.3g} seconds"
            raise Refusal("stride_seconds", requirement, self.stride_seconds)

    def _find_holes(self) -> list[tuple[float, float, str]]:
        """Return the seconds `(start, end)` without pictures, and why."""
        holes, timeline = [], timeline_of(self.info)
        if timeline.hole is not None:
            start, end = timeline.hole
            holes.append((start, end, f"the file holds no frames from {start:.1f} to {end:.1f} seconds"))
        if self.times[0] > LATE_SECONDS:
            holes.append(
                (0.0, float(self.times[0]), f"before {self.times[0]:.2f} seconds there is sound only")
            )
        if self.duration > self._pictures_end:
            cause = f"the file can be read only up to {self._pictures_end:.1f} seconds"
            holes.append((self._pictures_end, self.duration, cause))
        return holes

    def _bounds(self, start: float, end: float) -> tuple[int, int]:
        """Return the places `[first, stop)` of the pictures in a part of the film, at least one."""
        first, stop = (int(np.searchsorted(self.times, seconds - ROUNDING)) for seconds in (start, end))
        if stop > first:
            return first, stop
        return max(first - 1, 0), max(first, 1)

    def _share(self) -> "_SharedGrid | None":
        """Return the grid that overlapping windows share; None where sharing saves nothing."""
        span = self.window_seconds - self._step
        if self.sampling.takes_windows or self.stride_seconds >= self.window_seconds or span <= 0:
            return None
        num_steps = math.ceil(self.stride_seconds * max(self.sampling.num_frames - 1, 1) / span - ROUNDING)
        step = self.stride_seconds / num_steps
        if step <= self._step * (1 + ROUNDING):
            return None
        length = int(span / step + ROUNDING) + 1
        offset = (span - (length - 1) * step) / 2
        targets = self.start + offset + step * np.arange(num_steps * (self.num_windows - 1) + length)
        places = _nearest(self.times, targets)
        return _SharedGrid(places, num_steps, length, step, offset, length == self.sampling.num_frames)


@dataclass(frozen=True)
class _SharedGrid:
    """A regular grid of frames of a film.

    Attributes:
        places: int64 `(num_frames,)`, of its frames among the pictures of the film.
        num_steps: of the grid in one stride.
        length: frames of the grid in a whole window.
        step: seconds.
        offset: seconds from the start of a window to its first frame.
        is_whole: whether a model is shown all of a window's frames.
    """

    places: np.ndarray
    num_steps: int
    length: int
    step: float
    offset: float
    is_whole: bool

    def places_of(self, number: int) -> np.ndarray:
        start = number * self.num_steps
        return self.places[start : start + self.length]


def _nearest(times: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the index of the time nearest to each target, the earlier one in a tie."""
    right = np.clip(np.searchsorted(times, targets), 0, len(times) - 1)
    left = np.maximum(right - 1, 0)
    return np.where(targets - times[left] <= times[right] - targets, left, right)
