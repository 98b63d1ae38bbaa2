"""Video files written on the spot."""

import contextlib
import os
import struct
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from videoqa.video._opencv import cv2

HEIGHT, WIDTH = 48, 64


def numbered_frame(number: int) -> np.ndarray:
    """Return a uint8 RGB frame that carries its number in red and green, and an arrow of colours in place."""
    frame = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    frame[..., 0] = number % 256
    frame[..., 1] = number // 256
    frame[: HEIGHT // 2, : WIDTH // 2, 2] = 200
    return frame


@pytest.fixture
def write_numbered(tmp_path: Path) -> Callable[..., str]:
    """Return a function that writes numbered frames losslessly to an .avi and returns its path."""

    def write(
        numbers: range | list[int], name: str = "clip.avi", codec: str = "FFV1", fps: float = 10
    ) -> str:
        path = str(tmp_path / name)
        writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*codec), fps, (WIDTH, HEIGHT))
        assert writer.isOpened()
        for number in numbers:
            writer.write(cv2.cvtColor(numbered_frame(number), cv2.COLOR_RGB2BGR))
        writer.release()
        return path

    return write


@contextlib.contextmanager
def kept_scheduling() -> Iterator[None]:
    """Give this thread back its scheduling: SVT-AV1, where it may, makes its caller a real-time thread, which
    with its child processes would then keep every other process waiting."""
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)


@pytest.fixture
def write_encoded(tmp_path: Path) -> Callable[..., str]:
    """Return a function that encodes grey frames of rising brightness with PyAV and returns the path.

    Frame `i` has the grey level `8 * i`; `times` are in milliseconds.
    """

    def write(name: str, codec: str, times: list[int], movflags: str = "", **options: str) -> str:
        path = str(tmp_path / name)
        muxing = {"movflags": movflags} if movflags else {}
        with kept_scheduling(), av.open(path, "w", options=muxing) as container:
            stream = container.add_stream(codec, rate=25, options=options)
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            ticks = 25 if all(milliseconds % 40 == 0 for milliseconds in times) else 1000
            stream.codec_context.time_base = stream.time_base = Fraction(1, ticks)
            for index, milliseconds in enumerate(times):
                grey = np.full((HEIGHT, WIDTH, 3), 8 * index, dtype=np.uint8)
                frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
                frame.pts = milliseconds * ticks // 1000
                frame.time_base = Fraction(1, ticks)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return write


@pytest.fixture
def write_noisy(tmp_path: Path) -> Callable[..., str]:
    """Return a function that encodes frames of noise, all about equally large, and returns the path."""

    def write(name: str, codec: str, num_frames: int) -> str:
        path, rng = str(tmp_path / name), np.random.default_rng(0)
        with kept_scheduling(), av.open(path, "w") as container:
            stream = container.add_stream(codec, rate=25)
            stream.width, stream.height = WIDTH, HEIGHT
            stream.pix_fmt = "rgb8" if codec == "gif" else "yuv420p"
            stream.gop_size = 5
            for _ in range(num_frames):
                noise = rng.integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(noise, format="rgb24")))
            container.mux(stream.encode(None))
        return path

    return write


@pytest.fixture
def write_frames(tmp_path: Path) -> Callable[..., str]:
    """Return a function that encodes uint8 RGB `(num_frames, height, width, 3)` and returns the path."""

    def write(name: str, codec: str, frames: np.ndarray) -> str:
        path = str(tmp_path / name)
        with av.open(path, "w") as container:
            stream = container.add_stream(codec, rate=25)
            stream.height, stream.width = frames.shape[1:3]
            stream.pix_fmt = "yuv420p"
            for frame in frames:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            container.mux(stream.encode(None))
        return path

    return write


@pytest.fixture
def set_avi_frame_count() -> Callable[[str, int], None]:
    """Return a function that overwrites the frame count in the two headers of an .avi."""

    def overwrite(path: str, count: int) -> None:
        data = bytearray(Path(path).read_bytes())
        for header, offset in ((b"avih", 16), (b"strh", 32)):
            start = data.index(header) + 8 + offset
            data[start : start + 4] = struct.pack("<I", count & 0xFFFFFFFF)
        Path(path).write_bytes(data)

    return overwrite
