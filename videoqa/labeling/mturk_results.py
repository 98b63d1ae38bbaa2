"""Reads the results that Mechanical Turk's requester site gives as CSV."""

from collections.abc import Iterator
from pathlib import Path

from videoqa._checks import Refusal, check_columns
from videoqa.labeling.result_rows import (
    ResultRow,
    answer_in,
    cell_at,
    json_fields,
    open_csv,
    row_places,
)

NEEDED = ("HITId", "AssignmentStatus", "WorkerId", "Input.task_id")
FINISHED = ("submitted", "approved")
REJECTED = "rejected"
PACKED = "Answer.taskAnswers"


def is_mturk(names: list[str]) -> bool:
    """Return whether columns are those of Mechanical Turk."""
    return "HITId" in names or any(name.startswith(("Input.", "Answer.")) for name in names)


def read_mturk(path: Path) -> Iterator[ResultRow]:
    """Yield a row for each assignment; what stands in the requester's column `Reject` rejects it.

    Raises:
        ValueError: a column is missing.
    """
    names, rows = open_csv(path)
    check_columns(names, NEEDED, str(path))
    fields = {place: name[7:] for place, name in enumerate(names) if name.startswith("Answer.")}
    if not fields:
        raise Refusal(
            f"{path} must have a column 'Answer.how' or {PACKED!r}. Found: {', '.join(map(repr, names))}."
        )
    hit, status, worker, task = row_places(names, NEEDED)
    assignment, sha256, packed, submitted, marked = row_places(
        names, ("AssignmentId", "Input.tasks_sha256", PACKED, "SubmitTime", "Reject")
    )
    for line, cells in rows:
        given = {name: cell_at(cells, place) for place, name in fields.items() if place != packed}
        is_readable = True
        if cell_at(cells, packed):
            try:
                given |= json_fields(cell_at(cells, packed))
            except ValueError:
                is_readable = False
        how, answer, written = answer_in(given)
        state = cell_at(cells, status).lower()
        yield ResultRow(
            place=f"line {line} of {path}",
            task=cell_at(cells, task),
            tasks_sha256=cell_at(cells, sha256),
            worker=cell_at(cells, worker),
            assignment=cell_at(cells, assignment),
            is_rejected=state == REJECTED or cell_at(cells, marked) != "",
            is_finished=state in FINISHED and is_readable and bool(cell_at(cells, hit)),
            how=how,
            answer=answer,
            written=written,
            time=cell_at(cells, submitted),
        )
