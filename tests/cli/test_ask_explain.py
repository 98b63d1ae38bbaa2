"""`videoqa ask --explain`: a picture of why, and never an answer lost for it."""

import io
import json
import os
from pathlib import Path

import pytest

from videoqa.cli.main import main


@pytest.fixture
def clip(small_set: Path) -> str:
    return str(next(small_set.glob("waving-5/*.avi")))


@pytest.mark.slow
def test_the_picture_is_written_and_json_has_the_evidence(question_run, clip, tmp_path, capfd) -> None:
    why = str(tmp_path / "why.png")
    words = ["ask", clip, "is he waving?", "--model", str(question_run), "--explain", why, "--json"]
    assert main(words) == 0
    result = json.loads(capfd.readouterr().out)
    assert Path(why).read_bytes().startswith(b"\x89PNG")
    assert result["explain"] == why and result["explain_error"] is None
    assert len(result["evidence"]["contributions"]) == len(result["timestamps_seconds"])
    assert [each["word"] for each in result["evidence"]["words"]] == ["is", "he", "waving", "?"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("why.jpg", "`explain` must end in .png"),
        ("nowhere/why.png", "`explain` must lie in an existing folder"),
        ("", "`explain` must end in .png"),
        ("folder.png", "this is a folder"),
        ("pipe.png", "this is a device"),
        ("x" * 300 + ".png", "`explain` must be a file that can be written"),
    ],
)
def test_a_picture_that_cannot_be_written_is_refused_before_the_model_is_loaded(
    clip, tmp_path: Path, capsys, name: str, message: str
) -> None:
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    why = str(tmp_path / name) if name else ""
    assert main(["ask", clip, "is he waving?", "--model", "no model", "--explain", why]) == 2
    assert message in capsys.readouterr().err


def test_the_video_is_never_written_over(tmp_path: Path, capsys) -> None:
    video = tmp_path / "clip.png"
    video.write_bytes(b"not to be lost")
    assert main(["ask", str(video), "why?", "--model", "no model", "--explain", str(video)]) == 2
    assert "`explain` must not be a file that is read" in capsys.readouterr().err
    assert video.read_bytes() == b"not to be lost"


@pytest.mark.slow
def test_the_answer_stays_where_the_picture_fails(question_run, clip, tmp_path, capsys, monkeypatch) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("videoqa.answering.video_qa.write_bytes", full)
    why = str(tmp_path / "why.png")
    assert main(["ask", clip, "is he waving?", "--model", str(question_run), "--explain", why]) == 2
    printed = capsys.readouterr()
    assert "%" in printed.out and "No space left on device" in printed.err and "why.png" in printed.err


def test_a_conversation_is_not_explained(question_run, clip, tmp_path, capsys, monkeypatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal("is he waving?\n"))
    why = str(tmp_path / "why.png")
    assert main(["ask", clip, "--model", str(question_run), "--explain", why]) == 2
    assert "one picture explains one answer" in capsys.readouterr().err
