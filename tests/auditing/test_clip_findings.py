"""How far an estimated frame count may be off, and stills and movement in frames of every size."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd
import pytest

import videoqa
from videoqa.auditing.clip_findings import clip_findings
from videoqa.auditing.report import AuditReport
from videoqa.config import SamplingConfig
from videoqa.video.examining import WHOLE, segment_name

from .conftest import found, moving_frames

SIZES = [(64, 64), (96, 96), (160, 120), (320, 240)]


def test_frames_of_each_second_are_counted_by_the_rate_of_the_clip() -> None:
    video = {"frames_announced": 50, "frames_decoded": 50, "fps": 25.0, "height": 48, "width": 64}
    part = {"frames": 50, "change": 99.0, "looked": 50, "error": None}
    record = {"video": video, "failure": None, "segments": {segment_name(WHOLE): part}}

    def of(**sampling: object) -> list[tuple[str, str]]:
        return list(clip_findings("a.mp4", WHOLE, record, SamplingConfig(**sampling)))

    assert of(num_frames=8, frames_per_second=4) == of(num_frames=50) == []
    few = "8 different frames can be taken, 9 are wanted"
    assert of(num_frames=9, frames_per_second=4) == [("too_few_frames", few)]


def encode(
    path: Path,
    frames: list[np.ndarray],
    codec: str = "mpeg4",
    pause: int = 0,
    numbers: np.ndarray | None = None,
    **options: str,
) -> None:
    """Write RGB frames with PyAV, 25 per second; half way the picture stands for `pause` frames more.

    `numbers`, increasing, are the places of the frames at this rate; None: each follows the one before.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, 25)
        if numbers is None:
            numbers = np.arange(len(frames))
            numbers[len(frames) // 2 :] += pause
        for number, frame in zip(numbers.tolist(), frames, strict=True):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            picture.pts = number
            picture.time_base = Fraction(1, 25)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def findings_of(folder: Path, tmp_path: Path) -> AuditReport:
    videos = sorted(path.name for path in folder.iterdir())
    labels = ["ab"[number % 2] for number in range(len(videos))]
    table = pd.DataFrame({"video": videos, "label": labels, "split": "train"})
    return videoqa.audit(table, videos=folder, out=tmp_path / "audit", decode_workers=2, progress=False)


def set_matroska_seconds(path: Path, seconds: float) -> None:
    """Overwrite the duration in the header of a Matroska file."""
    data = bytearray(path.read_bytes())
    start = data.index(b"\x44\x89\x88") + 3
    data[start : start + 8] = struct.pack(">d", 1000 * seconds)
    path.write_bytes(data)


@pytest.mark.slow
def test_an_estimated_count_may_be_off_by_2_percent_and_by_2_frames(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    for num_frames, more in ((200, 4), (200, 5), (30, 2), (30, 3)):
        path = folder / f"{num_frames}-{more}.mkv"
        encode(path, moving_frames(num_frames + more, num_frames), "ffv1")
        set_matroska_seconds(path, (num_frames + more) / 25)
    report = findings_of(folder, tmp_path)
    assert found(report) == {("200-5.mkv", "header_count"), ("30-3.mkv", "header_count")}
    assert report.findings["detail"].tolist() == [
        "duration and frame rate promise 205 frames, 200 were decoded",
        "duration and frame rate promise 33 frames, 30 were decoded",
    ]


@pytest.mark.slow
def test_a_pause_is_no_wrong_header(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    for seed, (kind, codec) in enumerate({"mkv": "ffv1", "ts": "libx264", "webm": "libvpx"}.items()):
        encode(folder / f"pause.{kind}", moving_frames(seed, 100), codec, pause=100)
        rate = np.sort(np.random.default_rng(seed).choice(300, 100, replace=False))
        encode(folder / f"uneven.{kind}", moving_frames(9 + seed, 100), codec, numbers=rate)
    assert found(findings_of(folder, tmp_path)) == set()


@pytest.mark.slow
def test_stills_are_found_in_frames_of_every_size(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    coarse = np.random.default_rng(0).integers(0, 200, (6, 8, 3)).astype(np.uint8)
    drawn = videoqa.sample_clip("loading", seed=1, folder=tmp_path / "drawn")
    sharp = cv2.cvtColor(cv2.VideoCapture(drawn).read()[1], cv2.COLOR_BGR2RGB)
    for name, picture in (("coarse", coarse), ("sharp", sharp)):
        for size in SIZES:
            encode(folder / f"{name}-{size[0]}.mp4", [cv2.resize(picture, size)] * 40)
    report = findings_of(folder, tmp_path)
    stills = report.findings[report.findings["finding"] == "still"]
    assert set(stills["video_id"]) == {path.name for path in folder.iterdir()}
    details = dict(zip(stills["video_id"], stills["detail"], strict=True))
    assert "no block of 1/6 of the picture" in details["coarse-64.mp4"]
    assert "no block of 1/32 of the picture" in details["coarse-320.mp4"]


@pytest.mark.slow
@pytest.mark.parametrize("bit_rate", ["60000", "1000000"])
def test_small_clips_that_move_are_not_still(tmp_path: Path, bit_rate: str) -> None:
    folder = tmp_path / "clips"
    for size in ((48, 48), *SIZES):
        frames = [cv2.resize(frame, size) for frame in moving_frames(size[0], 40)]
        encode(folder / f"{size[0]}.mp4", frames, b=bit_rate)
    for number, activity in enumerate(("loading", "unloading", "waving")):
        clip = videoqa.sample_clip(activity, seed=number, folder=tmp_path / f"drawn-{number}")
        (folder / f"{activity}.avi").write_bytes(Path(clip).read_bytes())
    assert "still" not in set(findings_of(folder, tmp_path).findings["finding"])
