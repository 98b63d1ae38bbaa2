"""Probes a video before it is used: size, rate, announced frames, and which decoder reads it."""

import functools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib import metadata

import av

from videoqa.video._opencv import cv2, open_capture
from videoqa.video.codec_tags import codec_tag
from videoqa.video.errors import DecodingError
from videoqa.video.files import broken_gif, check_video_file, cut_short
from videoqa.video.interlacing import may_be_interlaced
from videoqa.video.jpeg_folders import KIND as JPEG_FOLDER
from videoqa.video.jpeg_folders import is_frames_folder, probe_folder
from videoqa.video.limits import BYTES, FRAMES, PIXELS, STREAMS, check_limit, limits_now
from videoqa.video.presentation import Presentation, presentation_of
from videoqa.video.sequence_headers import SequenceWatch

DECODERS = ("opencv", "pyav", JPEG_FOLDER)
_PACKAGES = {"opencv": "opencv-python-headless", "pyav": "av", JPEG_FOLDER: "opencv-python-headless"}
_RAW_KINDS = ("h264", "hevc", "dv", "mxf")
"""Kinds that only PyAV reads here: raw streams, of which OpenCV makes up times, and those of cameras."""
_UNSTAMPED_KINDS = ("avi", "mpegvideo", "yuv4mpegpipe", "h264", "hevc")
"""Containers without presentation times: a frame's time is its index divided by the rate."""
DEFAULT_FPS = 25.0
MAX_FPS = 1000.0
MAX_FAILURES_IN_A_ROW = 256
MOST_PIXELS_OF_FFMPEG = 2**31 - 1
"""FFmpeg takes no higher limit."""


@dataclass(frozen=True)
class VideoInfo:
    """Facts about a video file, by its header and first frame, or about a folder of frames.

    Attributes:
        path: absolute path.
        kind: container, one of `FORMATS`, or "jpeg_folder".
        width, height: in pixels, of the frame as shown: upright, with square pixels.
        fps: mean frames per second by the header; 25 if that is unusable.
        frame_count_header: frames announced, or else duration times rate; may be 0 or wrong.
        is_count_stored: whether the header states the count, so that it is not estimated.
        duration_seconds: by the header; None if it does not say.
        codec: FFmpeg's name of the codec.
        decoder_name: one of `DECODERS`.
        has_timestamps: whether the container stores the time of each frame.
        presentation: how stored frames become shown ones.
    """

    path: str
    kind: str
    width: int
    height: int
    fps: float
    frame_count_header: int
    is_count_stored: bool
    duration_seconds: float | None
    codec: str
    decoder_name: str
    has_timestamps: bool
    presentation: Presentation = Presentation()


def probe(path: str | os.PathLike[str]) -> VideoInfo:
    """Return the facts about a video file or a folder of frames.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a directory without frames, or a URL.
        DecodingError: no video, no frame can be decoded, or more than a limit of `limits.py`; for folders as
            `probe_folder`.
    """
    if is_frames_folder(path):
        return _of_folder(os.path.abspath(os.fsdecode(path)))
    absolute, kind = check_video_file(path)
    stat = os.stat(absolute)
    return _probe_once(absolute, kind, stat.st_size, stat.st_mtime_ns, limits_now())


def choose_decoder(path: str | os.PathLike[str]) -> str:
    """Return which of `DECODERS` reads a file.

    OpenCV is the fastest and reads most files. PyAV reads codecs that OpenCV's build cannot decode (AV1, and
    all that FFmpeg decodes by an outside library) and interlaced video, of which OpenCV silently returns
    wrong pictures; H.264 counts as interlaced if its sequence header allows it, as each frame may differ.
    Both give equal pixels for 8-bit video. Folders of JPEGs have their own reader. Raises as `probe`.
    """
    return probe(path).decoder_name


@functools.cache
def decoder_names() -> dict[str, str]:
    """Return the name and version of each decoder, for example `{"opencv": "opencv 5.0.0.93", ...}`."""
    return {name: f"{name} {_version(package)}" for name, package in _PACKAGES.items()}


def library_versions() -> str:
    """Return the versions of FFmpeg's libraries inside PyAV and inside OpenCV, in words."""
    ours = ", ".join(f"{name} {'.'.join(map(str, version))}" for name, version in av.library_versions.items())
    lines = (line.split() for line in cv2.getBuildInformation().splitlines())
    theirs = ", ".join(
        f"{words[0].rstrip(':')} {words[-1].strip('()')}"
        for words in lines
        if words and words[0] in ("avcodec:", "avformat:")
    )
    return f"PyAV with {ours}; OpenCV with {theirs or 'no FFmpeg'}"


def open_container(path: str, kind: str, num_threads: int = 1) -> av.container.InputContainer:
    """Return a file opened by the demuxer of its kind and no other.

    Raises:
        DecodingError: the container cannot be read.
    """
    try:
        container = av.open(
            path, format=kind, options={"protocol_whitelist": "file"}, metadata_errors="replace"
        )
    except (av.FFmpegError, OSError) as error:
        cause = cut_short(path, kind) or f"the container cannot be read ({error.strerror})"
        raise DecodingError(path, cause) from error
    for stream in container.streams.video:
        if stream.codec_context is not None:
            stream.codec_context.options = {"max_pixels": str(min(PIXELS.value, MOST_PIXELS_OF_FFMPEG))}
            stream.codec_context.thread_count = num_threads
            stream.codec_context.thread_type = "AUTO"
    return container


