"""Reads our own tables of results: the filled-in `tasks.csv`, and the corrections that a page collected."""

from collections.abc import Iterator
from pathlib import Path

from videoqa._checks import check_columns
from videoqa._tables import without_guard
from videoqa.labeling.result_rows import (
    CANNOT_TELL,
    UNSAID,
    WRITTEN,
    ResultRow,
    answer_in,
    cell_at,
    open_csv,
    row_places,
)

CANNOT_TELL_WORDS = ("cannot tell", "can't tell", "i cannot tell", "?")
TASKS = "tasks"
TABLE_COLUMNS = ("task_id", "answer")
PAGE_COLUMNS = ("video", "question", "answer", "model_answer", "clip_sha256", "time_utc")
"""Of the file that `videoqa serve --corrections` writes; it also has probability, model and model_sha256."""


def is_table(names: list[str]) -> bool:
    """Return whether columns are those of our `tasks.csv`."""
    return "task_id" in names


def is_page(names: list[str]) -> bool:
    """Return whether columns are those of the page's corrections."""
    return {"clip_sha256", "model_answer"} <= set(names)


def read_table(path: Path) -> Iterator[ResultRow]:
    """Yield a row for each task of a `tasks.csv`; a row without an answer is unfinished.

    Who answered is in its column `worker`; without one it is the file's name, with that of its folder if the
    file is still called `tasks`.
    """
    name = path.stem if path.stem != TASKS else f"{path.absolute().parent.name}/{TASKS}"
    names, rows = open_csv(path)
    if "question_1" not in names:
        check_columns(names, TABLE_COLUMNS, str(path))
    task, sha256, worker, time = row_places(names, ("task_id", "tasks_sha256", "worker", "time"))
    for line, cells in rows:
        given = {name: without_guard(cell_at(cells, place)) for place, name in enumerate(names)}
        how, answer, written = answer_in({**given, "how": ""})
        if answer.lower() in CANNOT_TELL_WORDS:
            how, answer = CANNOT_TELL, ""
        yield ResultRow(
            place=f"line {line} of {path}",
            task=cell_at(cells, task),
            tasks_sha256=cell_at(cells, sha256),
            worker=without_guard(cell_at(cells, worker)) or name,
            is_finished=how in (CANNOT_TELL, WRITTEN) or answer != "",
            how=how or UNSAID,
            answer=answer,
            written=written,
            time=cell_at(cells, time),
        )


def read_page(path: Path) -> Iterator[dict[str, str]]:
    """Yield the page's corrections, each as its columns.

    Raises:
        ValueError: a column is missing.
    """
    names, rows = open_csv(path)
    check_columns(names, PAGE_COLUMNS, str(path))
    for line, cells in rows:
        row = {name: without_guard(cell_at(cells, place)) for place, name in enumerate(names)}
        yield {**row, "place": f"line {line} of {path}"}
