"""The tasks that no answer settled, as annotations from which tasks for people are made."""

from pathlib import Path

import pandas as pd

from videoqa._files import write_text
from videoqa._tables import csv_text, spreadsheet_safe
from videoqa.labeling.aggregating import LABELLED, Aggregated
from videoqa.labeling.collecting import Collected
from videoqa.labeling.tasks import Task

COLUMNS = ("question_id", "video", "start_seconds", "end_seconds", "group")


def rest_of_tasks(collected: Collected, found: Aggregated) -> pd.DataFrame:
    """Return a row for each task that stays unlabelled, answered or not, with the likeliest answer.

    That is the answer of all that were used, if somebody gave it to the task, else the most frequent one,
    else one that was left out because its model was too unsure; "" if there is none. Known tasks, and those
    to write questions, are not among the rows.

    Returns:
        Annotations: `COLUMNS`, and "question", "answer", "question_type", or for actions "label".
    """
    settled = found.tasks["state"] == LABELLED
    given = found.tasks["agreement"] > 0
    likely = found.tasks["answer"].where(given, found.tasks["majority_answer"]).to_dict()
    unsure = {task: collected.answer_texts[answer] for task, answer in collected.unsure.items()}
    done = set(found.tasks.index[settled].tolist())
    rows = []
    for number, task in enumerate(collected.file.tasks):
        if task.is_known or task.kind == "write" or number in done:
            continue
        rows.append(_row(task, likely.get(number) or unsure.get(number, "")))
    is_action = all(task.kind == "label" for task in collected.file.tasks)
    further = ("label",) if is_action else ("question", "answer", "question_type")
    return pd.DataFrame(rows, columns=[*COLUMNS, *further], dtype=object)


def write_rest(path: Path, rest: pd.DataFrame) -> None:
    """Write such rows as CSV."""
    with spreadsheet_safe(True):
        write_text(path, csv_text(rest, lineterminator="\n"))


def _row(task: Task, answer: str) -> dict[str, object]:
    seconds = {name: getattr(task, name) for name in ("start_seconds", "end_seconds")}
    return {
        "question_id": task.corrects,
        "video": task.video,
        **{name: "" if value is None else value for name, value in seconds.items()},
        "group": task.group,
        "label": answer,
        "question": task.question,
        "answer": task.answer if task.kind == "verify" else answer,
        "question_type": task.question_type,
    }
