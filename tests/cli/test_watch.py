"""`videoqa watch`: segments for people, lines of JSON for programs, and what a stop leaves."""

import json
from pathlib import Path

import pytest

from videoqa.cli.main import main


@pytest.fixture
def clip(small_set: Path) -> str:
    return str(next(small_set.glob("loading-5/*.avi")))


def test_segments_are_printed(question_run: Path, clip: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["what is he doing?", "is he waving?", "--model", str(question_run), "--window-seconds", "1"]
    assert main(["watch", clip, *words, "--stride-seconds", "0.5"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines and all(line.startswith("0:0") and line.endswith("?]") for line in lines)
    assert {line.partition("[")[2] for line in lines} == {"what is he doing?]", "is he waving?]"}


def test_json_is_a_line_for_each_window_and_segment(
    question_run: Path, clip: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "film.csv"
    words = ["what is he doing?", "--model", str(question_run), "--stride-seconds", "1", "--json"]
    assert main(["watch", clip, *words, "--window-seconds", "1", "--out", str(out)]) == 0
    items = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    windows = [item for item in items if item["kind"] == "window"]
    segments = [item for item in items if item["kind"] == "segment"]
    assert len(windows) == len(out.read_text("utf-8").splitlines()) - 1 >= 3 and segments
    assert {"start_seconds", "end_seconds", "answer", "probability", "familiarity", "status"} <= set(
        windows[0]
    )
    assert segments[-1]["end_seconds"] == windows[-1]["end_seconds"]


def test_a_refused_watch_exits_2(question_run: Path, clip: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["what is he doing?", "--model", str(question_run), "--stride-seconds", "0"]
    assert main(["watch", clip, *words]) == 2
    assert "`stride_seconds` must be a number of at least 0.001" in capsys.readouterr().err
