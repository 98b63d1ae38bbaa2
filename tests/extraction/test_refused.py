"""What an extraction refuses before it starts, and what is said."""

import pandas as pd
import pytest

from videoqa import extract_frames
from videoqa.cli.main import main
from videoqa.config import ExtractionConfig
from videoqa.extraction.clips import distinct_names, safe_name


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fps": 0}, "`fps` must be a number from 0.001 to 1000. Received: fps=0"),
        ({"fps": -4}, "`fps` must be a number"),
        ({"fps": "4"}, "`fps` must be a number"),
        ({"short_side": 0}, "`short_side` must be an integer from 8 to 16384"),
        ({"quality": 101}, "`quality` must be an integer from 1 to 100. Received: quality=101"),
    ],
)
def test_options(options, message):
    with pytest.raises(ValueError, match=message):
        ExtractionConfig(**options)


def test_a_fold_that_does_not_exist(tmp_path, ucf_lists):
    with pytest.raises(
        ValueError, match="`fold` must be one of the official splits of ucf101, 1 to 3.*fold=7"
    ):
        extract_frames(
            "ucf101", annotations=ucf_lists, videos=tmp_path / "videos", fold=7, out=tmp_path / "o"
        )
    assert not (tmp_path / "o").exists()


def test_places_that_cannot_be_used(small_table, tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.doc").write_text("x")
    for out, message in (
        (None, "`out` must name the folder to write to"),
        (tmp_path / "file", "`out` must be a folder; this is a file"),
        (tmp_path / "file" / "below", "`out` must be a folder; a file stands in its way"),
        (tmp_path / "full", "`out` must be empty, new, or an earlier extraction.*1 other things.*thesis.doc"),
    ):
        with pytest.raises(ValueError, match=message):
            extract_frames(small_table, out=out, progress=False)
    with pytest.raises(ValueError, match="`out` must lie outside the videos folder"):
        extract_frames(small_table, videos=tmp_path / "clips", out=tmp_path / "clips" / "frames")
    assert sorted(path.name for path in (tmp_path / "full").iterdir()) == ["thesis.doc"]


def test_questions_have_no_class(tmp_path):
    table = pd.DataFrame({"video": ["a.avi"], "question": ["what?"], "answer": ["this"], "split": ["train"]})
    with pytest.raises(ValueError, match="`data` must hold actions.*DataFrame.*a `label` column"):
        extract_frames(table, out=tmp_path / "frames")


def test_an_unknown_option_and_no_worker(small_table, tmp_path):
    with pytest.raises(ValueError, match="`option` must be one of .*Did you mean 'fps'"):
        extract_frames(small_table, out=tmp_path / "frames", fpss=3)
    with pytest.raises(ValueError, match="`decode_workers` must be an integer from 1 to 256"):
        extract_frames(small_table, out=tmp_path / "frames", decode_workers=0)


@pytest.mark.slow
def test_a_disk_with_too_little_room_is_refused_before_the_first_frame(write_clip, small_disk):
    videos = [write_clip(f"{n}.avi", 100, size=(480, 640)) for n in range(2)]
    table = pd.DataFrame({"video": videos, "label": ["a", "b"], "split": "train"})
    with pytest.raises(ValueError, match=r"about \d.\d\d MB needed, 0.5\d MB free.*--fps"):
        extract_frames(table, out=small_disk / "frames", fps=10, progress=False)
    assert not list(small_disk.iterdir())
    fewer = extract_frames(table, out=small_disk / "frames", fps=1, short_side=64, progress=False)
    assert fewer.rows["status"].tolist() == ["extracted"] * 2, "the advice can be followed"


@pytest.mark.slow
def test_a_disk_that_fills_up_stops_the_run_and_leaves_whole_clips(write_clip, small_disk, monkeypatch):
    monkeypatch.setattr("videoqa.extraction.extract.check_space", lambda out, num_bytes: num_bytes)
    videos = [write_clip(f"{n}.avi", 100, size=(480, 640)) for n in range(2)]
    table = pd.DataFrame({"video": videos, "label": ["a", "b"], "split": "train"})
    with pytest.raises(OSError, match="No space left on device. What is finished stays"):
        extract_frames(table, out=small_disk / "frames", fps=10, decode_workers=1, progress=False)
    assert not list((small_disk / "frames").glob("train/*/*"))
    assert not (small_disk / "frames" / "train.txt").exists()
    assert not (small_disk / "frames" / "extraction.json").exists(), (
        "which would hold the run to its settings"
    )


def test_the_command_refuses_without_a_traceback(small_table, tmp_path, capfd):
    words = ["extract-frames", "--data", str(small_table), "--out", str(tmp_path / "frames")]
    assert main([*words, "--fps", "0"]) == 2
    assert main(["extract-frames", "--out", "frames"]) == 2
    printed = capfd.readouterr().err
    assert "`fps` must be a number" in printed and "`--data` is missing" in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v_YoYo_g01_c01", "v_YoYo_g01_c01"),
        ("..", "_"),
        ("a/../b", "a_.._b"),
        (".hidden", "_.hidden"),
        ("--help", "_--help"),
        ("", "_"),
        ("Größe 2", "Größe_2"),
        ("x" * 300, "x" * 120),
        ("a\nb\0c", "a_b_c"),
        ("C:\\x", "C__x"),
    ],
)
def test_names_that_could_lead_elsewhere(text, expected):
    assert safe_name(text) == expected


def test_names_differ_even_where_letter_case_does_not_count():
    assert distinct_names(["Run", "run", "run~2", "jump"]) == ["Run", "run~2", "run~2~2", "jump"]
