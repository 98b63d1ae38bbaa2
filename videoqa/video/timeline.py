"""The times at which a video's pictures are shown, by its packets, and the frames of a segment."""

import functools
import math
import os
from dataclasses import dataclass

import numpy as np

from videoqa._checks import Refusal
from videoqa.video._opencv import FORMATS
from videoqa.video.clock_steps import COUNTED_KINDS, ClockSteps, clock_steps, longest_pause_seconds
from videoqa.video.files import cut_short
from videoqa.video.limits import told_apart
from videoqa.video.missing_bytes import loses_end
from videoqa.video.packets import Packets, read_packets
from videoqa.video.probing import VideoInfo

END_SLACK_SECONDS = 1.0
"""How far a segment may end past the video: annotations are often rounded up."""
UNEVEN_STEP = 1.5
"""The frame rate varies if a step between two frames is longer or shorter than the median by this factor."""
DELAYED_KINDS = ("gif",)
"""Kinds that say how long each picture stays rather than when it comes."""
READABLE_SHARE = 0.9
"""A file is corrupt if its last readable packet ends before this share of its bytes."""
PADDING_BYTES = {"asf": 8192, "mpeg": 4096, "mpegts": 6144}
"""Kinds whose blocks have one size: padding that may follow the last packet."""
LEAST_JUMP_BACK_SECONDS = 1.0
"""Where packets hold no usable times, a decoder's times that go back by less are taken for disorder."""
LATE_SECONDS, LATE_PICTURES = 0.1, 2.5
"""A first picture is late if it comes more than both after the sound. Less is usual."""


@dataclass(frozen=True, eq=False)
class Timeline:
    """When each picture of a video is on show, in seconds from the start of the video.

    Attributes:
        seconds: float64 `(num_pictures,)`, increasing; empty if the container holds no usable times.
        decoder_seconds: float64 `(num_pictures,)`, what a decoder says of the same pictures; None: the same.
        end_seconds: when the last picture is no longer on show; nan if there are no times.
        last_stay_seconds: how long the last picture stays, by its packet; 0 if not said.
        is_uneven: whether the frame rate varies; without usable times, whether the clock jumps.
        is_whole: whether the packets show no sign of damage.
        hole: `(start, end)` in seconds of a part whose bytes are damaged; None if there is none.
        jumps: of each jump of the clock, when it is and how much is left out, in seconds; joins of pieces are
            not among them.
        bytes_read: where the last readable packet of any stream ends.
        num_pictures: in the packets.
    """

    seconds: np.ndarray
    decoder_seconds: np.ndarray | None
    end_seconds: float
    last_stay_seconds: float = 0.0
    is_uneven: bool = False
    is_whole: bool = True
    hole: tuple[float, float] | None = None
    jumps: tuple[tuple[float, float], ...] = ()
    bytes_read: int = 0
    num_pictures: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether the rate is even and a decoder's own times are right."""
        return not self.is_uneven and self.decoder_seconds is None

    def shown(self, decoder_seconds: np.ndarray, info: VideoInfo) -> np.ndarray:
        """Return when frames are shown, by the times that a decoder says, both float64 `(num_frames,)`."""
        if not len(self.seconds):
            return _steady(_without_jumps(decoder_seconds, info), info.fps)
        if self.decoder_seconds is None:
            return _steady(decoder_seconds, info.fps)
        step = usual_step(self.seconds, info.fps)
        if not info.has_timestamps:
            num_more = max(0, len(decoder_seconds) - len(self.seconds))
            more = self.seconds[-1] + step * np.arange(1, num_more + 1)
            return np.concatenate([self.seconds[: len(decoder_seconds)], more])
        places = _places(decoder_seconds, self.decoder_seconds, 0.25 * step)
        return _steady(decoder_seconds if places is None else self.seconds[places], info.fps)


