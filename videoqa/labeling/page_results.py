"""Reads the answers that `videoqa label serve` collected, also while it runs."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from videoqa._checks import Refusal
from videoqa.labeling.answers_database import BUSY_SECONDS, NAME, check_kind, tasks_sha256
from videoqa.labeling.page_answers import SKIPPED
from videoqa.labeling.result_rows import ResultRow

MAGIC = b"SQLite format 3\0"
_ANSWERS = """
SELECT a.number, a.task, p.name, a.how, a.answer, a.written, a.answered_at FROM answers a
JOIN people p ON p.number = a.person WHERE a.withdrawn_at IS NULL ORDER BY a.number
"""


def results_path(path: Path) -> Path:
    """Return the file of results: of a folder of `videoqa label serve` its database, else the path itself."""
    return path / NAME if path.is_dir() else path


def is_answers_database(path: Path) -> bool:
    """Return whether a file is a database."""
    with open(path, "rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read_answers(path: Path) -> Iterator[ResultRow]:
    """Yield each answer that was not taken back; a task that was given back is "rejected or skipped".

    Raises:
        ValueError: another database, or a damaged one.
    """
    try:
        with closing(_opened(path)) as connection:
            check_kind(connection, path)
            sha256 = tasks_sha256(connection)
            for number, task, name, how, answer, written, time in connection.execute(_ANSWERS):
                yield ResultRow(
                    place=f"answer {number} of {path}",
                    task=task,
                    tasks_sha256=sha256,
                    worker=name,
                    assignment=str(number),
                    is_rejected=how == SKIPPED,
                    how=how,
                    answer=answer,
                    written=tuple((pair[0], pair[1]) for pair in json.loads(written)) if written else (),
                    time=time,
                )
    except (sqlite3.Error, json.JSONDecodeError) as error:
        raise Refusal(f"{path} must be the answers of `videoqa label serve`. Cause: {error}.") from error


def _opened(path: Path) -> sqlite3.Connection:
    """Return a connection that only reads.

    Without its files beside it, a database on a disk that cannot be written is read as it is.
    """
    beside = path.with_name(f"{path.name}-wal").exists()
    address = f"{path.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        if beside:
            raise
        return sqlite3.connect(f"{address}&immutable=1", uri=True)
    return connection
