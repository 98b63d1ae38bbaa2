"""Runs code that may crash in a fresh Python process that answers over a pipe.

A fork would break the threads of OpenCV, FFmpeg and TensorFlow, and a process spawned by `multiprocessing`
imports the caller's main file again.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from typing import Any, TextIO

MOST_PRINTED_BYTES = 1_000_000
"""What a process has printed on stderr is dropped between two answers if it is more."""


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


class AnsweringProcess:
    """A fresh Python process that answers each line of JSON on stdin with a line of JSON on stdout.

    Args:
        program: what it runs; it answers through `answers_pipe`.
    """

    def __init__(self, program: str) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  (closed by `end`)
        self._process = subprocess.Popen(
            python_command(program),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
        )
        self.timed_out = False
        """Whether it was killed because an answer took too long."""

    def ask(self, request: dict[str, Any], *, seconds: float | None = None) -> dict[str, Any] | None:
        """Return the answer to a request.

        Args:
            request: JSON-ready.
            seconds: wall clock after which the process is killed; None: it may take for ever.

        Returns:
            None: the process died, or was killed.
        """
        self.send(request)
        return self.receive(seconds=seconds)

    def send(self, request: dict[str, Any]) -> None:
        """Write a request; `receive` tells if the process is dead."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            return

    def receive(self, *, seconds: float | None = None) -> dict[str, Any] | None:
        """Return the next answer; see `ask`."""
        if seconds is None:
            return self._read()
        clock = threading.Timer(seconds, self._stop)
        clock.daemon = True
        clock.start()
        try:
            return self._read()
        finally:
            clock.cancel()

    @property
    def is_alive(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def last_words(self) -> str:
        """Wait for the end of the process and return what it wrote to stderr."""
        self._process.wait()
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def end(self) -> str:
        """Kill the process if it lives and return how it ended."""
        self._process.kill()
        code = self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            try:
                stream.close()  # type: ignore[union-attr]
            except OSError:
                continue  # the pipe's buffer has no reader left
        return how_it_ended(code)

    def _stop(self) -> None:
        self.timed_out = True
        self._process.kill()

    def _read(self) -> dict[str, Any] | None:
        assert self._process.stdout is not None
        try:
            line = self._process.stdout.readline()
            answer = json.loads(line) if line else None
            if self._errors.seek(0, os.SEEK_END) > MOST_PRINTED_BYTES:  # the process shares the position
                self._errors.seek(0)
                self._errors.truncate()
        except (OSError, ValueError):
            return None
        return answer
