"""A fresh interpreter: the same modules, answers apart from what libraries print, its end in words."""

import signal
import subprocess
import sys

import pytest

from videoqa._child import how_it_ended, python_command


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(python_command(program), capture_output=True, text=True, check=False)


def test_it_finds_the_same_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, "/a folder/with 'quotes'"])
    assert run("print(sys.path)").stdout == f"{sys.path}\n"


def test_only_answers_reach_the_parent() -> None:
    done = run(
        "import os; from videoqa._child import answers_pipe; answers = answers_pipe(); print('printed'); "
        "os.write(1, b'by a library\\n'); print('é', file=answers)"
    )
    assert done.stdout == "é\n"
    assert sorted(done.stderr.splitlines()) == ["by a library", "printed"]


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("raise SystemExit(3)", "exit code 3"),
        (f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})", "signal 9"),
    ],
)
def test_its_end_in_words(program: str, expected: str) -> None:
    assert how_it_ended(run(program).returncode) == expected
