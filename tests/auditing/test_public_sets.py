"""The audit of a public set known by name, of which some or no videos are there."""

from pathlib import Path

import pytest

import videoqa

from .conftest import found


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """Return the lists of two classes as UCF101 has them, with two clips in training and two in test."""
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "classInd.txt").write_text("1 Archery\r\n2 YoYo\r\n")
    (folder / "trainlist01.txt").write_text(
        "Archery/v_Archery_g08_c01.avi 1\r\nYoYo/v_YoYo_g08_c01.avi 2\r\n"
    )
    (folder / "testlist01.txt").write_text("Archery/v_Archery_g01_c01.avi\r\nYoYo/v_YoYo_g01_c01.avi\r\n")
    return folder


def run(lists: Path, videos: Path, tmp_path: Path):
    options = {"annotations": lists, "videos": videos, "allow_other_counts": True}
    return videoqa.audit("ucf101", out=tmp_path / "audit", decode_workers=1, progress=False, **options)


def test_videos_that_are_still_packed(lists, tmp_path):
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "UCF101.rar").write_bytes(b"Rar!\x1a\x07\x00" + bytes(20))
    report = run(lists, tmp_path / "videos", tmp_path)
    assert (report.findings["finding"] == "missing").sum() == 4
    assert len(report.to_dict()["archives"]) == 1 and "UCF101.rar" in report.to_dict()["archives"][0]
    with pytest.raises(
        ValueError, match="`videos` must hold videos of ucf101.*still packed, such as 'UCF101.rar'"
    ):
        videoqa.train(
            "ucf101",
            annotations=lists,
            videos=tmp_path / "videos",
            allow_other_counts=True,
            out=tmp_path / "run",
            backbone="tiny",
        )


def test_rows_whose_video_is_not_there_are_missing(lists, clips, tmp_path):
    videos = tmp_path / "videos" / "YoYo"
    videos.mkdir(parents=True)
    (videos / "v_YoYo_g08_c01.mp4").write_bytes((clips / "c0.mp4").read_bytes())
    report = run(lists, tmp_path / "videos", tmp_path)
    names = {"v_Archery_g08_c01.avi", "v_Archery_g01_c01.avi", "v_YoYo_g01_c01.avi"}
    assert {name for name, finding in found(report) if finding == "missing"} == names


def test_a_set_needs_the_folder_of_its_videos(lists, tmp_path):
    with pytest.raises(ValueError, match="`videos` must name the folder of the videos of ucf101"):
        videoqa.audit("ucf101", annotations=lists, allow_other_counts=True, out=tmp_path / "audit")
