"""One forward pass that keeps the wanted frames, and the pass that only counts."""

import contextlib
import math

import numpy as np

from videoqa.video.errors import DecodingError
from videoqa.video.limits import check_seconds
from videoqa.video.probing import VideoInfo
from videoqa.video.readers import read_frames
from videoqa.video.timeline import timeline_of
from videoqa.video.transforms import Fit, resize_and_crop

MAX_FRAMES = 10_000_000
"""A header that announces more frames is ignored."""
LONG_SECONDS = 3600
"""Forecasts look at the packets of longer videos, as a header may count a jump of the clock."""


class FramePass:
    """One forward pass over a video that keeps the wanted frames and stops after the last one.

    Attributes:
        frames: index -> uint8 RGB frame, for the wanted indices that exist.
        timestamps: float64 seconds of every frame passed.
        ended: whether the pass reached the video's end.
    """

    def __init__(
        self, info: VideoInfo, indices: np.ndarray, fit: Fit | None, expected_count: int | None = None
    ) -> None:
        """Read the frames; if the last wanted one should be the video's last, read on to check that."""
        self.info, self._frame_fit = info, fit
        self.frames: dict[int, np.ndarray] = {}
        self.ended = False
        wanted, last = set(indices.tolist()), int(indices[-1])
        to_the_end = expected_count is not None and last == expected_count - 1
        seconds = []
        with contextlib.closing(read_frames(info)) as frames:
            for index, (timestamp, retrieve) in enumerate(frames):
                seconds.append(timestamp)
                if index in wanted:
                    self.frames[index] = self._fitted(retrieve())
                if index == last and not to_the_end:
                    break
            else:
                self.ended = True
        self.timestamps = times_passed(info, seconds)

    def stacked(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the frames `(num_sampled, height, width, 3)` and their times, seconds, at `indices`."""
        missing = [index for index in indices.tolist() if index not in self.frames]
        if missing:
            cause = f"frame {missing[0]} was there when the frames were counted and is now missing"
            raise DecodingError(self.info.path, cause, len(self.timestamps), announced_count(self.info))
        return np.stack([self.frames[index] for index in indices.tolist()]), self.timestamps[indices]

    def _fitted(self, frame: np.ndarray) -> np.ndarray:
        """Return a frame resized as wanted, or like the first frame if the video changes its size."""
        fitted = frame if self._frame_fit is None else self._frame_fit(frame)
        first = next(iter(self.frames.values()), fitted)
        return fitted if fitted.shape == first.shape else resize_and_crop(frame, first.shape[:2])


def announced_count(info: VideoInfo) -> int | None:
    """Return the announced frame count; None if it is missing or absurd.

    At an uneven rate, or where a clock jumps, duration and mean rate announce nothing: it is the number of
    pictures in the packets, if these show no damage.
    """
    timeline = timeline_of(info)
    if timeline.is_whole and not timeline.is_plain:
        return timeline.num_pictures
    return header_count(info)


def header_count(info: VideoInfo) -> int | None:
    """Return the frame count that the header announces, stored or estimated; None if missing or absurd."""
    return info.frame_count_header if 0 < info.frame_count_header <= MAX_FRAMES else None


def expected_count(info: VideoInfo) -> int:
    """Return about how many frames a video has: by its header if no clock that jumps misled it."""
    if info.frame_count_header <= LONG_SECONDS * info.fps:
        return info.frame_count_header
    return announced_count(info) or 0


def times_passed(info: VideoInfo, seconds: list[float]) -> np.ndarray:
    """Return when the frames passed are shown, float64, by the times that the decoder says.

    Raises:
        DecodingError: there is no frame, or they last too long.
    """
    if not seconds:
        raise DecodingError(info.path, "the decoder gave no frame", 0, announced_count(info))
    times = timeline_of(info).shown(np.array(seconds, dtype=np.float64), info)
    check_seconds(info.path, times)
    return times


def are_stored_times(passed: np.ndarray, stored: np.ndarray, *, is_whole: bool) -> bool:
    """Return whether the times of frames passed are the stored ones and, of a whole video, as many."""
    if len(passed) > len(stored) or (is_whole and len(passed) != len(stored)):
        return False
    tolerance = 0.25 * float(np.median(np.diff(stored))) if len(stored) > 1 else math.inf
    return bool(np.abs(passed - stored[: len(passed)]).max() <= tolerance)


def count_frames(info: VideoInfo) -> np.ndarray:
    """Return the time of every frame, float64 seconds, by reading the whole video.

    Raises:
        DecodingError: it has no frame.
    """
    with contextlib.closing(read_frames(info)) as frames:
        return times_passed(info, [timestamp for timestamp, _ in frames])
