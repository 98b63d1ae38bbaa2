"""Copies what a worker process prints to its log file, line by line, and to this process's stderr."""

import codecs
import contextlib
import sys
import threading
from collections import deque
from pathlib import Path
from typing import IO

from videoqa._progress import say

MAX_KEPT_LINES = 1000
MAX_LINE = 1 << 14


class ChildLog:
    """The log of one process. In a line with carriage returns, only the text after the last one is kept.

    Args:
        path: file to append to; None: keep the last lines in memory until `open`.
        echo: write everything to `sys.stderr` too.
    """

    def __init__(self, path: Path | None, echo: bool) -> None:
        self.last_line = ""
        self._echo = echo
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._begun = ""
        self._kept: deque[str] = deque(maxlen=MAX_KEPT_LINES)
        self._file: IO[str] | None = None
        self._lock = threading.Lock()
        if path is not None:
            self.open(path)

    def open(self, path: Path) -> None:
        """Append kept and further lines to this file; print a message if it cannot be written."""
        with self._lock:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._file = path.open("a", encoding="utf-8", errors="backslashreplace")
                self._file.writelines(f"{line}\n" for line in self._kept)
                self._file.flush()
            except OSError as error:
                self._give_up(error)
            self._kept.clear()

    def write(self, data: bytes) -> None:
        """Add a piece of output."""
        with self._lock:
            text = self._decoder.decode(data)
            *lines, self._begun = (self._begun + text).split("\n")
            if len(self._begun) > MAX_LINE:
                self._begun = self._begun.rpartition("\r")[2][-MAX_LINE:]
            self._add(lines)
        self._show(text)  # outside the lock: a terminal may be held up

    def close(self) -> None:
        """Write the unfinished line and close the file."""
        with self._lock:
            if self._begun:
                self._add([self._begun])
                self._begun = ""
            if self._file is not None:
                self._file.close()
                self._file = None

    def _add(self, lines: list[str]) -> None:
        shown = [line.rstrip("\r").rpartition("\r")[2] for line in lines]
        for line in shown:
            self.last_line = line.strip() or self.last_line
        if self._file is None:
            self._kept.extend(shown)
            return
        try:
            self._file.writelines(f"{line}\n" for line in shown)
            self._file.flush()
        except OSError as error:
            self._give_up(error)

    def _show(self, text: str) -> None:
        if self._echo:
            try:
                sys.stderr.write(text)
                sys.stderr.flush()
            except (OSError, ValueError):
                self._echo = False  # nobody reads it any more; the work goes on

    def _give_up(self, error: OSError) -> None:
        say(f"The log of a worker cannot be written: {error}. The work goes on without it.")
        if self._file is not None:
            with contextlib.suppress(OSError):  # what is left in its buffer fails once more
                self._file.close()
            self._file = None
