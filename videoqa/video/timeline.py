"""The times at which a video's frames are shown, and the frames of a segment."""

import av
import numpy as np

from videoqa._checks import Refusal
from videoqa.video._opencv import FORMATS
from videoqa.video.probing import VideoInfo, open_container, video_stream

END_SLACK_SECONDS = 1.0
"""How far a segment may end past the video: annotations are often rounded up."""
UNEVEN_STEP = 1.5
"""The frame rate varies if a step between two frames is longer or shorter than the median by this factor."""


def stored_timestamps(info: VideoInfo) -> np.ndarray:
    """Return the time of each frame as the container stores it, without decoding anything.

    Returns:
        float64 array `(num_frames,)` in seconds from the start of the video stream, increasing; empty if the
        container holds no usable times.
    """
    if info.kind not in FORMATS:  # a folder of frames
        return np.arange(info.frame_count_header) / info.fps
    with open_container(info.path, info.kind) as container:
        stream = video_stream(container, info.path)
        ticks = []
        try:
            for packet in container.demux(stream):
                if packet.size and not packet.is_discard:
                    ticks.append(packet.pts)
        except av.FFmpegError:
            return np.empty(0)
        if not info.has_timestamps:
            return np.arange(len(ticks)) / info.fps
        if None in ticks or len(set(ticks)) != len(ticks):
            return np.empty(0)
        return np.sort(np.array(ticks, dtype=np.float64) - (stream.start_time or 0)) * float(
            stream.time_base or 1
        )


def steady_timestamps(timestamps_seconds: np.ndarray, fps: float) -> np.ndarray:
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
    timestamps_seconds: np.ndarray, fps: float, start_seconds: float | None, end_seconds: float | None
) -> tuple[int, int]:
    """Return the indices `[first, stop)` of the frames of a segment, at least one.

    Raises:
        ValueError: the segment lies outside the video, whose duration the message names.
    """
    duration = shown_until(timestamps_seconds, len(timestamps_seconds), fps)
    start = 0.0 if start_seconds is None else start_seconds
    end = duration if end_seconds is None else end_seconds
    lies = f"lie within the video, which lasts {duration:.2f} seconds"
    if start >= duration:
        raise Refusal("start_seconds", lies, start_seconds)
    if end > duration + END_SLACK_SECONDS:
        raise Refusal("end_seconds", lies, end_seconds)
    tolerance = 1e-6
    first = int(np.searchsorted(timestamps_seconds, start - tolerance))
    stop = int(np.searchsorted(timestamps_seconds, end - tolerance))
    if stop > first:
        return first, stop
    return max(first - 1, 0), max(first, 1)


def shown_until(timestamps_seconds: np.ndarray, stop: int, fps: float) -> float:
    """Return the time at which frame `stop - 1` ends; the video's last frame lasts the median step."""
    if stop < len(timestamps_seconds):
        return float(timestamps_seconds[stop])
    return float(timestamps_seconds[-1]) + _usual_step(timestamps_seconds, fps)


def _usual_step(timestamps_seconds: np.ndarray, fps: float) -> float:
    return float(np.median(np.diff(timestamps_seconds))) if len(timestamps_seconds) > 1 else 1 / fps
