"""One forward pass over a whole film: every picture that can be read, at its place, hard cuts and damage."""

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import NamedTuple

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from videoqa.video._opencv import FORMATS
from videoqa.video.film_cuts import BLOCKS, CUT_REACH, CutFinder, block_means
from videoqa.video.film_times import FilmTimes
from videoqa.video.picture_damage import (
    TEXTURED_LEVELS,
    LookedAt,
    PictureDamage,
    blank_runs,
    planes_of,
    tone_of,
)
from videoqa.video.probing import VideoInfo, decoded_frames, open_container, video_stream
from videoqa.video.readers import NUM_DECODER_THREADS, frame_as_shown, read_frames
from videoqa.video.timeline import timeline_of, usual_step
from videoqa.video.transforms import Fit

PICTURES_AT_ONCE = 32
"""Pictures between two parts of a pass."""
MOST_WITHOUT_PICTURE = 2
"""Times in a row at which a decoder gives no picture although nothing is damaged, as for two fields of one.
The next picture stands for them."""
SMALL_PIXELS = 256 * 256
"""Pictures of at most this size are decoded faster by one thread, beside the one that encodes."""
LONGEST_RUN = 4096
"""How far back it is looked for a picture that shows something before a run of one tone."""
_LOST, _READ, _DAMAGED = 0, 1, 2
_TONES = ("textured", "grey", "black", "other")


@dataclass(frozen=True)
class PassedFrames:
    """What a part of the pass came by.

    Attributes:
        frames: place -> frame, uint8 RGB of the size that was asked for, of the wanted pictures.
        settled: how many places are gone by, all cuts among which are found.
    """

    frames: dict[int, np.ndarray]
    settled: int


class FilmPass:
    """One forward pass over a film, which goes on behind pictures that cannot be read.

    Pictures keep their places: where some are lost, those behind them do not move up.

    Args:
        info: of the film.
        times: from `film_times`.
        find_cuts: look for hard cuts.

    Attributes:
        cuts: places of the pictures that begin a new shot, increasing, as far as they are found.
        passed: how many places the pass has gone by.
    """

    def __init__(self, info: VideoInfo, times: FilmTimes, *, find_cuts: bool = True) -> None:
        self.info, self.times = info, times.seconds
        self.cuts: list[int] = []
        self.passed = 0
        self._found = times.found
        self._states = np.full(len(self.times), _LOST, np.uint8)
        self._tones = np.full(len(self.times), _TONES.index("other"), np.uint8)
        self._cut_finder = CutFinder(self.times, self.cuts) if find_cuts else None

    def frames(self, wanted: np.ndarray, fit: Fit) -> Generator[PassedFrames, None, None]:
        """Yield the wanted frames, in the order in which they are shown.

        Args:
            wanted: bool `(num_pictures,)`.
            fit: brings a frame to the size that is wanted.
        """
        frames: dict[int, np.ndarray] = {}
        with contextlib.closing(self._pictures()) as pictures:
            for number, (place, retrieve) in enumerate(pictures, 1):
                if wanted[place]:
                    frames[place] = fit(retrieve())
                if number % PICTURES_AT_ONCE == 0:
                    yield PassedFrames(frames, self._settled)
                    frames = {}
        self.passed = len(self.times)
        if self._cut_finder is not None:
            self._cut_finder.end(self.passed)
        yield PassedFrames(frames, self.passed)

    @property
    def _settled(self) -> int:
        """How many places are gone by, where all is known about the pictures beside them too."""
        return max(self.passed - CUT_REACH, 0) if self._cut_finder is None else self._cut_finder.settled

    def _pictures(self) -> Generator[tuple[int, Callable[[], np.ndarray]], None, None]:
        """Yield the place of each picture that can be read, and what gives its frame."""
        places = _Places(self.info, self.times, self._found)
        decoded = (_of_file if self.info.kind in FORMATS else _of_folder)(self.info)
        is_whole, has_failed, builds_on_lost = timeline_of(self.info).is_whole, False, False
        with contextlib.closing(decoded):
            for each in decoded:
                place = places.of(each)
                has_failed = has_failed or each.retrieve is None
                if place is None or each.retrieve is None:
                    continue
                brings_several = is_whole and not has_failed and place - self.passed <= MOST_WITHOUT_PICTURE
                first = min(self.passed, place) if brings_several else place
                builds_on_lost = not each.is_key and (builds_on_lost or 0 < self.passed < first)
                follows = 0 < self.passed == first
                self.passed, has_failed = place + 1, False
                self._states[first : place + 1] = _DAMAGED if each.is_damaged or builds_on_lost else _READ
                self._tones[first : place + 1] = _TONES.index(each.tone)
                if self._cut_finder is not None:
                    self._cut_finder.add(first, each.blocks, follows=follows)
                for shown in range(first, place + 1):
                    yield shown, each.retrieve

    def is_readable(self, places: np.ndarray) -> np.ndarray:
        """Return which places, int64 `(n,)`, hold a picture that could be read: bool `(n,)`."""
        return self._states[places] != _LOST

    def is_damaged(self, places: np.ndarray) -> np.ndarray:
        """Return which places, int64 `(n,)`, hold a damaged picture or none: bool `(n,)`."""
        return self._states[places] != _READ

    def damage(self, first: int, stop: int) -> PictureDamage:
        """Return what is wrong with the pictures of places `[first, stop)`; lost ones count as damaged."""
        tones, states = self._tones[first:stop], self._states[first:stop]
        if (states == _READ).all() and (tones == _TONES.index("textured")).all():
            return PictureDamage(stop - first, 0, 0, None)
        start = self._shown_before(first)
        blank = blank_runs([_TONES[tone] for tone in self._tones[start : stop + 1]])
        blank = blank[first - start : stop - start]
        found = LookedAt(states != _READ, blank).within()
        return found if found.first is None else dataclasses.replace(found, first=first + found.first)

    def _shown_before(self, first: int) -> int:
        """Return the place of the last picture before one that shows something."""
        start = max(first - LONGEST_RUN, 0)
        places = np.flatnonzero(self._tones[start:first] == _TONES.index("textured"))
        return start + int(places[-1]) if len(places) else first


