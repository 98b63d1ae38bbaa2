"""The folders and lists that an extraction writes."""

import json

import pandas as pd

from videoqa import extract_frames
from videoqa.cli.main import main


def test_folders_lists_and_failures(small_table, tmp_path, numbers_in):
    out = tmp_path / "frames"
    report = extract_frames(small_table, out=out, fps=4, progress=False)
    assert (out / "label.txt").read_text() == "jump\nrun\n"
    assert (out / "train.txt").read_text() == "run/run_1 1 12\njump/jump_1 0 12\n"
    assert (out / "test.txt").read_text() == "run/run_2 1 12\njump/jump_2 0 12\n"
    assert not (out / "validation.txt").exists() and not (out / ".partial").exists()
    # 30 frames at 10 per second: at 0, 0.25, 0.5 s, ... frames 0, 2, 5, ... are on show
    assert numbers_in(out / "train" / "run" / "run_1") == [0, 2, 5, 7, 10, 12, 15, 17, 20, 22, 25, 27]
    assert report.rows["status"].tolist() == [*["extracted"] * 4, "failed"]
    failed = pd.read_csv(out / "failed.csv")
    assert failed["video"].tolist() == [str(tmp_path / "clips" / "broken.avi")]
    assert "it is text, not a video" in failed["error"][0]
    counts = report.to_dict()
    assert (counts["num_extracted"], counts["num_failed"], counts["num_frames"]) == (4, 1, 48)
    assert counts["splits"] == {"train": 2, "test": 2}
    assert counts["num_bytes"] == sum(path.stat().st_size for path in out.rglob("*.jpg"))


def test_a_named_set_keeps_its_numbers_of_classes_and_its_groups(write_clip, tmp_path, ucf_lists):
    out = tmp_path / "frames"
    report = extract_frames(
        "ucf101", annotations=ucf_lists, videos=tmp_path / "videos", fold=1, allow_other_counts=True, fps=1,
        out=out, progress=False,
    )  # fmt: skip
    assert (out / "label.txt").read_text() == "Archery\nBiking\nYoYo\n"
    assert (out / "train.txt").read_text() == "YoYo/v_YoYo_g08_c01 2 3\n"
    assert (out / "test.txt").read_text() == "Archery/v_Archery_g01_c01 0 3\n"
    assert pd.read_csv(out / "clips.csv")["group"].tolist() == ["YoYo/g08", "Archery/g01"]
    assert len(report.classes) == 3


def test_validation_rows_get_a_list_of_their_own_and_drawn_ones_none(write_clip, tmp_path):
    rows = [(write_clip(f"{n}.avi", 3), "ab"[n % 2]) for n in range(10)]
    table = pd.DataFrame(rows, columns=["video", "label"])
    extract_frames(table, out=tmp_path / "drawn", progress=False)
    assert (tmp_path / "drawn" / "train.txt").read_text().count("\n") == 8  # each label has one to test on
    assert not (tmp_path / "drawn" / "validation").exists()
    table["split"] = ["train"] * 6 + ["val"] * 3 + ["test"]
    extract_frames(table, out=tmp_path / "given", progress=False)
    assert (tmp_path / "given" / "validation.txt").read_text().count("\n") == 3
    assert len(list((tmp_path / "given" / "validation").glob("*/*/0000.jpg"))) == 3


def test_names_are_safe_and_different(write_clip, tmp_path):
    clips = [write_clip(f"{folder}/clip one.avi", 3) for folder in ("x", "y")]
    labels = ["../up", "../up", "push/pull", "push_pull"]
    table = pd.DataFrame({"video": [*clips, *clips], "label": labels, "split": "train"})
    out = tmp_path / "frames"
    extract_frames(table, out=out, fps=1, progress=False)
    assert (out / "train.txt").read_text().splitlines() == [
        "_.._up/clip_one 0 1",
        "_.._up/clip_one~2 0 1",
        "push_pull/clip_one 1 1",
        "push_pull~2/clip_one 2 1",
    ]
    assert (out / "label.txt").read_text() == "../up\npush/pull\npush_pull\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["frames", "x", "y"]


def test_short_side_and_quality(write_clip, tmp_path):
    import cv2

    video = write_clip("a.avi", 3, size=(48, 96))
    table = pd.DataFrame({"video": [video], "label": ["a"], "split": ["train"]})
    extract_frames(table, out=tmp_path / "small", short_side=24, progress=False)
    assert cv2.imread(str(tmp_path / "small/train/a/a/0000.jpg")).shape == (24, 48, 3)
    extract_frames(table, out=tmp_path / "same", short_side=100, quality=10, progress=False)
    assert cv2.imread(str(tmp_path / "same/train/a/a/0000.jpg")).shape == (48, 96, 3)


def test_segments_are_clips_of_their_own(write_clip, tmp_path, numbers_in):
    video = write_clip("a.avi", 40)
    table = pd.DataFrame(
        {"video": video, "label": "a", "split": "train", "start_seconds": [0, 2], "end_seconds": [1, 3]}
    )
    extract_frames(table, out=tmp_path / "frames", fps=5, progress=False)
    assert numbers_in(tmp_path / "frames/train/a/a") == [0, 2, 4, 6, 8]
    assert numbers_in(tmp_path / "frames/train/a/a~2") == [20, 22, 24, 26, 28]


def test_the_command(small_table, tmp_path, capfd):
    words = ["extract-frames", "--data", str(small_table), "--out", str(tmp_path / "frames"), "--fps", "2"]
    assert main([*words, "--decode-workers", "1"]) == 0
    printed = capfd.readouterr()
    assert "4 clips extracted, 0 there already, 1 failed." in printed.out
    assert "failed.csv" in printed.out and "broken.avi" in printed.out
    assert "5 of 5 clips to extract: about" in printed.err
    assert main([*words, "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["num_present"] == 4
