"""What a shell is told of the words that may come next."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def completed(line: str, folder: Path, program: str = "main") -> list[str]:
    """Return what a shell is told at the end of `line`."""
    told = folder / "told"
    asked = {"_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n", "_ARGCOMPLETE_STDOUT_FILENAME": str(told)}
    asked |= {"COMP_LINE": line, "COMP_POINT": str(len(line)), "COMP_TYPE": "9"}
    code = f"from videoqa.cli.main import {program}; {program}()"
    subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **asked}, cwd=folder, check=True, timeout=120
    )
    return told.read_text("utf-8").split()


@pytest.mark.parametrize(
    ("line", "program", "words"),
    [
        ("videoqa aud", "main", ["audit"]),
        ("videoqa train --architecture c", "main", ["cnn_lstm", "c3d", "conv_lstm"]),
        ("videoqa-train --cross", "main_train", ["--cross-validate"]),
    ],
)
def test_commands_flags_and_choices_are_completed(tmp_path: Path, line, program, words) -> None:
    pytest.importorskip("argcomplete", reason="the extra `completion` is not installed")
    assert completed(line, tmp_path, program) == words


def test_without_argcomplete_a_command_runs_as_ever(monkeypatch, capsys) -> None:
    from videoqa.cli.main import main

    monkeypatch.setenv("_ARGCOMPLETE", "1")
    monkeypatch.setitem(sys.modules, "argcomplete", None)
    monkeypatch.setattr(sys, "argv", ["videoqa", "data"])
    assert main() == 0
    assert "sample" in capsys.readouterr().out