class _Decoded(NamedTuple):
    """What the decoder gave: a picture, or one that it could not decode, whose `retrieve` is None."""

    retrieve: Callable[[], np.ndarray] | None
    seconds: float | None = None
    is_key: bool = True
    is_damaged: bool = False
    tone: str = "textured"
    blocks: np.ndarray | None = None


def _of_file(info: VideoInfo) -> Generator[_Decoded, None, None]:
    """Yield what PyAV decodes, which marks what it could only patch up; OpenCV does not hand that on."""
    is_small = info.width * info.height <= SMALL_PIXELS
    with open_container(info.path, info.kind, 1 if is_small else NUM_DECODER_THREADS) as container:
        stream = video_stream(container, info.path)
        start, tick, converter = stream.start_time or 0, float(stream.time_base or 0), VideoReformatter()
        is_spoilt, is_stamped = False, info.has_timestamps and tick > 0
        for frame in decoded_frames(container, stream):
            if not isinstance(frame, av.VideoFrame):
                is_spoilt = True
                yield _Decoded(None)
                continue
            is_spoilt = frame.is_corrupt or (is_spoilt and not frame.key_frame)
            seconds = (frame.pts - start) * tick if is_stamped and frame.pts is not None else None
            planes = planes_of(frame)
            blocks = block_means(planes) if planes else None
            yield _Decoded(
                functools.partial(frame_as_shown, info, frame, converter),
                seconds,
                frame.key_frame,
                is_spoilt,
                "textured" if _shows_something(blocks) else tone_of(planes),
                blocks,
            )


def _shows_something(blocks: np.ndarray | None) -> bool:
    """Return whether the blocks of luma alone differ enough."""
    return blocks is not None and int(blocks[:BLOCKS].max()) - int(blocks[:BLOCKS].min()) > TEXTURED_LEVELS


def _of_folder(info: VideoInfo) -> Generator[_Decoded, None, None]:
    """Yield the pictures of a folder; its frames were checked when it was opened."""
    with contextlib.closing(read_frames(info)) as frames:
        for _, retrieve in frames:
            frame = retrieve()
            yield _Decoded(frame.copy, blocks=block_means([*np.moveaxis(frame, -1, 0)]))


class _Places:
    """Finds the place of each picture among the times of the film."""

    def __init__(self, info: VideoInfo, times: np.ndarray, found: np.ndarray | None) -> None:
        stated = timeline_of(info).decoder_seconds
        self._stated = times if stated is None or len(stated) != len(times) else stated
        self._found = found
        self._counts_lost = not info.has_timestamps
        self._tolerance = 0.25 * usual_step(times, info.fps)
        self._is_increasing = bool((np.diff(self._stated) > 0).all())
        self._next = 0

    def of(self, decoded: _Decoded) -> int | None:
        """Return the place of a picture; None for a lost one, or one that is none of the film's."""
        if self._found is not None:
            return self._next_found(decoded)
        place: int | None = self._next
        if decoded.retrieve is None:
            self._next += self._counts_lost
            return None
        if decoded.seconds is not None:
            place = self._at(decoded.seconds)
        if place is None or place >= len(self._stated):
            return None
        self._next = place + 1
        return place

    def _next_found(self, decoded: _Decoded) -> int | None:
        """Return the place of the next picture that the file holds; None if that cannot be decoded."""
        assert self._found is not None
        self._next += 1
        if decoded.retrieve is None or self._next > len(self._found):
            return None
        place = int(self._found[self._next - 1])
        return place if place >= 0 else None

    def _at(self, seconds: float) -> int | None:
        """Return the place of a time, the next one where it is no time of the film; None if gone by."""
        expected = self._next
        if expected < len(self._stated) and abs(self._stated[expected] - seconds) <= self._tolerance:
            return expected
        first = expected
        if self._is_increasing:
            first = int(np.searchsorted(self._stated, seconds - self._tolerance))
            if first < expected:
                return None
        found = np.flatnonzero(np.abs(self._stated[first:] - seconds) <= self._tolerance)
        return first + int(found[0]) if len(found) else expected
