"""Writes tasks as a table to fill in."""

from typing import Any

import pandas as pd

from videoqa._tables import csv_text, spreadsheet_safe
from videoqa.labeling.tasks import TaskFile

COLUMNS = ("task_id", "tasks_sha256", "video", "start_seconds", "end_seconds", "video_url")
ASKED = ("question", "choices", "answer_to_verify", "answer")


def tasks_table(file: TaskFile) -> str:
    """Return the CSV of a table with a row for each task, whose last columns are to be filled in.

    It begins with the byte order mark by which Excel knows UTF-8.
    """
    most = max(task.num_questions for task in file.tasks)
    written = [f"{name}_{place}" for place in range(1, most + 1) for name in ("question", "answer")]
    columns = [*COLUMNS, *(written or ASKED)]
    rows = []
    for task in file.tasks:
        row: dict[str, Any] = {name: getattr(task, name, "") for name in columns}
        row |= {"task_id": task.id, "tasks_sha256": file.sha256, "choices": " | ".join(task.shown_choices)}
        row |= {"answer_to_verify": task.answer, "answer": ""}
        rows.append(["" if row.get(name) is None else row[name] for name in columns])
    table = pd.DataFrame(rows, columns=columns, dtype=object).assign(worker="")
    with spreadsheet_safe(True):
        return "\ufeff" + csv_text(table, lineterminator="\n")