def timeline_of(info: VideoInfo) -> Timeline:
    """Return when each picture is shown, by the packets of the file, without decoding anything."""
    if info.kind not in FORMATS:  # a folder of frames
        count = info.frame_count_header
        return Timeline(np.arange(count) / info.fps, None, count / info.fps)
    status = os.stat(info.path)
    return _timeline_once(info, status.st_size, status.st_mtime_ns)


def least_readable(info: VideoInfo, size: int) -> float:
    """Return the byte up to which packets of a file of so many bytes reach if it is whole."""
    return min(READABLE_SHARE * size, size - PADDING_BYTES.get(info.kind, 0))


def stored_timestamps(info: VideoInfo) -> np.ndarray:
    """Return the `seconds` of the timeline."""
    return timeline_of(info).seconds


@functools.lru_cache(maxsize=64)
def _timeline_once(info: VideoInfo, size: int, mtime_ns: int) -> Timeline:
    """Read the packets of a file; remembered until its size or mtime changes."""
    packets = read_packets(info)
    steps = clock_steps(info, packets)
    parts = _parts(info, packets, steps.restarts) if packets.is_complete else None
    is_whole = (
        packets.is_complete
        and steps.hole is None
        and cut_short(info.path, info.kind) is None
        and (packets.num_listed > 0 or packets.bytes_read >= least_readable(info, size))
        and packets.num_listed <= len(packets.starts)
        and not loses_end(info, packets)
    )
    if parts is None:
        return Timeline(
            np.empty(0),
            None,
            math.nan,
            is_uneven=bool(len(steps.restarts) or len(steps.jumps(steps.clock))),
            is_whole=is_whole,
            hole=steps.hole,
            bytes_read=packets.bytes_read,
            num_pictures=int(packets.has_picture.sum()),
        )
    stated, seconds, jumps = _joined(parts, packets, info, steps)
    late = _late(packets, seconds, info.fps)
    end = _end(info, packets, seconds)
    is_right = late == 0 and np.array_equal(stated, seconds)
    return Timeline(
        seconds + late if late else seconds,
        None if is_right else stated,
        end_seconds=end + late,
        last_stay_seconds=packets.last_ticks * packets.tick_seconds,
        is_uneven=is_uneven(np.append(seconds, end) if info.kind in DELAYED_KINDS else seconds),
        is_whole=is_whole,
        hole=steps.hole,
        jumps=jumps,
        bytes_read=packets.bytes_read,
        num_pictures=int(packets.has_picture.sum()),
    )


def _parts(info: VideoInfo, packets: Packets, restarts: np.ndarray) -> list[np.ndarray] | None:
    """Return the increasing ticks of the pictures between restarts; None if unknown or not distinct.

    An AVI stores no times to show pictures at, and those that FFmpeg makes up are unordered with B-frames.
    The n-th picture there has the n-th smallest time to decode of the chunks with bytes. FFmpeg's own times
    differ by the delay of reordering: beside an empty chunk, a B-frame can be a picture earlier or later.
    """
    ticks = packets.stored if info.has_timestamps else packets.decoded
    if info.kind in COUNTED_KINDS:
        ticks = np.arange(len(ticks)) / (info.fps * packets.tick_seconds)
    pieces = zip(np.split(ticks, restarts), np.split(packets.has_picture, restarts), strict=True)
    parts = [np.sort(piece[shown]) for piece, shown in pieces if shown.any()]
    usable = all(np.isfinite(part).all() and (np.diff(part) > 0).all() for part in parts)
    return parts if parts and usable else None


