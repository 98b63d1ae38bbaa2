"""`videoqa ask` without a question: on a terminal it asks again and again, elsewhere it refuses."""

import io
import re
from pathlib import Path

import pytest

from videoqa.cli.main import main

RANKED = re.compile(r"^ +[\d.]+%  ", re.MULTILINE)


class Terminal(io.StringIO):
    """What is typed on a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clip(small_set: Path) -> str:
    return str(next(small_set.glob("waving-5/*.avi")))


@pytest.mark.slow
@pytest.mark.parametrize("end", ["\nnot asked any more\n", ""], ids=["empty line", "end of input"])
def test_questions_are_answered_until_an_empty_line(question_run, clip, monkeypatch, capsys, end) -> None:
    typed = "is he waving?\nxyzzy\n  what is he doing?  \n"
    monkeypatch.setattr("sys.stdin", Terminal(typed + end))
    assert main(["ask", clip, "--model", str(question_run), "--top-k", "1"]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("Questions about the clip; an empty line ends.\n")
    assert len(RANKED.findall(printed.out)) == 2, "two answers, each with its probability"
    assert "`question` must hold a word of the training questions. Received: question='xyzzy'" in printed.err
    assert "not asked" not in printed.out + printed.err


def test_a_clip_spelled_otherwise_is_said_once(question_run, clip, tmp_path, monkeypatch, capsys) -> None:
    (tmp_path / "a.avi").symlink_to(clip)
    monkeypatch.setattr("sys.stdin", Terminal("is he waving?\nis he loading?\n"))
    assert main(["ask", str(tmp_path / "A"), "--model", str(question_run)]) == 0
    printed = capsys.readouterr()
    assert printed.err.count("is taken to mean") == 1 and printed.out.startswith("Questions about the clip")


def test_a_clip_that_is_not_there_is_refused_before_a_question(question_run, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", Terminal("is he waving?\n"))
    assert main(["ask", str(tmp_path / "none.mp4"), "--model", str(question_run)]) == 2
    printed = capsys.readouterr()
    assert "none.mp4" in printed.err and "?" not in printed.out


@pytest.mark.slow
def test_an_action_model_needs_no_question(action_run, clip, monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(""))
    assert main(["ask", clip, "--model", str(action_run)]) == 0
    assert len(RANKED.findall(capsys.readouterr().out)) == 3


def test_without_a_terminal_the_question_is_missing(question_run, clip, monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("is he waving?\n"))
    assert main(["ask", clip, "--model", str(question_run)]) == 2
    assert "`question` must" in capsys.readouterr().err
