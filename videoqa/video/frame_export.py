"""Writes frames of a clip, chosen by their timestamps, as JPEG files while it is decoded."""

import contextlib
import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from videoqa._frame_folders import frame_name
from videoqa.config import ExtractionConfig
from videoqa.video.damage import refuse_damaged
from videoqa.video.decoding import ClipRequest, DecodingError, clip_bounds
from videoqa.video.frame_pass import announced_count, count_frames
from videoqa.video.jpegs import encode_jpeg
from videoqa.video.probing import VideoInfo, probe
from videoqa.video.readers import NUM_DECODER_THREADS, FrameStream, read_frames
from videoqa.video.sampling import indices_on_show
from videoqa.video.timeline import shown_until, steady_timestamps, stored_timestamps
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
    info = probe(request.path)
    times = stored_timestamps(info)
    if not len(times):
        times = count_frames(info)
    chosen = _chosen(info, request, times, settings.fps)
    frames = read_frames(info, num_threads)
    written = _write(info, frames, chosen, folder, settings, to_the_end=not request.is_segment)
    if not request.is_segment:
        refuse_damaged(info, len(written.timestamps), announced_count(info))
    if not written.came_at(times, whole=not request.is_segment):
        times = count_frames(info) if request.is_segment else written.timestamps
        refuse_damaged(info, len(times), announced_count(info))
        chosen = _chosen(info, request, times, settings.fps)
        for path in folder.iterdir():
            path.unlink()
        frames = read_frames(info, num_threads)
        written = _write(info, frames, chosen, folder, settings, to_the_end=False)
    written.check(info, chosen)
    return ExportedFrames(len(chosen), len(chosen) - len(np.unique(chosen)), written.num_bytes)


@dataclass(frozen=True)
class _Written:
    """One pass: `timestamps` of every frame passed, float64 seconds, and `num_bytes` of the files written."""

    timestamps: np.ndarray
    num_bytes: int

    def came_at(self, times: np.ndarray, *, whole: bool) -> bool:
        """Return whether the frames passed have these times and, for a whole clip, this number."""
        seen = self.timestamps
        if len(seen) > len(times) or (whole and len(seen) != len(times)):
            return False
        tolerance = 0.25 * float(np.median(np.diff(times))) if len(times) > 1 else math.inf
        return bool(np.abs(seen - times[: len(seen)]).max() <= tolerance)

    def check(self, info: VideoInfo, chosen: np.ndarray) -> None:
        """Raise `DecodingError` unless the last chosen frame was read."""
        if len(self.timestamps) <= chosen[-1]:
            cause = f"frame {chosen[-1]} was there when the frames were counted and is now missing"
            raise DecodingError(info.path, cause, len(self.timestamps), announced_count(info))


def _chosen(info: VideoInfo, request: ClipRequest, times: np.ndarray, fps: float) -> np.ndarray:
    """Return the index, in the whole video, of each file's frame."""
    first, stop = clip_bounds(info, request, times)
    return first + indices_on_show(times[first:stop], shown_until(times, stop, info.fps), fps)


def _write(
    info: VideoInfo,
    frames: FrameStream,
    chosen: np.ndarray,
    folder: Path,
    settings: ExtractionConfig,
    *,
    to_the_end: bool,
) -> _Written:
    """Go through the video once, up to the last frame wanted or to its end."""
    files: dict[int, list[int]] = defaultdict(list)
    for number, index in enumerate(chosen.tolist()):
        files[index].append(number)
    seconds: list[float] = []
    num_bytes, last, shape = 0, int(chosen[-1]), None
    with contextlib.closing(frames):
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
    if not seconds:
        raise DecodingError(info.path, "the decoder gave no frame", 0, announced_count(info))
    return _Written(steady_timestamps(np.array(seconds, dtype=np.float64), info.fps), num_bytes)


def _save(frame: np.ndarray, folder: Path, numbers: list[int], settings: ExtractionConfig) -> int:
    """Write one frame under each of its numbers and return the bytes."""
    if settings.short_side is not None:
        frame = shrink_short_side(frame, settings.short_side)
    content = encode_jpeg(frame, settings.quality)
    for number in numbers:
        (folder / frame_name(number)).write_bytes(content)
    return len(content) * len(numbers)