def _joined(
    parts: list[np.ndarray], packets: Packets, info: VideoInfo, steps: ClockSteps
) -> tuple[np.ndarray, np.ndarray, tuple[tuple[float, float], ...]]:
    """Return what a decoder says of each picture, its time where parts follow each other, and jumps."""
    first = packets.start_ticks if info.has_timestamps else parts[0][0]
    seconds: list[np.ndarray] = []
    jumps: list[tuple[float, float]] = []
    for part in parts:
        times = (part - (part[0] if seconds else first)) * packets.tick_seconds
        step = usual_step(times, info.fps)
        start = seconds[-1][-1] + step if seconds else 0.0
        for place in steps.jumps(part * packets.tick_seconds):
            left_out = times[place + 1] - times[place] - step
            times[place + 1 :] -= left_out
            jumps.append((float(start + times[place + 1]), float(left_out)))
        seconds.append(times + start if seconds else times)
    joined = np.concatenate(seconds)
    if info.has_timestamps:
        stated = (np.concatenate(parts) - packets.start_ticks) * packets.tick_seconds
        return stated, joined, tuple(jumps)
    steady = np.arange(len(joined)) / info.fps
    is_steady = np.abs(joined - steady).max() <= 0.5 / info.fps
    return steady, steady if is_steady else joined, tuple(jumps)


def _late(packets: Packets, seconds: np.ndarray, fps: float) -> float:
    """Return how late the first picture is; 0 if not worth speaking of."""
    least = max(LATE_SECONDS, LATE_PICTURES * usual_step(seconds, fps))
    return packets.late_seconds if packets.late_seconds > least else 0.0


def _end(info: VideoInfo, packets: Packets, seconds: np.ndarray) -> float:
    """Return when the last picture, if none is late, is no longer on show: by its delay or the usual step."""
    step = usual_step(seconds, info.fps)
    stays = packets.last_ticks * packets.tick_seconds if info.kind in DELAYED_KINDS else 0.0
    return float(seconds[-1]) + (stays if stays > 0 and abs(stays - step) > 1e-6 else step)


def _places(passed: np.ndarray, stated: np.ndarray, tolerance: float) -> np.ndarray | None:
    """Return which of the stated times each time passed is, increasing; None if one is none of them."""
    if len(passed) <= len(stated) and np.abs(passed - stated[: len(passed)]).max() <= tolerance:
        return np.arange(len(passed))
    places, next_place = [], 0
    for seconds in passed:
        found = np.flatnonzero(np.abs(stated[next_place:] - seconds) <= tolerance)
        if not len(found):
            return None
        places.append(next_place + int(found[0]))
        next_place = places[-1] + 1
    return np.array(places)


def _without_jumps(decoder_seconds: np.ndarray, info: VideoInfo) -> np.ndarray:
    """Return a decoder's times with the usual step in place of jumps of the clock."""
    steps = np.diff(decoder_seconds)
    jumped = (steps > longest_pause_seconds(info)) | (steps < -LEAST_JUMP_BACK_SECONDS)
    if not jumped.any():
        return decoder_seconds
    usual = float(np.median(steps[steps > 0])) if (steps > 0).any() else 1 / info.fps
    return decoder_seconds[0] + np.append(0.0, np.cumsum(np.where(jumped, usual, steps)))


def _steady(timestamps_seconds: np.ndarray, fps: float) -> np.ndarray:
    """Return a decoder's timestamps, or index / fps for all if they do not increase at every frame."""
    if np.isfinite(timestamps_seconds).all() and (np.diff(timestamps_seconds) > 0).all():
        return timestamps_seconds
    return np.arange(len(timestamps_seconds)) / fps


def is_uneven(timestamps_seconds: np.ndarray) -> bool:
    """Return whether the frame rate varies, rounding of timestamps aside."""
    if len(timestamps_seconds) < 3:
        return False
    steps = np.diff(timestamps_seconds)
    middle = float(np.median(steps))
    return bool(steps.max() > UNEVEN_STEP * middle or steps.min() < middle / UNEVEN_STEP)


