"""Reads all frames of a video in order, by OpenCV, by PyAV or from JPEGs, behind one interface."""

import contextlib
import functools
import os
from collections.abc import Callable, Generator

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from videoqa._frame_folders import frame_files
from videoqa.video._opencv import cv2, open_capture
from videoqa.video.errors import DecodingError
from videoqa.video.jpeg_folders import read_frame
from videoqa.video.limits import FRAMES, check_limit
from videoqa.video.probing import VideoInfo, decoded_frames, open_container, video_stream

NUM_DECODER_THREADS = min(4, os.cpu_count() or 1)
"""Threads of FFmpeg per open video. OpenCV's own thread pool (`cv2.setNumThreads`) is not touched here."""

FrameStream = Generator[tuple[float, Callable[[], np.ndarray]], None, None]
"""Yields `(timestamp_seconds, retrieve)` per frame; call `retrieve` before asking for the next one."""


def read_with_opencv(info: VideoInfo, num_threads: int = NUM_DECODER_THREADS) -> FrameStream:
    """Yield every frame as it is shown, converted to uint8 RGB only when `retrieve` is called."""
    capture = open_capture(info.path, [cv2.CAP_PROP_N_THREADS, num_threads])
    try:
        if not capture.isOpened():
            raise DecodingError(info.path, "OpenCV cannot open it")
        capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)  # it knows no mirrored frames: see `Presentation`
        index = 0
        while capture.grab():
            seconds = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000 if info.has_timestamps else index / info.fps
            yield seconds, lambda: _retrieve(capture, info)
            index += 1
    finally:
        capture.release()


def read_with_pyav(info: VideoInfo, num_threads: int = NUM_DECODER_THREADS) -> FrameStream:
    """Yield every frame that can be decoded, as `read_with_opencv` does."""
    converter = VideoReformatter()
    with open_container(info.path, info.kind, num_threads) as container:
        stream = video_stream(container, info.path)
        start = stream.start_time or 0
        index = 0
        for frame in decoded_frames(container, stream):
            if not isinstance(frame, av.VideoFrame):
                continue
            stamped = info.has_timestamps and frame.pts is not None
            seconds = float((frame.pts - start) * frame.time_base) if stamped else index / info.fps  # type: ignore[operator]
            yield seconds, functools.partial(frame_as_shown, info, frame, converter)
            index += 1


def frame_as_shown(info: VideoInfo, frame: av.VideoFrame, converter: VideoReformatter) -> np.ndarray:
    """Return a frame as it is shown, uint8 RGB; one converter for all frames saves most of the time."""
    return info.presentation(converter.reformat(frame, format="rgb24").to_ndarray())


def read_jpeg_folder(info: VideoInfo, num_threads: int = 1) -> FrameStream:
    """Yield every frame of a folder, at the times its rate gives; decoded only when `retrieve` is called."""
    shape = (info.height, info.width)
    for index, name in enumerate(frame_files(info.path).values()):
        yield index / info.fps, functools.partial(read_frame, info.path, name, shape)


READERS: dict[str, Callable[..., FrameStream]] = {"opencv": read_with_opencv, "pyav": read_with_pyav}
"""Decoder -> its reader of video files."""


def read_frames(info: VideoInfo, num_threads: int = NUM_DECODER_THREADS) -> FrameStream:
    """Yield every frame of a video file or a folder of frames, by the decoder that `info` names.

    Raises:
        DecodingError: it cannot be opened, or has more frames than the limit.
    """
    most = FRAMES.value
    with contextlib.closing(READERS.get(info.decoder_name, read_jpeg_folder)(info, num_threads)) as frames:
        for index, frame in enumerate(frames):
            if index == most:
                check_limit(FRAMES, info.path, index + 1)
            yield frame


def _retrieve(capture: cv2.VideoCapture, info: VideoInfo) -> np.ndarray:
    retrieved, frame = capture.retrieve()
    if not retrieved or frame is None or frame.ndim != 3 or frame.shape[2] != 3:
        raise DecodingError(info.path, f"OpenCV cannot convert a frame of codec {info.codec!r} to colours")
    return info.presentation(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
