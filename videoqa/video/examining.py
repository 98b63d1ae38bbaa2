"""Examines a video for the audit in one forward pass: frame count, segments, movement, thumbnails."""

import base64
import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from videoqa.config import SamplingConfig
from videoqa.video._opencv import cv2
from videoqa.video.damage import refuse_damaged
from videoqa.video.decoding import ClipRequest, decode
from videoqa.video.errors import DecodingError
from videoqa.video.frame_pass import announced_count, times_passed
from videoqa.video.jpegs import encode_jpeg
from videoqa.video.picture_damage import LookedAt, look_at_pictures
from videoqa.video.probing import VideoInfo, decoder_names, probe
from videoqa.video.readers import read_frames
from videoqa.video.timeline import segment_bounds, timeline_of, video_seconds
from videoqa.video.transforms import shrink_long_side

LOOKED_FRAMES = 64
"""About how many frames are looked at in the whole video and in its shortest segment."""
BLOCKS, FEWEST_BLOCK_PIXELS = 32, 10
"""Frames are compared by mean grey levels of blocks: `BLOCKS` along the long side, or fewer, so that each has
at least `FEWEST_BLOCK_PIXELS` a side and the codec's noise averages out."""
THUMBNAIL_LONG_SIDE = 160
JPEG_QUALITY = 80
MAX_THUMBNAILS = 64

Segment = tuple[float | None, float | None]
WHOLE: Segment = (None, None)


