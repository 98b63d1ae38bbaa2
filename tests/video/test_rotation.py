"""Frames are upright whichever decoder reads them, and a quarter turn goes the right way."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from videoqa.config import SamplingConfig
from videoqa.video.decoding import ClipRequest, decode
from videoqa.video.probing import probe
from videoqa.video.readers import READERS

HEIGHT, WIDTH = 48, 64


def stored_picture() -> np.ndarray:
    """Return a uint8 RGB picture whose four quarters have levels of grey of their own."""
    picture = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    picture[: HEIGHT // 2, : WIDTH // 2] = 40
    picture[: HEIGHT // 2, WIDTH // 2 :] = 100
    picture[HEIGHT // 2 :, : WIDTH // 2] = 160
    picture[HEIGHT // 2 :, WIDTH // 2 :] = 220
    return picture


def quarters(frame: np.ndarray) -> list[int]:
    """Return the levels of the four quarters in reading order, to the nearest 20."""
    top, left = frame.shape[0] // 4, frame.shape[1] // 4
    return [int(round(frame[y, x, 0] / 20) * 20) for y in (top, 3 * top) for x in (left, 3 * left)]


@pytest.mark.parametrize("reader", list(READERS))
@pytest.mark.parametrize(
    ("counterclockwise", "expected"),
    [
        (0, [40, 100, 160, 220]),
        (90, [100, 220, 40, 160]),
        (180, [220, 160, 100, 40]),
        (-90, [160, 40, 220, 100]),
    ],
)
def test_written_rotations(tmp_path: Path, counterclockwise: int, expected: list[int], reader: str) -> None:
    path = str(tmp_path / "rotated.mp4")
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.set_display_rotation(counterclockwise)
        for index in range(3):
            frame = av.VideoFrame.from_ndarray(stored_picture(), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    info = probe(path)
    frames = [retrieve() for _, retrieve in READERS[reader](info)]
    assert len(frames) == 3 and all(quarters(frame) == expected for frame in frames)
    assert all(frame.shape == (info.height, info.width, 3) for frame in frames)
    assert (info.width, info.height) == ((HEIGHT, WIDTH) if abs(counterclockwise) == 90 else (WIDTH, HEIGHT))


@pytest.mark.real_data
def test_phone_videos_held_three_ways(real_data: Path) -> None:
    shapes = {}
    for turn in ("0", "180", "270"):
        path = str(real_data / "awkward" / f"decord_video_{turn}.mov")
        by_reader = [[retrieve() for _, retrieve in READERS[name](probe(path))] for name in READERS]
        assert np.array_equal(by_reader[0], by_reader[1]) and len(by_reader[0]) == 3
        clip = decode(ClipRequest(path), SamplingConfig(3))
        assert np.array_equal(clip.frames, by_reader[0])
        shapes[turn] = clip.frames.shape[1:3]
    assert shapes == {"0": (320, 568), "180": (320, 568), "270": (568, 320)}
