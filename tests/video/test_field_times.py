"""Small files of the kinds that people report: which picture is on show at which second."""

from pathlib import Path

import numpy as np
import pytest

from videoqa.config import ExtractionConfig, SamplingConfig
from videoqa.video.decoding import ClipRequest, DecodedClip, decode
from videoqa.video.examining import examine
from videoqa.video.frame_export import export_frames
from videoqa.video.jpegs import decode_jpeg

from .coded_frames import numbers_of

pytestmark = pytest.mark.real_data

WHOLE = (None, None)
CASES = [
    # file, segment, the numbers that its frames carry
    ("null_frames/null_frames.avi", (6.0, 6.5), [*range(150, 163)]),
    ("null_frames/same.mp4", (6.0, 6.5), [*range(150, 163)]),
    ("null_frames/null_frames.avi", (2.0, 3.0), [50, 55, 60, 65, 70]),
    ("null_frames/null_frames.avi", (9.5, 10.0), [*range(238, 250)]),
    ("pause/pause.mkv", (8, 10), [*range(200, 250)]),
    ("pause/pause.ts", (8, 10), [*range(200, 250)]),
    ("pause/pause.mp4", (8, 10), [*range(200, 250)]),
    ("pause/pause.mkv", (3, 7.5), [59]),
    ("pause/pause.ts", (3, 7.5), [59]),
    ("pause/pause.mp4", (3, 7.5), [59]),
    ("clock_jump/joined.ts", (5, 7), [*range(125, 175)]),
    ("clock_jump/joined.ts", (3.9, 4.1), [98, 99, 100, 101, 102]),
    ("late_picture/late.mov", (4, 5), [*range(25, 50)]),
    ("late_picture/late.mov", (2, 3.2), [*range(5)]),
]


def every_frame(path: Path, segment: tuple[float | None, float | None] = WHOLE) -> DecodedClip:
    """Return a clip with all its frames."""
    return decode(ClipRequest(str(path), *segment), SamplingConfig(1, frame_step=1))


@pytest.mark.parametrize(("name", "segment", "numbers"), CASES)
def test_the_frames_of_a_segment(real_data: Path, name: str, segment, numbers: list[int]) -> None:
    clip = every_frame(real_data / "field" / name, segment)
    assert numbers_of(clip.frames) == numbers
    assert (clip.frame_count, clip.status) == (len(numbers), "ok")


@pytest.mark.parametrize(
    ("name", "count", "first", "last"),
    [
        ("null_frames/null_frames.avi", 170, 0.0, 9.96),
        ("pause/pause.mkv", 110, 0.0, 9.96),
        ("pause/pause.ts", 110, 0.0, 9.96),
        ("pause/pause.mp4", 110, 0.0, 9.96),
        ("clock_jump/joined.ts", 200, 0.0, 7.96),
        ("late_picture/late.mov", 100, 3.0, 6.96),
    ],
)
def test_whole_videos(real_data: Path, name: str, count: int, first: float, last: float) -> None:
    path = real_data / "field" / name
    clip = every_frame(path)
    assert (clip.frame_count, clip.status) == (count, "ok")
    assert clip.timestamps_seconds[[0, -1]] == pytest.approx([first, last])
    found = examine(str(path), [(first, first + 1), (last - 1, None)])
    assert found["failure"] is None and found["video"]["frames_decoded"] == count
    assert found["video"]["seconds"] == pytest.approx(last + 0.04)
    assert all(each["error"] is None for each in found["segments"].values())


@pytest.mark.parametrize(
    ("name", "segment", "numbers"),
    [
        ("null_frames/null_frames.avi", WHOLE, [*range(0, 250, 25)]),
        ("null_frames/same.mp4", WHOLE, [*range(0, 250, 25)]),
        ("pause/pause.mkv", WHOLE, [0, 25, 50, 59, 59, 59, 59, 59, 200, 225]),
        ("pause/pause.mkv", (3, 6), [59, 59, 59]),
        ("pause/pause.mkv", (2, 6), [50, 59, 59, 59]),
        ("clock_jump/joined.ts", WHOLE, [*range(0, 200, 25)]),
    ],
)
def test_one_exported_frame_per_second(
    real_data: Path, tmp_path: Path, name: str, segment, numbers: list[int]
) -> None:
    path = str(real_data / "field" / name)
    export_frames(ClipRequest(path, *segment), tmp_path, ExtractionConfig(fps=1))
    frames = [decode_jpeg(each.read_bytes()) for each in sorted(tmp_path.iterdir())]
    assert numbers_of(np.stack(frames)) == numbers
    sampling = SamplingConfig(1, frames_per_second=1, short_clips="loop")
    assert numbers_of(decode(ClipRequest(path, *segment), sampling).frames) == numbers


def test_frames_are_regular_in_time_in_the_whole_and_in_the_same_seconds(real_data: Path) -> None:
    path = str(real_data / "field" / "uneven" / "vfr.mp4")
    whole = decode(ClipRequest(path), SamplingConfig(8))
    same = decode(ClipRequest(path, 0, 10), SamplingConfig(8))
    assert np.array_equal(whole.frames, same.frames) and whole.status == same.status == "ok"
    assert np.abs(whole.timestamps_seconds - np.linspace(0, 9, 8)).max() <= 0.5
    assert decode(ClipRequest(path, 9.5, 10), SamplingConfig(2)).indices.tolist() == [67, 67]


def test_before_the_first_picture_there_is_none(real_data: Path) -> None:
    path = str(real_data / "field" / "late_picture" / "late.mov")
    with pytest.raises(ValueError, match=r"come after the first picture, .* from 3\.00 seconds on"):
        decode(ClipRequest(path, 1, 2), SamplingConfig(2))
    with pytest.raises(ValueError, match=r"lie within the video, which lasts 7\.00 seconds"):
        decode(ClipRequest(path, 8, 9), SamplingConfig(2))
