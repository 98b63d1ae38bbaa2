"""Finds out whether a video lost frames because its file is damaged."""

import os

import av

from videoqa.video._opencv import FORMATS
from videoqa.video.errors import DecodingError
from videoqa.video.files import cut_short
from videoqa.video.probing import VideoInfo, decoded_frames, open_container, video_stream
from videoqa.video.timeline import least_readable, timeline_of

ENOUGH_OF_ANNOUNCED = 0.9
"""A video that gives fewer of its announced frames is examined for damage."""


def refuse_damaged(info: VideoInfo, found: int, announced: int | None) -> None:
    """Raise `DecodingError` if too few frames were found because the file is damaged."""
    if announced is None or found >= ENOUGH_OF_ANNOUNCED * announced:
        return
    cause = why_damaged(info, found)
    if cause is not None:
        raise DecodingError(info.path, cause, found, announced)


def why_damaged(info: VideoInfo, num_frames_found: int) -> str | None:
    """Return in words what shows that the file is damaged; None if only the header seems wrong."""
    cause = cut_short(info.path, info.kind)
    if cause is not None or info.kind not in FORMATS:
        return cause
    with open_container(info.path, info.kind) as container:
        frames = decoded_frames(container, video_stream(container, info.path))
        failures = sum(isinstance(frame, av.FFmpegError) for frame in frames)
    if failures:
        return f"the file is corrupt: {failures} of its packets cannot be decoded"
    if _num_indexed_frames(info) > num_frames_found:
        return "the file is corrupt: frames that its index lists cannot be found"
    timeline, size = timeline_of(info), os.path.getsize(info.path)
    if timeline.is_whole:
        return None
    reached = timeline.bytes_read
    if reached < least_readable(info, size) or (info.kind == "asf" and timeline.hole is None):
        return f"the file is corrupt: it can be read only up to byte {reached:,} of {size:,}"
    if timeline.hole is None:
        return None
    start, end = timeline.hole
    return f"the file is corrupt: it holds no frames from {start:.1f} to {end:.1f} seconds"


def _num_indexed_frames(info: VideoInfo) -> int:
    """Return how many frames the container's index lists; 0 for kinds that list only key frames."""
    if info.kind not in ("mov", "avi"):
        return 0
    with open_container(info.path, info.kind) as container:
        return sum(entry.size > 0 for entry in video_stream(container, info.path).index_entries)
