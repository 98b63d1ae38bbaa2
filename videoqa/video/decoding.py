"""Decodes the sampled frames of a clip; `decode` is the only entry."""

from dataclasses import dataclass

import numpy as np

from videoqa._checks import Refusal, check_number
from videoqa.config import SamplingConfig
from videoqa.video.damage import refuse_damaged
from videoqa.video.errors import DecodingError
from videoqa.video.frame_pass import FramePass, announced_count, are_stored_times, count_frames
from videoqa.video.limits import check_seconds
from videoqa.video.probing import VideoInfo, choose_decoder, decoder_names, probe
from videoqa.video.sampling import (
    grid_indices,
    grid_indices_in_time,
    regular_indices_in_time,
    regular_indices_on_show,
)
from videoqa.video.timeline import (
    DELAYED_KINDS,
    clip_span,
    is_uneven,
    segment_bounds,
    stored_timestamps,
    timeline_of,
    video_seconds,
)
from videoqa.video.transforms import Fit, FrameFit, LongSideFit

__all__ = [
    "STATUSES",
    "ClipRequest",
    "DecodedClip",
    "DecodingError",
    "choose_decoder",
    "clip_bounds",
    "decode",
    "decoder_names",
    "probe",
]

STATUSES = ("ok", "short_header")
"""Decoded as announced, or with a frame count that was corrected by counting."""


@dataclass(frozen=True)
class ClipRequest:
    """A video file or folder of frames, or the segment `[start_seconds, end_seconds)` of it.

    Attributes:
        path: of a local video file, or of a folder of JPEGs `0000.jpg`, `0001.jpg`, ...
        start_seconds, end_seconds: as a player shows them; None: the start or end of the video.
    """

    path: str
    start_seconds: float | None = None
    end_seconds: float | None = None

    def __post_init__(self) -> None:
        for name in ("start_seconds", "end_seconds"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), minimum=0)
        if self.end_seconds is not None and self.end_seconds <= (self.start_seconds or 0):
            requirement = f"be after start_seconds={self.start_seconds}"
            raise Refusal("end_seconds", requirement, self.end_seconds)

    @property
    def is_segment(self) -> bool:
        """Whether less than the whole file is asked for."""
        return self.start_seconds is not None or self.end_seconds is not None


@dataclass(frozen=True)
class DecodedClip:
    """The sampled frames of a clip.

    Attributes:
        frames: uint8 RGB `(num_sampled, height, width, 3)`, upright.
        timestamps_seconds: float64 `(num_sampled,)`, as a player shows them.
        frame_count: frames in the clip (in the segment, if one was asked for).
        fps: mean frames per second by the header.
        status: one of `STATUSES`.
        decoder: name and version of the decoder.
        indices: int64 `(num_sampled,)`, of each frame in the whole video.
    """

    frames: np.ndarray
    timestamps_seconds: np.ndarray
    frame_count: int
    fps: float
    status: str
    decoder: str
    indices: np.ndarray


def decode(
    request: ClipRequest,
    sampling: SamplingConfig,
    *,
    frame_size: tuple[int, int] | None = None,
    keep_surplus: bool = False,
    long_side: int | None = None,
) -> DecodedClip:
    """Return the sampled frames of a clip, read in one forward pass that stops after the last one wanted.

    At an even rate, frames of a whole video are chosen by the header's frame count. If that count is missing
    or absurd, or the video turns out shorter or longer, the frames are counted and chosen again, and the
    status is "short_header". A video is refused if it gives less than 90 % of the announced frames and its
    file is damaged (see `why_damaged`). Damage inside a picture that the decoder conceals is not: see
    `look_at_pictures`.

    A segment has the frames with `start_seconds <= timestamp < end_seconds`, or if there are none, the frame
    shown at its start. An end up to one second after the video's end is cut to it.

    At an uneven rate, frames are chosen regularly in time, and with `frames_per_second` by when they are on
    show, in whole videos as in segments, by the times of the packets. If the decoder's times differ, the
    frames are counted and chosen again as above.

    Args:
        request: what to decode.
        sampling: which frames of it.
        frame_size: `(height, width)` in pixels, to which `resize_and_crop` brings each frame while decoding,
            so that memory stays small; None: frames stay as they are.
        keep_surplus: use `resize_with_surplus` instead, for crops made later.
        long_side: without `frame_size`: pixels to which `shrink_long_side` brings each frame; None: no limit.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a directory without frames, a URL, or a segment outside the video or before its pictures.
        DecodingError: no video or folder of frames, or an incomplete one.
    """
    info = probe(request.path)
    fit: Fit | None = None if long_side is None else LongSideFit(long_side)
    if frame_size is not None:
        fit = FrameFit(frame_size, keep_surplus)
    if request.is_segment or sampling.frames_per_second is not None or not timeline_of(info).is_plain:
        return _decode_by_time(info, request, sampling, fit)
    return _decode_whole(info, sampling, fit)