@dataclass
class _Looked:
    """Block means and thumbnails of the frames looked at."""

    indices: list[int] = field(default_factory=list)
    blocks: list[np.ndarray] = field(default_factory=list)
    thumbnails: list[np.ndarray] = field(default_factory=list)
    thumbnail_step: int = 1
    last_thumbnail: np.ndarray | None = None

    def add(self, index: int, frame: np.ndarray) -> None:
        """Keep the block means of a frame and, now and then, a thumbnail."""
        grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)
        self.blocks.append(shrink_long_side(grey, num_blocks(*grey.shape)))
        self.indices.append(index)
        self.last_thumbnail = shrink_long_side(frame, THUMBNAIL_LONG_SIDE)
        if (len(self.indices) - 1) % self.thumbnail_step == 0:
            self.thumbnails.append(self.last_thumbnail)
        if len(self.thumbnails) > MAX_THUMBNAILS:
            self.thumbnails = self.thumbnails[::2]
            self.thumbnail_step *= 2

    def change(self, first: int, stop: int) -> tuple[float, int]:
        """Return the largest change of any block, in grey levels, and the number of frames looked at."""
        begin, end = np.searchsorted(self.indices, (first, stop))
        blocks = [block for block in self.blocks[begin:end] if block.shape == self.blocks[0].shape]
        if not blocks:
            return 0.0, 0
        return float(np.ptp(np.stack(blocks), axis=0).max()), len(blocks)

    def first_middle_last(self) -> list[np.ndarray]:
        """Return three thumbnails, or none."""
        if self.last_thumbnail is None:
            return []
        return [self.thumbnails[0], self.thumbnails[len(self.thumbnails) // 2], self.last_thumbnail]


def examine(path: str, segments: Sequence[Segment] = ()) -> dict[str, Any]:
    """Return the facts that one forward pass over a whole video gives, ready for JSON.

    Args:
        path: of a local video file.
        segments: `(start_seconds, end_seconds)` of parts to report on besides the whole.

    Returns:
        "video": `codec`, `width`, `height`, `pixel_aspect` (of stored pixels, width by height), `fps`,
        `decoder`, `frames_announced` (None: not at all), `is_count_stored`, `frames_decoded`,
        `frames_damaged`, `clock_jumps` (of each when it is and the seconds left out), `seconds`;
        "fingerprint": sha256 of the count and of the frames 0, 1, 2, 4, 8, ...; "failure": None, or why
        `decode` refuses the whole video; "segments": by `segment_name`, also for the whole video: the number
        of `frames`, the largest `change` of any block in grey levels, the frames `looked` at for that, the
        `damage` of its pictures in words or None, and the `error` of `decode`; "thumbnails": first, middle
        and last frame as JPEG in base64.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a directory or a URL.
        DecodingError: no video, or one that gives no frame.
    """
    info = probe(path)
    looked, timestamps, fingerprint = _pass(info, segments)
    failure = _failure(info, len(timestamps))
    pictures = look_at_pictures(info)
    return {
        "video": {
            "codec": info.codec,
            "width": info.width,
            "height": info.height,
            "pixel_aspect": round(float(info.presentation.pixel_aspect), 4),
            "fps": info.fps,
            "decoder": decoder_names()[info.decoder_name],
            "frames_announced": announced_count(info),
            "is_count_stored": info.is_count_stored,
            "frames_decoded": len(timestamps),
            "frames_damaged": pictures.within().num_suspect,
            "clock_jumps": [list(jump) for jump in timeline_of(info).jumps],
            "seconds": _seconds(info, timestamps),
        },
        "fingerprint": fingerprint,
        "failure": failure,
        "segments": {
            segment_name(segment): _segment(
                info, segment, timestamps, looked, pictures, is_damaged=failure is not None
            )
            for segment in (WHOLE, *segments)
        },
        "thumbnails": [_as_jpeg(image) for image in looked.first_middle_last()],
    }


def num_blocks(height: int, width: int) -> int:
    """Return how many blocks the long side of a frame is compared in."""
    return max(1, min(BLOCKS, max(height, width) // FEWEST_BLOCK_PIXELS))


def segment_name(segment: Segment) -> str:
    """Return the name of a segment in what `examine` returns."""
    return f"{segment[0]}-{segment[1]}"


def failure_of(error: DecodingError) -> dict[str, Any]:
    """Return a `DecodingError` without its path, which copies of a file do not share."""
    return {
        "cause": error.cause,
        "frames_read": error.frames_read,
        "frames_announced": error.frames_announced,
    }


def _pass(info: VideoInfo, segments: Sequence[Segment]) -> tuple[_Looked, np.ndarray, str]:
    """Go through the whole video once."""
    step, looked = _look_step(info, segments), _Looked()
    seconds: list[float] = []
    digest = hashlib.sha256()
    with contextlib.closing(read_frames(info)) as frames:
        for index, (timestamp, retrieve) in enumerate(frames):
            seconds.append(timestamp)
            is_looked_at, is_digested = index % step == 0, index & (index - 1) == 0
            if is_looked_at or is_digested:
                frame = retrieve()
                if is_digested:
                    digest.update(repr(frame.shape).encode())
                    digest.update(np.ascontiguousarray(frame).data)
                if is_looked_at:
                    looked.add(index, frame)
    times = times_passed(info, seconds)
    digest.update(str(len(seconds)).encode())
    return looked, times, digest.hexdigest()


def _seconds(info: VideoInfo, timestamps: np.ndarray) -> float:
    """Return how long a video lasts, by its count and mean rate where these say it."""
    if timeline_of(info).is_plain:
        return len(timestamps) / info.fps
    return video_seconds(info, timestamps)


def _look_step(info: VideoInfo, segments: Sequence[Segment]) -> int:
    """Return the step from one frame to look at to the next."""
    extents = [announced_count(info) or 0]
    for start, end in segments:
        if end is not None:
            extents.append(int((end - (start or 0)) * info.fps))
    return max(1, min(extents) // LOOKED_FRAMES)


def _failure(info: VideoInfo, count: int) -> dict[str, Any] | None:
    try:
        refuse_damaged(info, count, announced_count(info))
    except DecodingError as error:
        return failure_of(error)
    return None


def _segment(
    info: VideoInfo,
    segment: Segment,
    timestamps: np.ndarray,
    looked: _Looked,
    pictures: LookedAt,
    *,
    is_damaged: bool,
) -> dict[str, Any]:
    """Return the facts of one segment; in a damaged video `decode` is tried, as some segments still work."""
    error: dict[str, Any] | None = None
    try:
        if is_damaged and segment != WHOLE:
            decode(ClipRequest(info.path, *segment), SamplingConfig(1), frame_size=(16, 16))
        first, stop = segment_bounds(timestamps, video_seconds(info, timestamps), *segment)
    except DecodingError as refused:
        first, stop, error = 0, 0, failure_of(refused)
    except ValueError as refused:
        first, stop, error = 0, 0, {"cause": str(refused), "outside": True}
    change, num_looked = looked.change(first, stop)
    damage = pictures.within(first, stop)
    return {
        "frames": stop - first,
        "change": change,
        "looked": num_looked,
        "damage": str(damage) if damage.num_suspect else None,
        "error": error,
    }


def _as_jpeg(image: np.ndarray) -> str:
    return base64.b64encode(encode_jpeg(image, JPEG_QUALITY)).decode("ascii")