def segment_bounds(
    timestamps_seconds: np.ndarray, duration: float, start_seconds: float | None, end_seconds: float | None
) -> tuple[int, int]:
    """Return the indices `[first, stop)` of the frames of a segment, at least one.

    Args:
        timestamps_seconds: float64 `(num_frames,)`, of the whole video.
        duration: seconds from the start of the video until its last frame is no longer shown.
        start_seconds, end_seconds: of the segment; None: the start or end of the video.

    Raises:
        ValueError: the segment lies outside the video, whose duration the message names, or ends before the
            first picture.
    """
    start = 0.0 if start_seconds is None else start_seconds
    end = duration if end_seconds is None else end_seconds
    shown = told_apart(duration, start if start >= duration else end, digits=2)
    lies = f"lie within the video, which lasts {shown} seconds"
    if start >= duration:
        raise Refusal("start_seconds", lies, start_seconds)
    if end > duration + END_SLACK_SECONDS:
        raise Refusal("end_seconds", lies, end_seconds)
    tolerance = 1e-6
    first = int(np.searchsorted(timestamps_seconds, start - tolerance))
    stop = int(np.searchsorted(timestamps_seconds, end - tolerance))
    if stop > first:
        return first, stop
    if stop == 0 and timestamps_seconds[0] > LATE_SECONDS:
        after = f"come after the first picture, which is on show from {timestamps_seconds[0]:.2f} seconds on"
        raise Refusal("end_seconds", after, end_seconds, "Before that there is sound only.")
    return max(first - 1, 0), max(first, 1)


def clip_span(
    info: VideoInfo,
    timestamps_seconds: np.ndarray,
    bounds: tuple[int, int],
    segment: tuple[float | None, float | None],
    step: float | None = None,
) -> tuple[np.ndarray, float]:
    """Return the times of a clip's frames and when its last one ends, both from the start of the video.

    A frame that stays much longer than others is cut to the segment. Others are on show as a whole, so that
    at an even rate a clip lasts as many steps as it has frames.

    Args:
        info: of the video.
        timestamps_seconds: float64 `(num_frames,)`, of the whole video.
        bounds: indices `[first, stop)` of the clip's frames.
        segment: `(start_seconds, end_seconds)`; None: the start or end of the video.
        step: `usual_step` of the video, where it is known already.
    """
    (first, stop), (start, end) = bounds, segment
    inside, until = timestamps_seconds[first:stop], shown_until(info, timestamps_seconds, stop)
    longest = UNEVEN_STEP * (usual_step(timestamps_seconds, info.fps) if step is None else step)
    if start is not None and inside[0] < start and until - inside[0] > longest:
        inside = np.maximum(inside, start)
    if end is not None and end < until and until - timestamps_seconds[stop - 1] > longest:
        until = end
    return inside, until


def video_seconds(info: VideoInfo, timestamps_seconds: np.ndarray) -> float:
    """Return how long a video lasts: its last frame may stay as long as the one before, or as is said.

    At an even rate, with no longer stay said, it is `shown_until` of the last frame.
    """
    until = shown_until(info, timestamps_seconds, len(timestamps_seconds))
    timeline = timeline_of(info)
    if len(timeline.seconds) == len(timestamps_seconds):
        stays = timeline.last_stay_seconds
        if stays > UNEVEN_STEP * usual_step(timestamps_seconds, info.fps):
            until = max(until, float(timestamps_seconds[-1]) + stays)
    if not is_uneven(timestamps_seconds):
        return until
    return max(until, float(2 * timestamps_seconds[-1] - timestamps_seconds[-2]))


def shown_until(info: VideoInfo, timestamps_seconds: np.ndarray, stop: int) -> float:
    """Return the time at which frame `stop - 1` ends; the last frame of most videos lasts the median step."""
    if stop < len(timestamps_seconds):
        return float(timestamps_seconds[stop])
    timeline = timeline_of(info)
    if len(timeline.seconds) == len(timestamps_seconds) and info.kind in DELAYED_KINDS:
        return timeline.end_seconds
    return float(timestamps_seconds[-1]) + usual_step(timestamps_seconds, info.fps)


def usual_step(timestamps_seconds: np.ndarray, fps: float) -> float:
    """Return the median step from one frame to the next, seconds."""
    return float(np.median(np.diff(timestamps_seconds))) if len(timestamps_seconds) > 1 else 1 / fps
