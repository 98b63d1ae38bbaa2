"""A fresh interpreter for work that may take its process down, and a pipe that only answers go through.

Not a fork: OpenCV, FFmpeg and TensorFlow have threads. Nor `multiprocessing`, whose spawned children run the
caller's main file again.
"""

import os
import sys
from typing import TextIO


def python_command(program: str) -> list[str]:
    """Return the command that runs `program`, Python code that finds modules where this process does."""
    return [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {program}"]


def answers_pipe() -> TextIO:
    """Return what was this process's stdout, for answers alone; from here on stdout is stderr.

    To be called in the child before anything is loaded: libraries print on stdout, past `sys.stdout` too.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def how_it_ended(exit_code: int) -> str:
    """Return a process's end in words, of the exit code that `subprocess` gives: negative for a signal."""
    return f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
