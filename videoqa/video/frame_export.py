"""Writes frames of a clip, chosen by their timestamps, as JPEG files while it is decoded."""

import contextlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from videoqa._frame_folders import frame_name
from videoqa.config import ExtractionConfig
from videoqa.video.damage import refuse_damaged
from videoqa.video.decoding import ClipRequest, DecodingError, clip_bounds
from videoqa.video.frame_pass import announced_count, are_stored_times, count_frames, times_passed
from videoqa.video.jpegs import encode_jpeg
from videoqa.video.probing import VideoInfo, probe
from videoqa.video.readers import NUM_DECODER_THREADS, read_frames
from videoqa.video.sampling import indices_on_show
from videoqa.video.timeline import clip_span, stored_timestamps
from videoqa.video.transforms import resize_and_crop, shrink_short_side


@dataclass(frozen=True)
class ExportedFrames:
    """Counts of what was written of a clip.

    Attributes:
        num_frames: files.
        num_repeated: files that show the same frame as the file before.
        num_bytes: of all files.
    """

    num_frames: int
    num_repeated: int
    num_bytes: int


def export_frames(
    request: ClipRequest, folder: Path, settings: ExtractionConfig, *, num_threads: int = NUM_DECODER_THREADS
) -> ExportedFrames:
    """Write the frames of a clip into a folder as `0000.jpg`, `0001.jpg`, ...

    File k is the frame shown `k / fps` seconds after the clip's first frame. Variable rates come out right,
    and a clip with fewer frames per second has some of them written several times. One forward pass is made,
    as in `decode`. If the number or times of the frames differ from those the container stores, frames are
    chosen again and all files written anew. At most one frame is in memory.

    Args:
        request: the clip, or a segment of it.
        folder: exists, and is empty.
        settings: rate, size and quality.
        num_threads: threads that decode this clip.

    Raises:
        FileNotFoundError, ValueError, DecodingError: as `decode`.
        OSError: the folder cannot be written to, or the disk is full.
    """
    info, is_whole = probe(request.path), not request.is_segment
    times = stored_timestamps(info)
    if not len(times):
        times = count_frames(info)
    chosen = _chosen(info, request, times, settings.fps)
    passed, num_bytes = _write(info, chosen, folder, settings, num_threads, to_the_end=is_whole)
    if is_whole:
        refuse_damaged(info, len(passed), announced_count(info))
    if not are_stored_times(passed, times, is_whole=is_whole):
        times = passed if is_whole else count_frames(info)
        refuse_damaged(info, len(times), announced_count(info))
        chosen = _chosen(info, request, times, settings.fps)
        for path in folder.iterdir():
            path.unlink()
        passed, num_bytes = _write(info, chosen, folder, settings, num_threads, to_the_end=False)
    if len(passed) <= chosen[-1]:
        cause = f"frame {chosen[-1]} was there when the frames were counted and is now missing"
        raise DecodingError(info.path, cause, len(passed), announced_count(info))
    return ExportedFrames(len(chosen), len(chosen) - len(np.unique(chosen)), num_bytes)


def _chosen(info: VideoInfo, request: ClipRequest, times: np.ndarray, fps: float) -> np.ndarray:
    """Return the index, in the whole video, of each file's frame."""
    bounds = clip_bounds(info, request, times)
    inside, end = clip_span(info, times, bounds, (request.start_seconds, request.end_seconds))
    return bounds[0] + indices_on_show(inside, end, fps)


def _write(
    info: VideoInfo,
    chosen: np.ndarray,
    folder: Path,
    settings: ExtractionConfig,
    num_threads: int,
    *,
    to_the_end: bool,
) -> tuple[np.ndarray, int]:
    """Read the video up to the last chosen frame or to its end; return the times passed and bytes written."""
    files: dict[int, list[int]] = defaultdict(list)
    for number, index in enumerate(chosen.tolist()):
        files[index].append(number)
    seconds: list[float] = []
    num_bytes, last, shape = 0, int(chosen[-1]), None
    with contextlib.closing(read_frames(info, num_threads)) as frames:
        for index, (timestamp, retrieve) in enumerate(frames):
            seconds.append(timestamp)
            if index in files:
                frame = retrieve()
                shape = shape or frame.shape[:2]
                if frame.shape[:2] != shape:
                    frame = resize_and_crop(frame, shape)
                num_bytes += _save(frame, folder, files[index], settings)
            if index == last and not to_the_end:
                break
    return times_passed(info, seconds), num_bytes


def _save(frame: np.ndarray, folder: Path, numbers: list[int], settings: ExtractionConfig) -> int:
    """Write one frame under each of its numbers and return the bytes."""
    if settings.short_side is not None:
        frame = shrink_short_side(frame, settings.short_side)
    content = encode_jpeg(frame, settings.quality)
    for number in numbers:
        (folder / frame_name(number)).write_bytes(content)
    return len(content) * len(numbers)
