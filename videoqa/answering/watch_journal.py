"""Keeps the windows of a film that are answered so far, so that a stopped `watch` goes on where it ended."""

import json
import os
from pathlib import Path
from typing import Any

from videoqa._checks import Refusal
from videoqa._files import name_file, write_bytes
from videoqa.answering.watched import WatchedWindow

SUFFIX = ".unfinished"


class WatchJournal:
    """One JSON line with the settings, then one line for each regular window, written when it is answered.

    Args:
        out: the CSV file that the finished table is for; the journal lies beside it.
        settings: all that the answers depend on, JSON-ready.
    """

    def __init__(self, out: Path, settings: dict[str, Any]) -> None:
        self.path = out.with_name(out.name + SUFFIX)
        self._settings = json.loads(json.dumps(settings))

    def begin(self) -> None:
        """Write the settings, over a journal that is there."""
        write_bytes(self.path, _line(self._settings))

    def read(self) -> list[list[WatchedWindow]]:
        """Return the windows of each finished line, and cut off a line that was not finished.

        Raises:
            ValueError: it is no journal, or one of other settings, naming the first that differs.
        """
        content = self.path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        windows = self._windows(whole)
        if len(whole) < len(content):
            os.truncate(self.path, len(whole))
        return windows

    def append(self, windows: list[WatchedWindow]) -> None:
        """Add the windows of the next regular window."""
        try:
            with open(self.path, "ab") as file:
                file.write(_line([each.to_dict() for each in windows]))
        except OSError as error:
            name_file(error, self.path)
            raise

    def remove(self) -> None:
        """Remove the journal of a finished table."""
        self.path.unlink(missing_ok=True)

    def _windows(self, content: bytes) -> list[list[WatchedWindow]]:
        """Return the windows of whole lines, or refuse what is no journal of these settings."""
        try:
            head, *lines = [json.loads(line) for line in content.splitlines()] or [None]
        except ValueError as error:
            raise self._no_journal(error) from error
        self._check_settings(head)
        try:
            return [[WatchedWindow.from_dict(each) for each in _listed(line)] for line in lines]
        except (TypeError, KeyError) as error:
            raise self._no_journal("a line holds no windows") from error

    def _no_journal(self, why: object) -> Refusal:
        return Refusal(f"{self.path} is no journal of `watch` ({why}). Delete it to begin anew.")

    def _check_settings(self, found: Any) -> None:
        if not isinstance(found, dict):
            raise self._no_journal("it does not begin with settings")
        for name, value in self._settings.items():
            if found.get(name) != value:
                requirement = f"be what it was when the watch began, {found.get(name)!r}"
                advice = f"Or delete {self.path} to begin anew."
                raise Refusal(name, requirement, value, advice)


def _line(content: Any) -> bytes:
    return json.dumps(content).encode() + b"\n"


def _listed(line: Any) -> list[Any]:
    if not isinstance(line, list):
        raise TypeError(f"no list: {line!r}")
    return line
