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
            ValueError: the journal is of other settings, naming the first that differs.
        """
        head, *lines = self._whole_lines()
        self._check_settings(head)
        return [[WatchedWindow.from_dict(each) for each in line] for line in lines]

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

    def _whole_lines(self) -> list[Any]:
        content = self.path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            os.truncate(self.path, len(whole))
        try:
            return [json.loads(line) for line in whole.splitlines()] or [None]
        except ValueError as error:
            raise Refusal(
                f"{self.path} is no journal of `watch` ({error}). Delete it to begin anew."
            ) from error

    def _check_settings(self, found: Any) -> None:
        if not isinstance(found, dict):
            raise Refusal(f"{self.path} is no journal of `watch`. Delete it to begin anew.")
        for name, value in self._settings.items():
            if found.get(name) != value:
                requirement = f"be what it was when the watch began, {found.get(name)!r}"
                advice = f"Or delete {self.path} to begin anew."
                raise Refusal(name, requirement, value, advice)


def _line(content: Any) -> bytes:
    return json.dumps(content).encode() + b"\n"
