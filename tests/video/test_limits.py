"""A video that would take too much of the machine is refused, naming the variable that raises the limit."""

import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest

import videoqa
from videoqa.config import ExtractionConfig, SamplingConfig
from videoqa.video.decoding import ClipRequest, DecodingError, decode
from videoqa.video.examining import examine
from videoqa.video.frame_export import export_frames
from videoqa.video.jpegs import encode_jpeg
from videoqa.video.probing import probe

SLOW = [0, 40_000, 80_000]
"""Times of frames, milliseconds: 80 seconds."""


@pytest.mark.parametrize(
    ("variable", "limit", "message"),
    [
        ("VIDEOQA_MAX_PIXELS", "3000", "its frames have 3,072 pixels each, more than the limit of 3,000"),
        ("VIDEOQA_MAX_BYTES", "500", "the file has [0-9,]+ bytes, more than the limit of 500"),
        ("VIDEOQA_MAX_FRAMES", "2", "it has 3 frames or more, more than the limit of 2"),
        ("VIDEOQA_MAX_SECONDS", "79", "it lasts 80 seconds, more than the limit of 79"),
    ],
)
def test_too_much_is_refused_wherever_a_video_is_read(
    write_encoded: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    limit: str,
    message: str,
) -> None:
    path = write_encoded("clip.mp4", "libx264", SLOW)
    (tmp_path / "frames").mkdir()
    calls = [
        lambda: decode(ClipRequest(path), SamplingConfig(3)),
        lambda: decode(ClipRequest(path, 0.0, 80.5), SamplingConfig(3)),
        lambda: examine(path),
        lambda: export_frames(ClipRequest(path), tmp_path / "frames", ExtractionConfig(fps=0.025)),
    ]
    for call in calls:
        call()
    monkeypatch.setenv(variable, limit)
    for call in calls:
        with pytest.raises(DecodingError, match=f"{message}; set {variable} to raise it"):
            call()


@pytest.mark.parametrize(
    ("last", "limit", "shown"),
    [(3_040, "3", "3.04"), (3_400, "3", "3.4"), (80_001, "80", "80.001"), (5_000, "3", "5")],
)
def test_as_many_digits_are_shown_as_make_the_sentence_true(
    write_encoded: Callable[..., str], monkeypatch: pytest.MonkeyPatch, last: int, limit: str, shown: str
) -> None:
    path = write_encoded("clip.mkv", "libx264", [0, 40, last])
    monkeypatch.setenv("VIDEOQA_MAX_SECONDS", limit)
    with pytest.raises(DecodingError, match=f"it lasts {shown} seconds, more than the limit of {limit};"):
        decode(ClipRequest(path), SamplingConfig(3))


def test_a_segment_that_begins_at_the_end_as_rounded(write_encoded: Callable[..., str]) -> None:
    path = write_encoded("clip.mkv", "libx264", [0, 334, 668, 1002])  # milliseconds: 1.336 seconds
    with pytest.raises(ValueError, match="lasts 1.336 seconds. Received: start_seconds=1.338"):
        decode(ClipRequest(path, 1.338), SamplingConfig(3))
    with pytest.raises(ValueError, match="lasts 1.34 seconds. Received: start_seconds=1.4"):
        decode(ClipRequest(path, 1.4), SamplingConfig(3))


def test_a_limit_above_those_of_ffmpeg(
    write_encoded: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIDEOQA_MAX_PIXELS", "100000000000")
    assert decode(ClipRequest(write_encoded("clip.mp4", "libx264", SLOW)), SamplingConfig(3)).frame_count == 3


def test_too_many_streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("mpeg4", rate=25, width=64, height=48) for _ in range(3)]
        for stream in streams:
            container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
            container.mux(stream.encode(None))
    assert probe(path).width == 64
    monkeypatch.setenv("VIDEOQA_MAX_STREAMS", "2")
    with pytest.raises(
        DecodingError, match="the file holds 3 streams, more than the limit of 2; set VIDEOQA"
    ):
        probe(path)


def test_folders_of_frames_count_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(3):
        picture = np.zeros((48, 64, 3), np.uint8)
        (folder / f"{number:04}.jpg").write_bytes(encode_jpeg(picture, 90))
    assert probe(folder).frame_count_header == 3
    for variable, limit in (("VIDEOQA_MAX_PIXELS", "3000"), ("VIDEOQA_MAX_FRAMES", "2")):
        with monkeypatch.context() as patch, pytest.raises(DecodingError, match=f"set {variable}"):
            patch.setenv(variable, limit)
            probe(folder)


@pytest.mark.parametrize("value", ["many", "0", "-1", "1.5", "9" * 5000])
def test_a_limit_that_is_no_number(
    write_encoded: Callable[..., str], monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("VIDEOQA_MAX_BYTES", value)
    with pytest.raises(ValueError, match="`VIDEOQA_MAX_BYTES` must be a whole number of at least 1"):
        probe(write_encoded("clip.mp4", "libx264", SLOW))


@pytest.mark.parametrize("command", [videoqa.encode, videoqa.extract_frames])
def test_a_limit_that_is_no_number_ends_a_command_at_once(
    write_encoded: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: Callable
) -> None:
    rows = [(write_encoded(f"{label}.mp4", "libx264", SLOW), label) for label in ("left", "right")]
    monkeypatch.setenv("VIDEOQA_MAX_PIXELS", "many")
    options = {"out": tmp_path / "frames"} if command is videoqa.extract_frames else {"backbone": "tiny"}
    with pytest.raises(ValueError, match="`VIDEOQA_MAX_PIXELS` must be a whole number of at least 1"):
        command(pd.DataFrame(rows, columns=["video", "label"]), progress=False, **options)


def test_huge_frames_are_refused_by_their_header(write_noisy: Callable[..., str]) -> None:
    path = Path(write_noisy("clip.gif", "gif", 3))
    data = bytearray(path.read_bytes())
    data[6:10] = struct.pack("<HH", 16_000, 16_000)
    path.write_bytes(data)
    with pytest.raises(DecodingError, match="256,000,000 pixels each, more than the limit of 67,108,864"):
        decode(ClipRequest(str(path)), SamplingConfig(2))
