"""The audit finds each planted fault and invents none."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import videoqa
from videoqa.auditing.findings import FINDINGS
from videoqa.cli.main import main

from .conftest import found, moving_frames, write_frames


def run(table: pd.DataFrame, clips: Path, tmp_path: Path, **options):
    return videoqa.audit(
        table, videos=clips, out=tmp_path / "audit", decode_workers=2, progress=False, **options
    )


def rows(*entries: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(entries, columns=["video", "label", "split"])


def test_nothing_is_found_where_nothing_is_wrong(table, clips, tmp_path):
    report = run(table, clips, tmp_path)
    assert found(report) == set()
    assert report.sheet is None
    assert (report.num_rows, report.num_decoded, report.num_known) == (6, 6, 0)
    videos = pd.read_csv(tmp_path / "audit" / "videos.csv")
    assert videos["status"].tolist() == ["ok"] * 6
    assert videos["frames_decoded"].tolist() == videos["frames_announced"].tolist() == [30] * 6
    assert (tmp_path / "audit" / "findings.csv").read_text().count("\n") == 1


def test_every_planted_fault_is_found_and_none_invented(table, clips, tmp_path, write_clip):
    (clips / "copy.mp4").write_bytes((clips / "c0.mp4").read_bytes())
    whole = write_clip("cut.avi", 7, 60, codec="MJPG").read_bytes()
    (clips / "cut.avi").write_bytes(whole[: len(whole) // 2])
    write_frames(clips / "still.mp4", moving_frames(8, 1) * 30)
    write_clip("short.mp4", 9, num_frames=7)
    (clips / "sound.mp4").write_bytes(b"ID3" + bytes(500))
    planted = rows(
        ("gone.mp4", "left", "train"),
        ("copy.mp4", "left", "test"),
        ("cut.avi", "right", "train"),
        ("still.mp4", "right", "train"),
        ("short.mp4", "right", "train"),
        ("sound.mp4", "right", "train"),
        ("c5.mp4", "never trained", "test"),
    )
    report = run(pd.concat([table, planted]), clips, tmp_path)
    assert found(report) == {
        ("gone.mp4", "missing"),
        ("c0.mp4", "duplicate_content"),
        ("copy.mp4", "duplicate_content"),
        ("c0.mp4", "same_video_in_two_splits"),
        ("copy.mp4", "same_video_in_two_splits"),
        ("cut.avi", "undecodable"),
        ("cut.avi", "header_count"),
        ("still.mp4", "still"),
        ("short.mp4", "too_few_frames"),
        ("sound.mp4", "undecodable"),
        ("c5.mp4", "several_gold_answers"),
        ("c5.mp4", "answer_outside_vocabulary"),
    }
    assert report.sheet.read_bytes().startswith(b"\x89PNG")
    listed = pd.read_csv(tmp_path / "audit" / "findings.csv").set_index(["video_id", "finding"])["detail"]
    assert "the file is cut short" in listed["cut.avi", "undecodable"]
    assert listed["copy.mp4", "duplicate_content"].endswith("c0.mp4")
    assert listed["c0.mp4", "same_video_in_two_splits"] == f"also in test as {clips / 'copy.mp4'}"
    assert set(report.findings["finding"]) <= set(FINDINGS)


def test_a_wrong_header_count_is_found(table, clips, tmp_path, write_clip):
    path = write_clip("header.avi", 7, num_frames=30, codec="MJPG")
    data = bytearray(path.read_bytes())
    for header, offset in ((b"avih", 16), (b"strh", 32)):
        start = data.index(header) + 8 + offset
        data[start : start + 4] = (33).to_bytes(4, "little")
    path.write_bytes(data)
    report = run(pd.concat([table, rows(("header.avi", "left", "train"))]), clips, tmp_path)
    assert found(report) == {("header.avi", "header_count")}
    assert report.findings["detail"].tolist() == ["the header says 33 frames, 30 were decoded"]


def test_the_same_frames_in_another_container_are_a_copy(table, clips, tmp_path):
    write_frames(clips / "c6.avi", moving_frames(6, 30), "FFV1")
    write_frames(clips / "c6.mkv", moving_frames(6, 30), "FFV1")
    more = rows(("c6.avi", "left", "train"), ("c6.mkv", "left", "train"))
    report = run(pd.concat([table, more]), clips, tmp_path)
    assert found(report) == {("c6.avi", "duplicate_content"), ("c6.mkv", "duplicate_content")}
    assert report.findings["detail"].str.startswith("the same frames as").all()


@pytest.mark.slow
@pytest.mark.parametrize("codec", ["mp4v", "MJPG", "FFV1"])
def test_a_re_encoded_picture_is_still_and_noise_is_not(codec, tmp_path):
    rng, folder = np.random.default_rng(0), tmp_path / "clips"
    noise = [rng.integers(0, 256, (240, 320, 3), np.uint8) for _ in range(30)]
    ending = ".mp4" if codec == "mp4v" else ".avi"
    write_frames(folder / f"picture{ending}", noise[:1] * 30, codec)
    write_frames(folder / f"noise{ending}", noise, codec)
    both = rows((f"picture{ending}", "a", "train"), (f"noise{ending}", "b", "train"))
    report = run(both, folder, tmp_path)
    assert found(report) == {(f"picture{ending}", "still")}


def test_segments_are_judged_by_themselves(clips, tmp_path):
    frames = moving_frames(3, 50) + moving_frames(4, 1) * 50
    write_frames(clips / "half.mp4", frames)
    segments = pd.DataFrame(
        {
            "video": "half.mp4",
            "question": ["what is it", "what now", "and then", "and last"],
            "answer": ["a", "b", "a", "b"],
            "split": "train",
            "start_seconds": [0, 2.2, 0, 9],
            "end_seconds": [2, 4, 0.2, 12],
        }
    )
    report = run(segments, clips, tmp_path)
    assert report.findings[["row", "finding"]].to_numpy().tolist() == [
        [2, "still"],
        [3, "too_few_frames"],
        [4, "segment_outside_video"],
    ]
    assert report.num_decoded == 1


def test_an_archive_in_place_of_the_videos_is_reported(clips, tmp_path, capfd):
    (clips / "UCF.part1.rar").write_bytes(b"Rar!\x1a\x07" + bytes(50))
    (clips / "UCF.part2.rar").write_bytes(b"Rar!\x1a\x07" + bytes(50))
    (clips / "unnamed").write_bytes(b"PK\x03\x04" + bytes(50))
    data = tmp_path / "my.csv"
    data.write_text("video,label,split\nc0.mp4,a,train\nnot/there.mp4,b,train\n")
    code = main(
        ["audit", "--data", str(data), "--videos", str(clips), "--out", str(tmp_path / "a"), "--json"]
    )
    assert code == 0
    result = json.loads(capfd.readouterr().out)
    assert result["findings"]["packed_archive"] == {"rows": 2, "videos": 2}
    assert f"unrar x {clips}/UCF.part1.rar" in result["archives"][0]
    assert f"unzip {clips}/unnamed" in result["archives"][1]
    assert result["findings"]["missing"]["rows"] == 1


def test_an_archive_is_no_finding_where_every_video_is_there(table, clips, tmp_path):
    (clips / "old.zip").write_bytes(b"PK\x03\x04" + bytes(50))
    assert found(run(table, clips, tmp_path)) == set()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_utf8_are_audited(clips, tmp_path, capfd):
    for number, label in enumerate((b"jump", b"r\xfcn")):
        (tmp_path / "odd" / os.fsdecode(label)).mkdir(parents=True)
        for clip in ("0", "1"):
            odd = tmp_path / "odd" / os.fsdecode(label) / os.fsdecode(b" \xff" + clip.encode() + b".mp4")
            odd.write_bytes((clips / f"c{2 * number + int(clip)}.mp4").read_bytes())
    arguments = [
        "audit",
        "--data",
        "folder",
        "--videos",
        str(tmp_path / "odd"),
        "--out",
        str(tmp_path / "audit"),
    ]
    assert main([*arguments, "--json", "--decode-workers", "1"]) == 0
    assert json.loads(capfd.readouterr().out)["num_videos"] == 4
    videos = pd.read_csv(tmp_path / "audit" / "videos.csv")
    assert videos["status"].tolist() == ["ok"] * 4


def test_huge_cells_are_found_and_formulas_guarded(table, clips, tmp_path, capfd):
    huge = "x" * 5_000_000
    (clips / "c0.mp4").rename(clips / "=0.mp4")
    changed = table.replace({"video": {"c0.mp4": "=0.mp4"}}).assign(note=["", "y" * 40_000, *[""] * 4])
    changed["label"] = [huge, *table["label"][1:-1], f"{huge}y"]
    changed.to_csv(tmp_path / "my.csv", index=False)
    arguments = ["audit", "--data", str(tmp_path / "my.csv"), "--videos", str(clips), "--spreadsheet-safe"]
    assert main([*arguments, "--out", str(tmp_path / "audit"), "--decode-workers", "2"]) == 0
    found = pd.read_csv(tmp_path / "audit" / "findings.csv")
    details = found.loc[found["finding"] == "long_cell"].set_index("row")["detail"]
    assert details[1] == "answer has 5,000,000 characters; at most 1,000 are usual"
    assert details[2] == "note has 40,000 characters; at most 32,767 are usual"
    assert "answer_outside_vocabulary" in found["finding"].tolist() and found["video_id"][0] == "'=0.mp4"
    assert (tmp_path / "audit" / "findings.csv").stat().st_size < 100_000
    assert len(capfd.readouterr().out) < 10_000


def test_a_video_beyond_a_limit_is_seen_again_once_the_limit_is_raised(table, clips, tmp_path, monkeypatch):
    monkeypatch.setenv("VIDEOQA_MAX_FRAMES", "20")
    assert {finding for _, finding in found(run(table, clips, tmp_path))} == {"undecodable"}
    monkeypatch.delenv("VIDEOQA_MAX_FRAMES")
    assert found(run(table, clips, tmp_path)) == set()
    monkeypatch.setenv("VIDEOQA_MAX_FRAMES", "many")
    with pytest.raises(ValueError, match="VIDEOQA_MAX_FRAMES.*must be a whole number"):
        run(table, clips, tmp_path)
