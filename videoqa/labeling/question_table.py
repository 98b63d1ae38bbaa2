"""The table of questions that `train` reads: rows are added with where they come from, never changed."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from videoqa._checks import Refusal
from videoqa._counted import counted
from videoqa._tables import without_guard
from videoqa.labeling.corrections import ANNOTATION_COLUMNS, add_rows, existing_rows
from videoqa.labeling.question_audit import audit_questions
from videoqa.labeling.written_questions import RIGHT, SEVERAL_RIGHT, UNCHECKED, Asked, Question, asked_of

COLUMNS = (
    *ANNOTATION_COLUMNS,
    *("source", "kind", "num_writers", "num_assignments", "agreement", "certainty", "written_at"),
    *("checked_at", "without_video", "blind_probability", "row_id"),
)
"""`kind` is "write" of a row that nobody has checked, "verify" of one that people found right."""
DECIMALS = 4


class QuestionTable:
    """A table of questions, as it is and with what is added.

    Args:
        path: CSV file; made if it does not exist.
        is_checked: its rows are those that people found right; False: all that were written.

    Attributes:
        rows: all rows once `add` was called, as texts, with the columns of the audit.
        audit: of all rows.

    Raises:
        ValueError: another kind of file, or a table of questions that nobody has checked where these are.
    """

    def __init__(self, path: Path, *, is_checked: bool) -> None:
        self._path, self._kind = path, "verify" if is_checked else "write"
        self._state = RIGHT if is_checked else UNCHECKED
        kinds = Counter(row["kind"] for row in self._before())
        other = "write" if is_checked else "verify"
        if kinds[other]:
            have, want = ("nobody", "people") if is_checked else ("people", "nobody")
            rows = counted(kinds[other], "row")
            advice = f"It has {rows} that {have} checked; these are rows that {want} checked."
            raise Refusal("out", "be a new file, or a table of the same kind", str(path), advice)
        self.rows = pd.DataFrame(columns=list(COLUMNS))
        self.audit = audit_questions(self.rows)

    def add(self, questions: Sequence[Question]) -> dict[str, int]:
        """Write the questions that are rows, audit all rows, and return how many were added.

        Returns:
            "added", "already_there" and "changed_since": there already, but no rows now.
        """
        before = self._before()
        self._part_from(before, questions)
        ids = {row["row_id"] for row in before}
        kept = [question for question in questions if question.state == self._state]
        new = [self._row(question) for question in kept if question.row_id not in ids]
        self.rows = pd.DataFrame([*before, *new], columns=list(COLUMNS), dtype=object)
        self.audit = audit_questions(self.rows)
        found = self.audit.rows.iloc[len(before) :]
        for row, without, sure in zip(new, found["without_video"], found["blind_probability"], strict=True):
            row["without_video"] = without
            row["blind_probability"] = "" if pd.isna(sure) else sure
        added, already, _ = add_rows(self._path, new, COLUMNS, "questions")
        gone = {each.row_id for each in questions if each.state != self._state} & ids
        return {
            "added": added,
            "already_there": len(kept) - len(new) + already,
            "changed_since": len(gone),
        }

    def _part_from(self, before: list[dict[str, str]], questions: Sequence[Question]) -> None:
        """Mark the questions that were found right, but have another answer in the table."""
        there = {_asked(row): row["row_id"] for row in before}
        for question in questions:
            if question.state == RIGHT and there.get(question.asked, question.row_id) != question.row_id:
                question.state = SEVERAL_RIGHT

    def _before(self) -> list[dict[str, str]]:
        rows = [
            {name: without_guard(cell) for name, cell in row.items()}
            for row in existing_rows(self._path, COLUMNS, "questions")
        ]
        for row in rows:
            _check_row(row, self._path)
        return rows

    def _row(self, question: Question) -> dict[str, Any]:
        row: dict[str, Any] = {name: getattr(question, name, "") for name in COLUMNS}
        row |= {"source": " | ".join(question.sources), "kind": self._kind, "row_id": question.row_id}
        row |= {"num_writers": len(question.writers) or "", "without_video": "", "blind_probability": ""}
        for name in ("agreement", "certainty"):
            value = row[name]
            row[name] = "" if value is None else round(value, DECIMALS)
        return {name: "" if value is None else value for name, value in row.items()}


def _check_row(row: dict[str, str], path: Path) -> None:
    """Refuse a row with a kind or seconds that this module never writes."""
    is_right = row["kind"] in ("write", "verify")
    try:
        _asked(row)
    except ValueError:
        is_right = False
    if not is_right:
        cells = ", ".join(f"{name}={row[name]!r}" for name in ("kind", "start_seconds", "end_seconds"))
        requirement = "have a kind, write or verify, and numbers of seconds or none in each row"
        advice = f"Of {row['question']!r} it has {cells}. Mend this row, or name another file."
        raise Refusal("out", requirement, str(path), advice)


def _asked(row: dict[str, str]) -> Asked:
    """Return what a row of the table asks, as its question has it."""
    start, end = (float(row[name]) if row[name] else None for name in ("start_seconds", "end_seconds"))
    return asked_of(row["video"], start, end, row["question"])
