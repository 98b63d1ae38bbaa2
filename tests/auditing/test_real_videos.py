"""The audit of real files: what is wrong with the awkward ones; a real clip is never called still."""

from pathlib import Path

import pandas as pd
import pytest

import videoqa

from .conftest import found

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

TOO_FEW = (
    *("decord_unordered.mov", "decord_video_0.mov", "decord_video_180.mov", "decord_video_270.mov"),
    *("moviepy_-video-with-dash-.mp4", "moviepy_bitmap.mp4", "torchcodec_h265_video.mp4"),
)


def audit_files(paths: list[Path], tmp_path: Path) -> set[tuple[str, str]]:
    labels = ["ab"[number % 2] for number in range(len(paths))]
    table = pd.DataFrame({"video": [str(path) for path in paths], "label": labels, "split": "train"})
    return found(videoqa.audit(table, out=tmp_path / "audit", progress=False))


def test_the_awkward_files(real_data: Path, tmp_path: Path) -> None:
    assert audit_files(sorted((real_data / "awkward").iterdir()), tmp_path) == {
        *((name, "too_few_frames") for name in TOO_FEW),
        *((name, "duplicate_content") for name in ("moviepy_-video-with-dash-.mp4", "moviepy_bitmap.mp4")),
        ("decord_unordered.mov", "still"),  # four white frames
        ("decord_corrupted.mp4", "undecodable"),
        ("decord_corrupted.mp4", "header_count"),
        ("moviepy_crunching.mp3", "undecodable"),
        ("moviepy_result.webm", "undecodable"),
    }


def test_real_clips_are_not_still(real_data: Path, tmp_path: Path) -> None:
    clips = sorted((real_data / "clips").iterdir()) + sorted((real_data / "physio").glob("*/*.mp4"))
    assert audit_files(clips, tmp_path) == {
        ("unusual_nonvio_2.mp4", "header_count"),  # announces 103 frames, gives 101
        ("unusual_nonvio_5.mp4", "header_count"),  # announces 22, gives 21
    }
