"""What every file of results becomes before it is checked against the tasks: one `ResultRow` an answer."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videoqa._checks import Refusal, check_file

CHOICE, TYPED, CANNOT_TELL, WRITTEN = "choice", "typed", "cannot_tell", "written"
"""How a question was answered: one of its choices, in words, not at all, or by questions of one's own."""
UNSAID = ""
"""The file does not tell whether an answer is a choice or typed."""
DELIMITERS = (",", ";", "\t")
LONGEST_CELL = 1_000_000
MOST_WRITTEN = 20
_MONTHS = tuple("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One answer as a file of results has it.

    Attributes:
        place: where it stands, for messages.
        task: id of the task; "": the file names none.
        tasks_sha256: of the tasks that it was given with; "": the file does not tell.
        worker: who answered.
        assignment: the service's own name for this answer; "": it has none.
        is_rejected, is_finished: what became of it.
        how: `CHOICE`, `TYPED`, `CANNOT_TELL`, `WRITTEN` or `UNSAID`.
        answer: as it was given.
        written: questions with their answers, of `WRITTEN`.
        time: when, as the file has it.
        confidence: of a model in its answer, from 0 to 1; None: unknown, as of people.
    """

    place: str
    task: str
    worker: str
    how: str
    answer: str = ""
    tasks_sha256: str = ""
    assignment: str = ""
    is_rejected: bool = False
    is_finished: bool = True
    written: tuple[tuple[str, str], ...] = ()
    time: str = ""
    confidence: float | None = None


def open_csv(path: Path) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """Return the column names of a CSV file, and its rows with the line that each ends in, read as needed.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no UTF-8, no CSV, no column names, a column named twice, or a row with too many cells.
    """
    check_file("results", path)
    rows = _rows(path)
    _, names = next(rows, (0, []))
    names = [name.strip() for name in names]
    if not any(names):
        raise Refusal(f"{path} must begin with column names. Received: an empty first line.")
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice is not None:
        raise Refusal(f"{path} must name each column once. Received: {twice!r} more than once.")
    return names, _as_long_as(rows, len(names), path)


def _as_long_as(
    rows: Iterator[tuple[int, list[str]]], number: int, path: Path
) -> Iterator[tuple[int, list[str]]]:
    """Yield rows, none of which goes on behind the last column: a comma has cut one of its cells in two."""
    for line, cells in rows:
        if len(cells) > number and any(map(str.strip, cells[number:])):
            raise Refusal(
                f"{path} must have at most {number} cells in a row, as many as columns. Received: line "
                f"{line} with {len(cells)}. Put an answer with a comma in quotation marks."
            )
        yield line, cells


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(LONGEST_CELL)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            if "\0" in head or head.startswith("PK\x03\x04"):
                raise Refusal(f"{path} must be a CSV file in UTF-8. Received: another kind of file.")
            file.seek(0)
            delimiter = max(DELIMITERS, key=head.count)
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            for cells in reader:
                if any(map(str.strip, cells)):
                    yield reader.line_num, cells
    except UnicodeDecodeError as error:
        raise Refusal(f"{path} must be a CSV file in UTF-8: {error}. Save it as UTF-8.") from error
    except csv.Error as error:
        raise Refusal(f"{path} must be a CSV file. Cause: line {reader.line_num}: {error}.") from error


def row_places(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Return where the wanted columns stand, -1 of those that are not there."""
    where = {name: place for place, name in enumerate(names)}
    return [where.get(name, -1) for name in wanted]


def cell_at(cells: Sequence[str], place: int) -> str:
    """Return a cell without the spaces around it; "" of a column that is not there."""
    return cells[place].strip() if 0 <= place < len(cells) else ""


def answer_in(fields: dict[str, str]) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """Return how a form was answered, the answer, and what was written, from the fields of our forms."""
    written = written_in(fields)
    how = fields.get("how", UNSAID).strip()
    if how not in (CHOICE, TYPED, CANNOT_TELL, WRITTEN):
        how = UNSAID
    if written or how == WRITTEN:
        return WRITTEN, "", written
    if how == CANNOT_TELL:
        return how, "", ()
    return how, fields.get("answer", "").strip(), ()


def written_in(fields: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return what was written, each question with its answer; where one of the two is missing, "" for it."""
    pairs = (
        tuple(fields.get(f"{name}_{number}", "").strip() for name in ("question", "answer"))
        for number in range(1, MOST_WRITTEN + 1)
    )
    return tuple((question, answer) for question, answer in pairs if question or answer)


def time_order(time: str) -> str:
    """Return what puts the times of results in order: ISO 8601 as it is, Mechanical Turk's in its form.

    Time zones are passed over.
    """
    parts = time.split()
    if len(parts) == 6 and parts[1] in _MONTHS:
        return f"{parts[5]}-{_MONTHS.index(parts[1]) + 1:02}-{parts[2]:0>2}T{parts[3]}"
    return time


def json_fields(text: str) -> dict[str, str]:
    """Return the fields of a form that Amazon packed as JSON: a list with one object.

    A group of radio buttons is an object of True and False, of which the true one counts.

    Raises:
        ValueError: no JSON of that form.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refusal("taskAnswers", "be JSON", text[:80]) from error
    items = content if isinstance(content, list) else [content]
    fields: dict[str, str] = {}
    for item in items:
        if not isinstance(item, dict):
            raise Refusal("taskAnswers", "be a list of objects", text[:80])
        fields |= {name.partition(".")[2] or name: _field(value) for name, value in item.items()}
    return fields


def _field(value: Any) -> str:
    if isinstance(value, dict):
        chosen = [name for name, is_on in value.items() if is_on is True or is_on == "true"]
        return chosen[0] if len(chosen) == 1 else ""
    if isinstance(value, bool) or value is None:
        return ""
    return str(value) if isinstance(value, (str, int, float)) else ""
