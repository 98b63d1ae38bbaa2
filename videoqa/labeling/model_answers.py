"""The file of a model's answers: one line of JSON for each, written as soon as it is there, read as results.

The first line says who answered what, and how it was asked. A last line that a kill cut short is no answer.
"""

import contextlib
import json
import os
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from videoqa._checks import Refusal, check_file
from videoqa._text_normalization import without_controls
from videoqa.labeling.locked_file import locked
from videoqa.labeling.model_replies import ModelAnswer
from videoqa.labeling.result_rows import CANNOT_TELL, CHOICE, LONGEST_CELL, TYPED, WRITTEN, ResultRow

FORMAT, VERSION = "videoqa model answers", 1
SUFFIX = ".jsonl"
WORKER = "model:"
"""Before the name of a model that is a worker."""


class AnswerFile:
    """Collects answers; threads may share it. Made by `open_answers`.

    Attributes:
        answered: ids of the tasks that have one.
    """

    def __init__(self, path: Path, answered: set[str]) -> None:
        self.answered = answered
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115 (closed by `open_answers`)
        self._lock = threading.Lock()

    def add(self, task_id: str, answer: ModelAnswer, samples: list[str]) -> None:
        """Write an answer, and return once the disk has it.

        Raises:
            OSError: it could not be written whole, as on a full disk; nothing of it stays.
        """
        content: dict[str, Any] = {"task_id": task_id, "how": answer.how, "answer": answer.answer}
        if answer.written:
            content["written"] = [list(pair) for pair in answer.written]
        if answer.confidence is not None:
            content |= {"confidence": answer.confidence, "confidence_by": answer.confidence_by}
        content |= {"samples": samples, "time": datetime.now(UTC).isoformat(timespec="seconds")}
        with self._lock:
            size = os.fstat(self._file.fileno()).st_size
            try:
                left = memoryview(_line(content))
                while left:
                    left = left[self._file.write(left) :]
                os.fsync(self._file.fileno())
            except OSError as error:
                self._file.truncate(size)
                error.filename = self._file.name
                raise
            self.answered.add(task_id)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@contextlib.contextmanager
def open_answers(path: Path, head: Mapping[str, Any]) -> Iterator[AnswerFile]:
    """Yield a file of answers to add to, begun now or earlier.

    Args:
        path: the file.
        head: what must be the same in all its answers.

    Raises:
        ValueError: another kind of file, one of other tasks, another model or other options, or one that
            another process is writing.
    """
    head = {"format": FORMAT, "version": VERSION, **head}
    with locked(path, wait=False):
        file = AnswerFile(path, _begun(path, head))
        try:
            yield file
        finally:
            file.close()


def _begun(path: Path, head: dict[str, Any]) -> set[str]:
    """Return the tasks that a file has answers to; begin a new one, and take away a line cut short."""
    content = path.read_bytes() if path.exists() else b""
    whole = content[: content.rfind(b"\n") + 1]
    if not whole:
        if content and not _line(head).startswith(content):
            raise Refusal("out", "be a new file, or a model's answers", str(path))
        path.write_bytes(_line(head))
        return set()
    first, *lines = whole.splitlines()
    found = _object(first)
    if found is None or found.get("format") != FORMAT:
        advice = "Name another file: what is there is never overwritten."
        raise Refusal("out", "be a new file, or a model's answers", str(path), advice)
    other = sorted(name for name in {*head, *found} if head.get(name) != found.get(name))
    if other:
        advice = (
            f"It differs in {', '.join(other)}: name another file, or the options that it was begun with."
        )
        raise Refusal("out", "be a file of these tasks, this model and these options", str(path), advice)
    if len(whole) < len(content):
        os.truncate(path, len(whole))
    return {str(answer["task_id"]) for line in lines if (answer := _object(line)) and "task_id" in answer}


def read_model_answers(path: Path) -> Iterator[ResultRow]:
    """Yield a row for each line of a model's answers; a line that is none is an unfinished row.

    Raises:
        ValueError: no file of a model's answers.
    """
    check_file("results", path)
    with open(path, "rb") as file:
        head = _object(file.readline(LONGEST_CELL))
        if head is None or head.get("format") != FORMAT or head.get("version") != VERSION:
            raise Refusal(f"{path} must be the answers of a model, as `videoqa label ask` writes them.")
        worker, sha256 = f"{WORKER}{head.get('model', '')}", str(head.get("tasks_sha256", ""))
        number = 1
        while line := file.readline(LONGEST_CELL):
            number += 1
            yield _row(_object(line) or {}, f"line {number} of {path}", worker, sha256)


def source_name(path: Path) -> str:
    """Return where answers come from: of a model's file the model as a worker, of another one its name."""
    if path.suffix.lower() != SUFFIX:
        return path.name
    with open(path, "rb") as file:
        head = _object(file.readline(LONGEST_CELL)) or {}
    return without_controls(f"{WORKER}{head.get('model', '')}")


def _row(content: dict[str, Any], place: str, worker: str, sha256: str) -> ResultRow:
    how, written, confidence = content.get("how"), content.get("written"), content.get("confidence")
    pairs = tuple(
        (str(pair[0]), str(pair[1]))
        for pair in (written if isinstance(written, list) else ())
        if isinstance(pair, list) and len(pair) == 2
    )
    is_number = isinstance(confidence, (int, float)) and not isinstance(confidence, bool)
    return ResultRow(
        place=place,
        task=str(content.get("task_id", "")),
        tasks_sha256=sha256,
        worker=worker,
        how=how if how in (CHOICE, TYPED, CANNOT_TELL, WRITTEN) else TYPED,
        answer=str(content.get("answer", "")),
        written=pairs,
        is_finished=how in (CHOICE, TYPED, CANNOT_TELL, WRITTEN),
        time=str(content.get("time", "")),
        confidence=float(confidence) if is_number and 0 <= confidence <= 1 else None,  # type: ignore[arg-type,operator]
    )


def _line(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=True, allow_nan=False).encode("ascii") + b"\n"


def _object(line: bytes) -> dict[str, Any] | None:
    """Return the JSON object of a whole line; None of another one."""
    if not line.endswith(b"\n") and not line.endswith(b"}"):
        return None
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