def video_stream(container: av.container.InputContainer, path: str) -> av.video.stream.VideoStream:
    """Return the first video stream with pictures that is no cover picture.

    Raises:
        DecodingError: there is none, or only ones of unknown codecs.
    """
    streams = _film_streams(container)
    if not streams:
        what = "sound only" if container.streams.audio else "neither picture nor sound"
        raise DecodingError(path, f"it holds {what}, no video stream")
    known = [stream for stream in streams if stream.codec_context is not None]
    if not known:
        cause = f"its video codec {codec_tag(container, streams[0], path)} is not known to FFmpeg"
        raise DecodingError(path, f"{cause}; export it anew, for example as H.264")
    with_pictures = [stream for stream in known if stream.codec_context.width] or known
    return next((stream for stream in with_pictures if stream.frames), with_pictures[0])


def decoded_frames(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> Iterator[av.VideoFrame | av.FFmpegError]:
    """Yield the frames in order; for a packet that cannot be decoded, yield the error instead.

    Where MPEG-2 pictures of another form begin, as in joined pieces, the decoder is emptied first.
    """
    packets = container.demux(stream)
    watch = SequenceWatch() if stream.codec_context.name == "mpeg2video" else None
    num_failures_in_a_row = 0
    while num_failures_in_a_row < MAX_FAILURES_IN_A_ROW:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            held = _emptied(stream) if watch is not None and watch.changes(packet) else []
            frames = held + packet.decode()
            num_failures_in_a_row = 0
        except av.FFmpegError as error:
            num_failures_in_a_row += 1
            yield error
        except IndexError:  # PyAV's at the end of a file in which streams appeared meanwhile
            return
        else:
            yield from frames


def _emptied(stream: av.video.stream.VideoStream) -> list[av.VideoFrame]:
    """Return the frames that a decoder still holds, and make it ready for the next packet."""
    frames = stream.codec_context.decode(None)
    stream.codec_context.flush_buffers()
    for frame in frames:
        frame.time_base = stream.time_base
    return frames


@functools.lru_cache(maxsize=4096)
def _probe_once(path: str, kind: str, size: int, mtime_ns: int, limits: tuple[int, ...]) -> VideoInfo:
    """Probe a file; remembered until its size, its mtime or a limit changes."""
    check_limit(BYTES, path, size)
    broken = broken_gif(path) if kind == "gif" else None
    if broken is not None:
        raise DecodingError(path, broken)
    with open_container(path, kind) as container:
        check_limit(STREAMS, path, len(container.streams))
        stream = video_stream(container, path)
        context = stream.codec_context
        check_limit(PIXELS, path, context.width * context.height)
        seconds = _duration_seconds(container, stream)
        fps = _usable_fps(stream.average_rate) or _usable_fps(stream.guessed_rate) or DEFAULT_FPS
        count = stream.frames or (round(seconds * fps) if seconds else 0)
        frame = _first_frame(container, stream, path, count)
        presentation = presentation_of(stream, frame)
        height, width = presentation.size(frame.height, frame.width)
        check_limit(PIXELS, path, height * width)
        use_pyav = (
            may_be_interlaced(context)
            or frame.interlaced_frame
            or context.codec.name.startswith("lib")
            or kind in _RAW_KINDS
            or stream.index != _film_streams(container)[0].index  # OpenCV reads the first
            or (kind == "mpegts" and not _opens_with_opencv(path))  # it wants more packets to know one
        )
        return VideoInfo(
            path=path,
            kind=kind,
            width=width,
            height=height,
            fps=fps,
            frame_count_header=count,
            is_count_stored=stream.frames > 0,
            duration_seconds=seconds,
            codec=context.name,
            decoder_name="pyav" if use_pyav else "opencv",
            has_timestamps=kind not in _UNSTAMPED_KINDS,
            presentation=presentation,
        )


def _opens_with_opencv(path: str) -> bool:
    """Return whether OpenCV opens a video and learns the size of its pictures."""
    capture = open_capture(path)
    try:
        return capture.isOpened() and capture.get(cv2.CAP_PROP_FRAME_WIDTH) > 0
    finally:
        capture.release()


def _of_folder(path: str) -> VideoInfo:
    """Return the facts about a folder of frames."""
    found = probe_folder(path)
    check_limit(FRAMES, path, found.num_frames)
    return VideoInfo(
        path=path,
        kind=JPEG_FOLDER,
        width=found.width,
        height=found.height,
        fps=found.fps,
        frame_count_header=found.num_frames,
        is_count_stored=found.is_count_stored,
        duration_seconds=found.num_frames / found.fps,
        codec="mjpeg",
        decoder_name=JPEG_FOLDER,
        has_timestamps=False,
    )


def _first_frame(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream, path: str, announced: int
) -> av.VideoFrame:
    """Return the first frame that can be decoded."""
    error: av.FFmpegError | None = None
    for frame in decoded_frames(container, stream):
        if isinstance(frame, av.VideoFrame):
            return frame
        error = error or frame
    cause = f"not one frame can be decoded ({error or 'the stream is empty'})"
    raise DecodingError(path, cause, frames_read=0, frames_announced=announced if announced > 0 else None)


def _duration_seconds(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> float | None:
    """Return the duration of the stream, else of the file, as announced."""
    if stream.duration is not None and stream.duration > 0:
        return float(stream.duration * (stream.time_base or 0))
    if container.duration is not None and container.duration > 0:
        return container.duration / av.time_base
    return None


def _film_streams(container: av.container.InputContainer) -> list[av.video.stream.VideoStream]:
    """Return the video streams that are no cover pictures."""
    return [stream for stream in container.streams.video if not is_cover_picture(stream)]


def is_cover_picture(stream: av.video.stream.VideoStream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _usable_fps(rate: Fraction | None) -> float | None:
    return float(rate) if rate and 0 < rate <= MAX_FPS else None


def _version(package: str) -> str:
    """Return the version of an installed package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"
