"""Keeps corrections: rows of a CSV file, added by several processes, each whole or not at all."""

import csv
import io
import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from videoqa._checks import Refusal
from videoqa._tables import guarded

COLUMNS = (
    *("video", "question", "answer", "model_answer", "probability", "clip_sha256", "time_utc", "model"),
    *("model_sha256", "source"),
)
"""`answer` is the human's: with the clips beside it the file is an annotation table."""
USUAL_FILE = "page_corrections.csv"
LOCK_SECONDS = 10.0
SOURCE = "page"


@dataclass(frozen=True)
class Correction:
    """What a human says the answer should have been.

    Attributes:
        video: name of the clip.
        clip_sha256: of its bytes.
        question: as it was asked.
        answer: the human's.
        model_answer: the model's.
        probability: of the model's answer, in [0, 1]; None: not known.
    """

    video: str
    clip_sha256: str
    question: str
    answer: str
    model_answer: str
    probability: float | None


def corrections_path(path: str | None) -> str | None:
    """Return the file that a server writes; None: no file was named, and nothing can be written here."""
    return path or (USUAL_FILE if os.access(".", os.W_OK) else None)


class CorrectionsFile:
    """A CSV file of corrections.

    Args:
        path: the file; made with its header at the first correction.
        model: name of the model.
        model_sha256: of its manifest.

    Raises:
        ValueError: the file has other columns, or is none.
        FileNotFoundError: its folder does not exist.
    """

    def __init__(self, path: str | os.PathLike[str], *, model: str, model_sha256: str) -> None:
        self.path = Path(path).absolute()
        self._model, self._model_sha256 = model, model_sha256
        if not self.path.parent.is_dir():
            advice = "Make its folder, or name another file."
            raise Refusal("corrections", "be a file in an existing folder", str(path), advice)
        if not os.access(self.path if self.path.exists() else self.path.parent, os.W_OK):
            raise Refusal("corrections", "be a file that can be written", str(path), "Name another file.")
        if self.path.exists():
            if not self.path.is_file():
                raise Refusal("corrections", "be a file", str(path))
            with open(self.path, "rb") as file:
                self._check_header(file.readline(10_000))

    def append(self, correction: Correction) -> None:
        """Add one row and wait until the disk has it.

        Raises:
            OSError: it cannot be written; the file has what it had before.
            ValueError: the file has other columns by now.
            TimeoutError: another process holds its lock for long.
        """
        probability = "" if correction.probability is None else f"{correction.probability:.6g}"
        values = (
            *(correction.video, correction.question, correction.answer, correction.model_answer),
            *(probability, correction.clip_sha256, datetime.now(UTC).isoformat(timespec="seconds")),
            *(self._model, self._model_sha256, SOURCE),
        )
        try:
            with FileLock(self.path.with_name(f".{self.path.name}.lock"), timeout=LOCK_SECONDS):
                self._append_locked(_csv_row([guarded(_one_line(value)) for value in values]))
        except Timeout as error:
            raise TimeoutError(f"{self.path} is locked by another process.") from error

    def _append_locked(self, row: bytes) -> None:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with open(descriptor, "r+b", buffering=0) as file:
            before = os.fstat(descriptor).st_size
            file.seek(0)
            if before:
                self._check_header(file.readline(10_000))
                file.seek(before - 1)
                start = b"" if file.read(1) == b"\n" else b"\n"
            else:
                start = _csv_row(COLUMNS)
            try:
                content = memoryview(start + row)
                while content:
                    content = content[os.write(descriptor, content) :]
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, before)
                raise

    def _check_header(self, line: bytes) -> None:
        if line and line.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n") != _csv_row(COLUMNS).rstrip(b"\n"):
            shown = line[:200].decode("utf-8", "replace").rstrip()
            requirement = f"be a new file, or begin with the line {','.join(COLUMNS)}"
            raise Refusal("corrections", requirement, shown, f"Move {self.path} away, or name another file.")


def _one_line(text: str) -> str:
    """Return a text with a space for each character that is none to see."""
    return "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in text)


def _csv_row(values: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue().encode("utf-8")
