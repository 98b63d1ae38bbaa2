"""When each picture of a film is shown, also where a damaged file no longer holds it."""

import contextlib
from dataclasses import dataclass

import numpy as np

from videoqa.video.frame_pass import times_passed
from videoqa.video.packets import read_packets
from videoqa.video.probing import VideoInfo, open_container, video_stream
from videoqa.video.readers import read_frames
from videoqa.video.timeline import timeline_of

SHORTEST_SECONDS = 0.0005
"""A picture that would be on show for less is none: some cameras split one into two packets."""
CHUNK_HEAD_BYTES = 8
"""Of a chunk of an AVI, whose index says where its head begins."""


@dataclass(frozen=True, eq=False)
class FilmTimes:
    """When each picture of a film is shown.

    Attributes:
        seconds: float64 `(num_pictures,)`, increasing.
        found: int64 `(num_found,)`, the places of those that a damaged file still holds, where only its index
            tells them, -1 for what is none of them; None: the decoder tells them.
    """

    seconds: np.ndarray
    found: np.ndarray | None = None


def film_times(info: VideoInfo) -> FilmTimes:
    """Return the time of every picture: by the packets, else by a pass that only counts.

    Raises:
        DecodingError: it has no picture, or lasts too long.
    """
    timeline = timeline_of(info)
    if not timeline.is_whole and info.kind == "avi":
        listed = _by_index(info)
        if listed is not None:
            return listed
    if len(timeline.seconds) and timeline.decoder_seconds is None:
        return FilmTimes(_distinct(timeline.seconds))
    if len(timeline.seconds):
        return FilmTimes(timeline.seconds)
    with contextlib.closing(read_frames(info)) as frames:
        return FilmTimes(times_passed(info, [seconds for seconds, _ in frames]))


def _distinct(seconds: np.ndarray) -> np.ndarray:
    """Return times without those a moment after another one, of packets that bring no picture."""
    return seconds[np.diff(seconds, prepend=-1.0) > SHORTEST_SECONDS]


def _by_index(info: VideoInfo) -> FilmTimes | None:
    """Return the times in the index of a damaged AVI, whose pictures say none; None if all are there."""
    with open_container(info.path, info.kind) as container:
        stream = video_stream(container, info.path)
        listed = [(entry.pos, entry.timestamp) for entry in stream.index_entries if entry.size]
        tick = float(stream.time_base or 1 / info.fps)
    packets = read_packets(info)
    place_of = {start + CHUNK_HEAD_BYTES: place for place, (start, _) in enumerate(listed)}
    found = np.array([place_of.get(start, -1) for start in packets.starts.tolist()], np.int64)
    ticks = np.array([ticks for _, ticks in listed], np.float64)
    is_usable = len(found) < len(listed) and (found >= 0).any() and (np.diff(ticks) > 0).all()
    return FilmTimes((ticks - ticks[0]) * tick, found) if is_usable else None
