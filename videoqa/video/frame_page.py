"""`frame_page`: every frame of a clip with its number and time in one HTML file, with a slider and keys."""

import base64
import contextlib
import hashlib
import html
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from videoqa._checks import Refusal, check_integer, check_not_read, refusal
from videoqa._counted import counted
from videoqa._files import write_text
from videoqa._text_normalization import without_controls
from videoqa.video.damage import refuse_damaged
from videoqa.video.decoding import ClipRequest, clip_bounds
from videoqa.video.frame_pass import announced_count, are_stored_times, count_frames, times_passed
from videoqa.video.jpegs import encode_jpeg
from videoqa.video.probing import VideoInfo, probe
from videoqa.video.readers import read_frames
from videoqa.video.timeline import stored_timestamps
from videoqa.video.transforms import shrink_long_side

MOST_FRAMES = 1000
"""Frames in a page by default: some 20 to 40 MB."""
LONG_SIDE = 480
QUALITY = 80
SUFFIXES = (".html", ".htm")


@dataclass(frozen=True)
class FramePage:
    """A page that was written.

    Attributes:
        path: the file.
        num_frames: frames of the clip.
        num_shown: frames in the page.
        step: one frame in so many is shown; 1: all are.
    """

    path: Path
    num_frames: int
    num_shown: int
    step: int


def frame_page(
    video: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str] | None = None,
    start_seconds: float | None = None,
    end_seconds: float | None = None,
    max_frames: int = MOST_FRAMES,
) -> FramePage:
    """Write a page that shows every frame of a clip with its number and its time, and return what it holds.

    The page needs no other file and no network. A slider, buttons and keys go from frame to frame; played, it
    has the clip's own speed. Frames have a long side of at most 480 pixels: they are shrunk, and packed as
    JPEG, while the clip is decoded, so memory depends on `max_frames` and not on the clip.

    Args:
        video: path of a video file or of a folder of frames.
        out: the file, ending in .html; None: `<name of the video>-frames.html` in the current folder.
        start_seconds, end_seconds: a part of the video, `[start, end)`; None: from its start, to its end.
        max_frames: of a longer clip every n-th frame is shown, so that there are at most this many.

    Raises:
        FileNotFoundError: no such video, or no folder for `out`.
        ValueError: another suffix, `max_frames` below 1, or a part outside the video.
        DecodingError: it is no video, or an incomplete one.

    Example:
        >>> page = videoqa.frame_page(videoqa.sample_clip("loading"), out="loading.html")
        >>> page.num_shown == page.num_frames
        True
    """
    check_integer("max_frames", max_frames, minimum=1)
    request = ClipRequest(os.fspath(video), start_seconds, end_seconds)
    target = Path(f"{Path(request.path).stem}-frames.html") if out is None else Path(out)
    if target.suffix.lower() not in SUFFIXES or target.is_dir():
        raise Refusal("out", "be a file ending in .html", os.fspath(target))
    if not target.parent.is_dir():
        raise FileNotFoundError(refusal("out", "lie in an existing folder", os.fspath(target)))
    check_not_read("out", target, [request.path, *Path(request.path).glob("*")])
    read = _read_frames(request, max_frames)
    write_text(target, _page(Path(request.path).name, read))
    return FramePage(target, read.num_frames, len(read.jpegs), read.step)


@dataclass(frozen=True)
class _Read:
    """Frames of a clip: index in the video -> JPEG, their times, and how many the clip has."""

    jpegs: dict[int, bytes]
    seconds: dict[int, float]
    num_frames: int
    step: int


def _read_frames(request: ClipRequest, max_frames: int) -> _Read:
    """Return every frame of a clip, or every n-th, in one pass, or two where the stored times are wrong."""
    info = probe(request.path)
    times = stored_timestamps(info)
    if not len(times):
        times = count_frames(info)
    first, stop = clip_bounds(info, request, times)
    jpegs, step, passed = _pass(info, first, stop if request.is_segment else None, stop - first, max_frames)
    if not request.is_segment:
        refuse_damaged(info, len(passed), announced_count(info))
        return _Read(jpegs, {index: float(passed[index]) for index in jpegs}, len(passed), step)
    if not are_stored_times(passed, times, is_whole=False):
        times = count_frames(info)
        refuse_damaged(info, len(times), announced_count(info))
        first, stop = clip_bounds(info, request, times)
        jpegs, step, passed = _pass(info, first, stop, stop - first, max_frames)
    return _Read(jpegs, {index: float(passed[index]) for index in jpegs}, stop - first, step)


def _pass(
    info: VideoInfo, first: int, stop: int | None, expected: int, max_frames: int
) -> tuple[dict[int, bytes], int, np.ndarray]:
    """Read frames `[first, stop)`; return the JPEGs kept, one in how many that is, and all times passed."""
    jpegs: dict[int, bytes] = {}
    seconds: list[float] = []
    step = max(1, math.ceil(expected / max_frames))
    with contextlib.closing(read_frames(info)) as frames:
        for index, (timestamp, retrieve) in enumerate(frames):
            if index == stop:
                break
            seconds.append(timestamp)
            if index < first or (index - first) % step:
                continue
            if len(jpegs) == max_frames:  # there are more frames than was said
                step *= 2
                jpegs = {each: jpeg for each, jpeg in jpegs.items() if (each - first) % step == 0}
                if (index - first) % step:
                    continue
            jpegs[index] = encode_jpeg(shrink_long_side(retrieve(), LONG_SIDE), QUALITY)
    return jpegs, step, times_passed(info, seconds)


def _page(name: str, read: _Read) -> str:
    """Return the HTML document."""
    here = Path(__file__)
    script = here.with_name("frame_page.js").read_text("utf-8")
    about = f"{counted(len(read.jpegs), 'frame')}, counted from 0 at the start of the video"
    if read.step > 1:
        about = (
            f"One frame in {read.step:,} is shown: {len(read.jpegs):,} of the clip's {read.num_frames:,}, "
            "counted from 0 at the start of the video"
        )
    frames = [
        [index, _known(read.seconds[index]), base64.b64encode(jpeg).decode()]
        for index, jpeg in read.jpegs.items()
    ]
    parts = {
        "title": html.escape(without_controls(os.fsencode(name).decode("utf-8", "replace"))),
        "about": html.escape(f"{about}."),
        "last": str(len(frames) - 1),
        "script_sha256": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        "script": script,
        "frames": json.dumps(frames, separators=(",", ":"), allow_nan=False),
    }
    page = here.with_name("frame_page.html").read_text("utf-8")
    pieces = page.split("@")  # every second one names a part
    return "".join(parts[piece] if place % 2 else piece for place, piece in enumerate(pieces))


def _known(seconds: float) -> float | None:
    """Return a time to the microsecond, None where it is not known."""
    return round(seconds, 6) if math.isfinite(seconds) else None