def _decode_whole(info: VideoInfo, sampling: SamplingConfig, fit: Fit | None) -> DecodedClip:
    announced = announced_count(info)
    count = announced or len(stored_timestamps(info)) or len(count_frames(info))
    indices = grid_indices(count, sampling)
    done = FramePass(info, indices, fit, expected_count=count)
    if done.ended and len(done.timestamps) != count:
        count = len(done.timestamps)
        refuse_damaged(info, count, announced)
        indices = grid_indices(count, sampling)
        done = FramePass(info, indices, fit)
    return _clip(done, indices, count, "ok" if count == announced else "short_header")


def _decode_by_time(
    info: VideoInfo, request: ClipRequest, sampling: SamplingConfig, fit: Fit | None
) -> DecodedClip:
    timestamps, status = stored_timestamps(info), "ok"
    if not len(timestamps):
        timestamps, status = count_frames(info), "short_header"
    expected_count = None
    if not request.is_segment:
        expected_count = len(timestamps)
        refuse_damaged(info, expected_count, announced_count(info))
    indices, count = _indices_by_time(info, request, sampling, timestamps)
    done = FramePass(info, indices, fit, expected_count)
    if not are_stored_times(done.timestamps, timestamps, is_whole=done.ended):
        timestamps, status = count_frames(info), "short_header"
        refuse_damaged(info, len(timestamps), announced_count(info))
        indices, count = _indices_by_time(info, request, sampling, timestamps)
        done = FramePass(info, indices, fit)
    return _clip(done, indices, count, status)


def _indices_by_time(
    info: VideoInfo, request: ClipRequest, sampling: SamplingConfig, timestamps: np.ndarray
) -> tuple[np.ndarray, int]:
    """Return the indices in the whole video of a clip's sampled frames, and how many frames it has."""
    first, stop = bounds = clip_bounds(info, request, timestamps)
    inside, end = clip_span(info, timestamps, bounds, (request.start_seconds, request.end_seconds))
    return first + indices_in_span(info, inside, end, sampling), stop - first


def indices_in_span(
    info: VideoInfo, inside: np.ndarray, end_seconds: float, sampling: SamplingConfig
) -> np.ndarray:
    """Return which of the frames of a clip are sampled by their times: int64 `(num_sampled,)`.

    Args:
        info: of the video.
        inside: float64 seconds of the frames of the clip, increasing.
        end_seconds: when the last of them is no longer shown.
        sampling: how to choose.
    """
    if sampling.frames_per_second is not None:
        return grid_indices_in_time(inside, end_seconds, sampling)
    stays = info.kind in DELAYED_KINDS and is_uneven(np.append(inside, end_seconds))
    if sampling.frame_step is None and stays:
        return regular_indices_on_show(inside, end_seconds, sampling.num_frames)
    if sampling.frame_step is None and is_uneven(inside):
        return regular_indices_in_time(inside, sampling.num_frames)
    return grid_indices(len(inside), sampling)


def _clip(done: FramePass, indices: np.ndarray, count: int, status: str) -> DecodedClip:
    """Return the clip made of the frames at `indices`."""
    frames, timestamps_seconds = done.stacked(indices)
    return DecodedClip(
        frames=frames,
        timestamps_seconds=timestamps_seconds,
        frame_count=count,
        fps=done.info.fps,
        status=status,
        decoder=decoder_names()[done.info.decoder_name],
        indices=indices,
    )


def clip_bounds(info: VideoInfo, request: ClipRequest, timestamps: np.ndarray) -> tuple[int, int]:
    """Return the indices `[first, stop)` of a clip's frames among those of the video.

    Args:
        info: of the video.
        request: the clip.
        timestamps: float64 seconds of every frame of the video.

    Raises:
        ValueError: a segment outside the video.
        DecodingError: it lies outside because the damaged file lacks frames, or the video lasts too long.
    """
    check_seconds(info.path, timestamps)
    if not request.is_segment:
        return 0, len(timestamps)
    try:
        return segment_bounds(
            timestamps,
            video_seconds(info, timestamps),
            request.start_seconds,
            request.end_seconds,
        )
    except ValueError:
        refuse_damaged(info, len(timestamps), announced_count(info))
        raise
