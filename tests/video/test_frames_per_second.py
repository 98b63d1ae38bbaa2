"""A grid of so many frames per second: chosen by when frames are shown, pixel by pixel the right ones."""

import json
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from videoqa.config import ExtractionConfig, SamplingConfig
from videoqa.video.decoding import ClipRequest, DecodedClip, DecodingError, decode
from videoqa.video.frame_export import export_frames
from videoqa.video.frame_pass import FramePass

from .conftest import numbered_frame
from .test_decoding import numbers_of

VARIES = [0, 40, 80, 120, 1000, 1040, 1500, 2500]
"""Milliseconds; the median step is 40, so the last frame is shown until 2540."""


@pytest.fixture
def write_at(tmp_path: Path) -> Callable[..., str]:
    """Return a function that writes numbered frames losslessly, frame k shown from `times[k]` on, ms."""

    def write(times: list[int]) -> str:
        path = str(tmp_path / "varies.mkv")
        with av.open(path, "w") as container:
            stream = container.add_stream("ffv1", rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "bgr0"
            stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
            for number, milliseconds in enumerate(times):
                frame = av.VideoFrame.from_ndarray(numbered_frame(number), format="rgb24")
                frame.pts, frame.time_base = milliseconds, Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return write


def grid_of(path: str, rate: float, start: float | None = None, end: float | None = None) -> DecodedClip:
    """Return the grid of a clip at a rate, as long as it is."""
    sampling = SamplingConfig(2, frames_per_second=rate, short_clips="loop")
    clip = decode(ClipRequest(path, start, end), sampling)
    assert numbers_of(clip.frames) == clip.indices.tolist()
    return clip


@pytest.mark.parametrize(
    ("length", "fps", "rate", "expected"),
    [
        (50, 25, 4, [0, 6, 12, 18, 25, 31, 37, 43]),
        (25, 10, 3, [0, 3, 6, 10, 13, 16, 20, 23]),
        (30, 30000 / 1001, 10, [0, 2, 5, 8, 11, 14, 17, 20, 23, 26, 29]),
        (12, 10, 10, [*range(12)]),
        (3, 2, 4, [0, 0, 1, 1, 2, 2]),
        (30, 10, 0.5, [0, 20]),
        (1, 10, 4, [0]),
    ],
    ids=["divides not", "thirds", "ntsc", "its own", "faster than the clip", "slow", "one frame"],
)
def test_a_steady_clip(write_numbered, length: int, fps: float, rate: float, expected: list[int]) -> None:
    clip = grid_of(write_numbered(range(length), fps=fps), rate)
    assert clip.indices.tolist() == expected
    np.testing.assert_allclose(clip.timestamps_seconds, clip.indices / clip.fps)
    assert (clip.frame_count, clip.status) == (length, "ok")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (1.25, 3.0, [13, 15, 18, 20, 23, 25, 28]),
        (None, 1.0, [0, 2, 5, 7]),
        (4.4, None, [44, 46, 49]),
        (2.0, 2.1, [20]),
    ],
)
def test_a_segment_begins_with_its_own_first_frame(write_numbered, start, end, expected) -> None:
    clip = grid_of(write_numbered(range(50)), 4, start, end)
    assert clip.indices.tolist() == expected and clip.status == "ok"
    np.testing.assert_allclose(clip.timestamps_seconds, clip.indices / 10)


def test_a_rate_that_varies(write_at) -> None:
    path = write_at(VARIES)
    assert grid_of(path, 4).indices.tolist() == [0, 3, 3, 3, 4, 5, 6, 6, 6, 6, 7]
    assert grid_of(path, 4, 1.0).indices.tolist() == [4, 5, 6, 6, 6, 6, 7]
    assert grid_of(path, 4, 0.04, 1.04).indices.tolist() == [1, 3, 3, 3]


@pytest.mark.parametrize("segment", [(None, None), (0.5, 1.8)])
@pytest.mark.parametrize("rate", [3, 4, 7.3, 60])
def test_the_grid_is_what_extract_frames_writes(
    write_numbered, write_at, tmp_path: Path, segment, rate
) -> None:
    for number, path in enumerate((write_numbered(range(50), fps=25), write_at(VARIES))):
        folder = tmp_path / f"out-{number}"
        folder.mkdir()
        export_frames(ClipRequest(path, *segment), folder, ExtractionConfig(fps=rate))
        written = [cv2.imread(str(each))[40, 60, 2] for each in sorted(folder.iterdir())]
        found = grid_of(path, rate, *segment).frames[:, 40, 60, 0]
        # red carries the number; a JPEG keeps it within a grey level or two
        assert len(written) == len(found) and np.abs(np.array(written, int) - found).max() <= 2


@pytest.mark.parametrize(
    ("short_clips", "expected"),
    [("repeat", [0, 0, 2, 2]), ("loop", [0, 2]), ("mask", [0, 2]), ("skip", [0, 2])],
)
def test_a_clip_shorter_than_a_window(write_numbered, short_clips: str, expected: list[int]) -> None:
    sampling = SamplingConfig(4, frames_per_second=4, short_clips=short_clips)
    assert numbers_of(decode(ClipRequest(write_numbered(range(5))), sampling).frames) == expected


def test_of_a_long_grid_the_middle_is_kept(write_numbered) -> None:
    sampling = SamplingConfig(2, frames_per_second=4, max_grid_frames=4)
    clip = decode(ClipRequest(write_numbered(range(50), fps=25)), sampling)
    assert numbers_of(clip.frames) == [12, 18, 25, 31]


def test_nothing_behind_the_last_wanted_frame_is_read(write_numbered, monkeypatch) -> None:
    passes = []
    construct = FramePass.__init__

    def noted(self, *arguments) -> None:
        construct(self, *arguments)
        passes.append(len(self.timestamps))

    monkeypatch.setattr(FramePass, "__init__", noted)
    grid_of(write_numbered(range(50)), 2)  # 0, 5, ... 45
    assert passes == [46]


@pytest.mark.parametrize("announced", [0, 9, 45, 400])
def test_a_wrong_header_changes_nothing(write_numbered, set_avi_frame_count, announced: int) -> None:
    path = write_numbered(range(42))
    set_avi_frame_count(path, announced)
    assert grid_of(path, 2).indices.tolist() == [*range(0, 42, 5)]


def test_a_file_cut_short_is_refused(write_numbered) -> None:
    path = write_numbered(range(60))
    os.truncate(path, os.path.getsize(path) // 2)
    with pytest.raises(DecodingError, match="clip.avi.*cut short"):
        grid_of(path, 4)


def test_a_folder_of_frames_has_the_rate_of_its_extraction(tmp_path: Path) -> None:
    folder = tmp_path / "set" / "train" / "run" / "one"
    folder.mkdir(parents=True)
    for number in range(12):
        cv2.imwrite(str(folder / f"{number:04d}.jpg"), np.full((24, 32, 3), 8 * number, np.uint8))
    sampling = SamplingConfig(2, frames_per_second=2, short_clips="loop")
    assert decode(ClipRequest(str(folder)), sampling).indices.tolist() == [0]  # 12 frames of 25 per second
    (tmp_path / "set" / "extraction.json").write_text(json.dumps({"fps": 4.0}))
    assert decode(ClipRequest(str(folder)), sampling).indices.tolist() == [0, 2, 4, 6, 8, 10]
