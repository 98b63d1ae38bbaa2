"""Runs code that may crash in a fresh Python process that answers over a pipe.

A fork would break the threads of OpenCV, FFmpeg and TensorFlow, and a process spawned by `multiprocessing`
imports the caller's main file again.
"""

import os
import sys
from typing import TextIO


def python_command(program: str) -> list[str]:
    """Return the command that runs Python code with the module search path of this process."""
    return [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {program}"]


def answers_pipe() -> TextIO:
    """Return this process's stdout for answers alone, and send everything else on stdout to stderr.

    Call it in the child before anything is loaded: libraries print on stdout, some past `sys.stdout`.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def how_it_ended(exit_code: int) -> str:
    """Return in words how a process ended; `exit_code` is that of `subprocess`, negative for a signal."""
    return f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
