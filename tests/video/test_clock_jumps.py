"""A clock that jumps: pieces that were joined go on, a pause is one, and lost packets are damage."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from videoqa.auditing.clip_findings import clip_findings
from videoqa.config import SamplingConfig
from videoqa.video.decoding import ClipRequest, DecodedClip, DecodingError, decode
from videoqa.video.examining import WHOLE, examine
from videoqa.video.frame_pass import expected_count
from videoqa.video.probing import probe
from videoqa.video.timeline import timeline_of

from .coded_frames import numbers_of, write_coded

WRAP = 2**33 / 90_000
"""Seconds after which the clock of a transport stream starts anew."""
MUXING_DELAY = 1.4


def every_frame(path: str, start: float | None = None, end: float | None = None) -> DecodedClip:
    return decode(ClipRequest(path, start, end), SamplingConfig(1, frame_step=1))


def write_joined(
    folder: Path,
    starts: Sequence[float],
    *,
    kind: str = "ts",
    codec: str = "libx264",
    num_frames: int = 100,
    sound_seconds: float = 0,
    num_bytes_lost: int = 0,
    **options: str,
) -> str:
    """Write a transport stream of joined pieces, each with a clock from the given second on.

    Of all pieces but the last, so many bytes are lost at the end.
    """
    data = []
    for number, start in enumerate(starts):
        piece, numbers = (
            str(folder / f"{number}.{kind}"),
            range(number * num_frames, (number + 1) * num_frames),
        )
        seconds = start + np.arange(num_frames) / 25
        write_coded(piece, codec, numbers, seconds, sound_seconds=sound_seconds, **options)
        data.append(Path(piece).read_bytes())
    joined = folder / f"joined.{kind}"
    kept = [piece[: len(piece) - num_bytes_lost] for piece in data[:-1]]
    joined.write_bytes(b"".join([*kept, data[-1]]))
    return str(joined)


@pytest.mark.parametrize(
    ("first", "second"),
    [(0, 5000), (0, 30), (5000, 0), (0, 0), (50, 30), (WRAP - MUXING_DELAY - 4, WRAP - MUXING_DELAY),
     (WRAP - 200, 0)],
    ids=["forward", "half a minute", "back", "again", "back a little", "wrap", "wrap far from it"],
)  # fmt: skip
def test_a_clock_that_jumps(tmp_path: Path, first: float, second: float) -> None:
    path = write_joined(tmp_path, (first, second))
    clip, part = every_frame(path), every_frame(path, 5, 7)
    assert numbers_of(clip.frames) == [*range(200)] and clip.status == "ok"
    np.testing.assert_allclose(clip.timestamps_seconds, np.arange(200) / 25, atol=1e-6)
    assert numbers_of(part.frames) == [*range(125, 175)] and part.status == "ok"
    assert examine(path)["video"]["seconds"] == pytest.approx(8)


@pytest.mark.parametrize(
    ("starts", "options"),
    [
        ((0, 5), {}),
        ((0, 7), {"sound_seconds": 4}),
        ((0, 13), {"sound_seconds": 4, "codec": "mpeg2video"}),
        ((0, 7), {"codec": "mpeg2video", "flags": "+ildct+ilme", "bf": "2"}),
        ((0, 7), {"codec": "libx264", "flags": "+ildct+ilme"}),
        ((0, 4.5), {"kind": "m2ts"}),
        ((0, 7, 13), {}),
        ((50, 57, 20), {}),
    ],
    ids=["1 s", "sound", "mpeg2 and sound", "mpeg2 fields", "h264 fields", "camera", "three", "back"],
)
def test_a_join_whose_clock_goes_forward_by_less_than_a_pause(tmp_path: Path, starts, options) -> None:
    path = write_joined(tmp_path, starts, **options)
    count = 100 * len(starts)
    clip, part = every_frame(path), every_frame(path, 5, 7)
    assert numbers_of(clip.frames) == [*range(count)] and clip.status == "ok"
    np.testing.assert_allclose(clip.timestamps_seconds, np.arange(count) / 25, atol=1e-6)
    assert numbers_of(part.frames) == [*range(125, 175)] and part.status == "ok"
    found = examine(path)
    assert found["failure"] is None and found["video"]["clock_jumps"] == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"pix_fmt": "yuv422p"}),
        ({"pix_fmt": "yuv422p", "flags": "+ildct+ilme", "bf": "2"}, {"flags": "+ildct+ilme"}),
    ],
    ids=["colours", "fields"],
)
@pytest.mark.parametrize("start", [5, 5000])
def test_joined_mpeg2_of_two_forms_loses_no_picture(tmp_path: Path, first, second, start: float) -> None:
    path = tmp_path / "joined.ts"
    for number, (seconds, options) in enumerate(((0, first), (start, second))):
        piece, numbers = str(tmp_path / f"{number}.ts"), range(number * 50, number * 50 + 50)
        write_coded(piece, "mpeg2video", numbers, seconds + np.arange(50) / 25, **options)
        with path.open("ab") as file:
            file.write(Path(piece).read_bytes())
    clip = every_frame(str(path))
    assert numbers_of(clip.frames) == [*range(100)] and clip.status == "ok"
    np.testing.assert_allclose(clip.timestamps_seconds, np.arange(100) / 25, atol=1e-6)
    assert examine(str(path))["video"]["seconds"] == pytest.approx(4)


def test_a_piece_that_is_cut_within_its_last_packet(tmp_path: Path) -> None:
    path = write_joined(tmp_path, (0, 7), num_bytes_lost=100)
    clip, part = every_frame(path), every_frame(path, 6, 7)
    assert numbers_of(clip.frames)[-100:] == [*range(100, 200)] and clip.frame_count >= 198
    assert part.frame_count == 25 and np.diff(clip.timestamps_seconds).max() < 0.09


@pytest.mark.parametrize("num_bytes_cut", [100, 188])
def test_a_piece_that_begins_inside_a_packet(tmp_path: Path, num_bytes_cut: int) -> None:
    path = Path(write_joined(tmp_path, (0, 6)))
    first = len((tmp_path / "0.ts").read_bytes())
    data = path.read_bytes()
    path.write_bytes(data[:first] + data[first + num_bytes_cut :])
    clip = every_frame(str(path))
    assert numbers_of(clip.frames) == [*range(200)]
    np.testing.assert_allclose(clip.timestamps_seconds, np.arange(200) / 25, atol=1e-6)


@pytest.mark.parametrize("start", [60, 62, 65])
def test_packets_that_are_lost_are_damage_though_the_clock_goes_forward(tmp_path: Path, start: int) -> None:
    whole, path = str(tmp_path / "whole.ts"), tmp_path / "lost.ts"
    write_coded(whole, "libx264", range(250), np.arange(250) / 25, g="25")
    data = Path(whole).read_bytes()
    path.write_bytes(data[: start * 188] + data[(start + 150) * 188 :])
    with pytest.raises(DecodingError, match=r"the file is corrupt: it holds no frames from"):
        every_frame(str(path))


@pytest.mark.parametrize(
    ("kind", "sound_seconds", "last"),
    [
        ("ts", 68, 68.0),
        ("ts", 3, 68.0),
        ("ts", 0, 68.0),
        ("m2ts", 0, 68.0),
        ("mpg", 68, 68.0),
        ("mpg", 0, 8.0),
    ],
)
def test_what_goes_on_tells_a_long_pause_from_a_jump(
    tmp_path: Path, kind: str, sound_seconds: float, last: float
) -> None:
    path, codec = str(tmp_path / f"long.{kind}"), "mpeg2video" if kind == "mpg" else "libx264"
    seconds = [k / 25 + (60 if k >= 100 else 0) for k in range(200)]
    write_coded(path, codec, range(200), seconds, sound_seconds=sound_seconds)
    timeline = timeline_of(probe(path))
    times = timeline.seconds
    assert len(times) == 200 and times[-1] - times[0] == pytest.approx(last - 0.04, abs=0.05)
    assert [round(left_out) for _, left_out in timeline.jumps] == ([60] if last < 60 else [])


def test_a_transport_stream_without_counts_does_not_begin_anew_at_a_pause(tmp_path: Path) -> None:
    path = tmp_path / "pause.ts"
    write_coded(str(path), "libx264", range(200), [k / 25 + (3 if k >= 100 else 0) for k in range(200)])
    data = bytearray(path.read_bytes())
    for start in range(3, len(data), 188):
        data[start] &= 0xF0  # some recorders leave the count at 0
    path.write_bytes(data)
    assert timeline_of(probe(str(path))).seconds[[99, 100]] == pytest.approx([3.96, 7])
    assert every_frame(str(path)).status == "ok"


@pytest.mark.parametrize("kind", ["mkv", "mp4", "flv", "ts"])
def test_a_recorder_whose_clock_jumps_by_hours(tmp_path: Path, kind: str) -> None:
    seconds = [k / 25 + (8000 if k >= 100 else 0) for k in range(200)]
    path = write_coded(str(tmp_path / f"jump.{kind}"), "libx264", range(200), seconds)
    assert expected_count(probe(path)) == 200
    assert numbers_of(every_frame(path, 5, 7).frames) == [*range(125, 175)]


def test_the_audit_says_what_was_left_out(tmp_path: Path) -> None:
    seconds = [k / 25 + (8000 if k >= 100 else 0) for k in range(200)]
    path = write_coded(str(tmp_path / "jump.mkv"), "libx264", range(200), seconds)
    found = dict(clip_findings(path, WHOLE, examine(path), SamplingConfig(8)))
    assert found == {"clock_jump": "at 4.0 seconds the clock jumps by 8000.0, which are left out"}
