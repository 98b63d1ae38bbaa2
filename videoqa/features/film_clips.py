"""Encodes the wanted frames of a film in one pass, and hands out what the model is shown of each window."""

from bisect import bisect_right
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from videoqa._prefetch import read_ahead
from videoqa.features.frame_encoder import FrameEncoder, as_float16
from videoqa.features.kept_frames import FrameKeeper
from videoqa.features.motion import with_flow
from videoqa.video.film_pass import FilmPass, PassedFrames
from videoqa.video.film_windows import LEAST_SEEN, FilmPlan, FilmWindow
from videoqa.video.optical_flow import FlowSums, flow_blocks, small_grey
from videoqa.video.picture_damage import PictureDamage
from videoqa.video.transforms import FrameFit

PARTS_AHEAD = 4
"""Parts of the pass that are decoded while frames are encoded."""


@dataclass(frozen=True)
class WindowClip:
    """What a model is shown of a window.

    Attributes:
        window: where it lies in the film.
        clip: float16 features `(grid, feature_dim)` or uint8 RGB frames `(grid, height, width, 3)`; None if
            too little of the window can be read.
        damage: what is wrong with its pictures.
        num_damaged_shown: how many of the frames in `clip` are damaged, or lost and not in it.
        cause: why there is no clip; "" where there is one.
    """

    window: FilmWindow
    clip: np.ndarray | None
    damage: PictureDamage
    num_damaged_shown: int = 0
    cause: str = ""


def window_clips(
    film: FilmPass, plan: FilmPlan, encoder: FrameEncoder | FrameKeeper, first_number: int = 0
) -> Generator[list[WindowClip], None, None]:
    """Yield what a model is shown of each regular window, and last of the shots after the last one.

    Of a window that a hard cut goes through it is the part in the shot of its middle; before it come the
    shots in which no window has its middle. The film is decoded in one pass, and each wanted frame is encoded
    once and kept as long as a window may need it.

    Args:
        film: a pass that has not begun.
        plan: the windows.
        encoder: runs the backbone, or gives the size of the frames that are kept.
        first_number: of the first window that is wanted.

    Yields:
        `plan.num_windows - first_number + 1` lists, most of one clip.
    """
    if first_number > plan.num_windows:
        return
    wanted = plan.wanted(max(first_number - 1, 0))
    kept = _Kept(encoder)
    number = first_number
    following = plan.window(min(number, plan.num_windows - 1))
    frames = film.frames(wanted, FrameFit(encoder.frame_size, False))
    with closing(read_ahead(frames, num_ahead=PARTS_AHEAD)) as parts:
        for part in parts:
            kept.add(part)
            while number < plan.num_windows and following.stop <= kept.settled:
                yield _clips_of(film, plan, number, wanted, kept)
                kept.forget_before(min(following.first, plan.middle(number)))
                number += 1
                following = plan.window(min(number, plan.num_windows - 1))
            if number == plan.num_windows and following.stop <= kept.settled:
                break
    kept.encode()
    for last in range(number, plan.num_windows + 1):
        yield _clips_of(film, plan, last, wanted, kept)


class _Kept:
    """The encoded frames of a film that windows still need."""

    def __init__(self, encoder: FrameEncoder | FrameKeeper) -> None:
        self._encoder = encoder
        self._rows: dict[int, np.ndarray] = {}
        self._waiting: dict[int, np.ndarray] = {}
        self._settled = 0
        self._flow = _FilmFlow() if isinstance(encoder, FrameEncoder) and encoder.model.sees_flow else None

    @property
    def settled(self) -> int:
        """How many places are gone by whose frames are encoded and whose cuts are found."""
        return min(self._settled, next(iter(self._waiting), self._settled))

    def add(self, part: PassedFrames) -> None:
        """Take a part of the pass; its frames are encoded in full batches."""
        self._settled = part.settled
        if isinstance(self._encoder, FrameKeeper):
            self._rows.update(part.frames)
            return
        if self._flow is not None:
            self._flow.add(part.frames)
        for place, frame in part.frames.items():
            self._waiting[place] = frame
            if len(self._waiting) == self._encoder.frames_per_run:
                self.encode()

    def encode(self) -> None:
        """Encode the frames that wait for a full batch."""
        if self._waiting and isinstance(self._encoder, FrameEncoder):
            features = as_float16(self._encoder(np.stack(list(self._waiting.values()))))
            self._rows.update(zip(self._waiting, features, strict=True))
            self._waiting = {}

    def stacked(self, places: np.ndarray) -> np.ndarray:
        """Return the features or the frames at `places`, int64 `(n,)`."""
        rows = np.stack([self._rows[place] for place in places.tolist()])
        return with_flow(rows, None if self._flow is None else self._flow.of(places))

    def forget_before(self, place: int) -> None:
        """Drop the frames before a place."""
        for each in [each for each in self._rows if each < place]:
            del self._rows[each]
        if self._flow is not None:
            self._flow.forget_before(place)


class _FilmFlow:
    """The flow between frames of a film that are neighbours in a window, each found once."""

    def __init__(self) -> None:
        self._sums = FlowSums()
        self._greys: dict[int, np.ndarray] = {}
        self._known: dict[tuple[int, int], np.ndarray] = {}

    def add(self, frames: Mapping[int, np.ndarray]) -> None:
        """Take frames by their places."""
        self._greys.update((place, small_grey(frame)) for place, frame in frames.items())

    def of(self, places: np.ndarray) -> np.ndarray:
        """Return the flow of a window that shows the frames at `places`, float32, see `flow_blocks`."""
        return flow_blocks(places.tolist(), self._between)

    def forget_before(self, place: int) -> None:
        """Drop the frames before a place, and what is known of them."""
        self._greys = {each: grey for each, grey in self._greys.items() if each >= place}
        self._known = {pair: sums for pair, sums in self._known.items() if min(pair) >= place}

    def _between(self, before: int, after: int) -> np.ndarray:
        if (before, after) not in self._known:
            self._known[before, after] = self._sums(self._greys[before], self._greys[after])
        return self._known[before, after]


def _clips_of(
    film: FilmPass, plan: FilmPlan, number: int, wanted: np.ndarray, kept: _Kept
) -> list[WindowClip]:
    """Return the clips of one regular window, and before it of the shots that no window has its middle in."""
    windows = plan.shots_between(number, film.cuts, wanted)
    if number < plan.num_windows:
        place = bisect_right(film.cuts, plan.middle(number))
        first = film.cuts[place - 1] if place else 0
        stop = film.cuts[place] if place < len(film.cuts) else len(film.times)
        window = plan.within(plan.window(number), first, stop)
        windows += [] if window is None else [window]
    return [_clip_of(window, film, plan, kept) for window in windows]


def _clip_of(window: FilmWindow, film: FilmPass, plan: FilmPlan, kept: _Kept) -> WindowClip:
    damage = film.damage(window.first, window.stop)
    is_readable = film.is_readable(window.grid)
    cause = plan.cause_unseen(window)
    if cause is None and is_readable.mean() < LEAST_SEEN:
        num_lost = int((~is_readable).sum())
        cause = f"{num_lost} of the {len(window.grid)} frames to be shown cannot be decoded"
    if cause is not None:
        return WindowClip(window, None, damage, cause=cause)
    grid = window.grid[is_readable]
    shown = grid[plan.shown(grid)]
    num_damaged = int(film.is_damaged(np.union1d(shown, window.grid[~is_readable])).sum())
    return WindowClip(window, kept.stacked(shown), damage, num_damaged)
