"""Frames that carry a number which survives lossy coding, and files of them at any times."""

from collections.abc import Sequence
from fractions import Fraction

import av
import numpy as np

from .conftest import kept_scheduling

HEIGHT, WIDTH = 96, 160
TICK = Fraction(1, 90_000)


def coded_frame(number: int) -> np.ndarray:
    """Return a uint8 RGB frame with ten blocks across its top quarter, block b white where bit b is set."""
    frame = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
    for block in range(10):
        level = 255 if number >> block & 1 else 0
        frame[: HEIGHT // 4, block * WIDTH // 10 : (block + 1) * WIDTH // 10] = level
    return frame


def numbers_of(frames: np.ndarray) -> list[int]:
    """Return the numbers that frames `(num_frames, height, width, 3)` carry."""
    _, height, width, _ = frames.shape
    band = frames[:, height // 10 : height // 6].mean(axis=(1, 3))
    edges = [(round(width * (block + 0.3) / 10), round(width * (block + 0.7) / 10)) for block in range(10)]
    bits = np.stack([band[:, left:right].mean(axis=1) > 128 for left, right in edges], axis=1)
    return (bits @ (1 << np.arange(10))).tolist()


def write_coded(
    path: str,
    codec: str,
    numbers: Sequence[int],
    seconds: Sequence[float],
    *,
    sound_seconds: float = 0,
    fps: int = 25,
    pix_fmt: str = "yuv420p",
    **options: str,
) -> str:
    """Write numbered frames shown from the given times on, with sound from 0 on if it is to last."""
    with kept_scheduling(), av.open(path, "w") as container:
        stream = container.add_stream(codec, rate=fps, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pix_fmt
        sound = (
            container.add_stream("mp2" if path.endswith("mpg") else "aac", rate=16_000)
            if sound_seconds
            else None
        )
        tick = Fraction(1, fps) if codec in ("mpeg4", "mpeg2video") else TICK
        stream.codec_context.time_base = stream.time_base = tick
        if sound is not None:
            for start in range(0, int(sound_seconds * 16_000), 1024):
                samples = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
                samples.sample_rate, samples.pts, samples.time_base = 16_000, start, Fraction(1, 16_000)
                container.mux(sound.encode(samples))
        for number, moment in zip(numbers, seconds, strict=True):
            frame = av.VideoFrame.from_ndarray(coded_frame(number), format="rgb24")
            frame.pts, frame.time_base = round(moment / tick), tick
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None:
            container.mux(sound.encode(None))
    return path
