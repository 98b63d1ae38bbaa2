"""Writes tasks for Mechanical Turk: the form, the batch, and what the batch costs."""

import base64
import json
from importlib.resources import files

import pandas as pd

from videoqa._checks import Refusal
from videoqa._counted import counted
from videoqa._tables import csv_text
from videoqa.labeling.tasks import Task, TaskFile

FORM = "mturk_form.html"
MOST_BYTES = 64_000
"""Of a task with the form. The service takes 65,535, with what it puts around them."""
MANY_ASSIGNMENTS, LEAST_FEE = 10, 0.01
"""From so many people a task costs more; dollars of the least fee for an assignment."""


def mturk_form() -> str:
    """Return the HTML of the form; the service puts a row's `task_data` in its place."""
    return files("videoqa.labeling").joinpath(FORM).read_text("utf-8")


def mturk_batch(file: TaskFile) -> str:
    """Return the CSV of the batch, a row a task.

    What the form shows is packed as base64 of JSON, so that no text can become markup, a placeholder or a
    formula, and known answers are not in it at all.
    """
    rows = [(task.id, file.sha256, packed_task(task)) for task in file.tasks]
    room = MOST_BYTES - len(mturk_form().encode())
    for task, (_, _, packed) in zip(file.tasks, rows, strict=True):
        if len(packed) > room:
            requirement = (
                f"be of at most {room:,} bytes in a batch; that about {task.video!r} has {len(packed):,}"
            )
            raise Refusal("task", requirement, task.id, "Offer fewer choices, or shorten its texts.")
    return csv_text(pd.DataFrame(rows, columns=["task_id", "tasks_sha256", "task_data"]), lineterminator="\n")


def packed_task(task: Task) -> str:
    """Return what a person sees of a task, as base64 of JSON."""
    shown = {
        "kind": task.kind,
        "video_url": task.video_url,
        "question": task.question,
        "choices": list(task.shown_choices),
        "answer": task.answer,
        "num_questions": task.num_questions,
    }
    return base64.urlsafe_b64encode(json.dumps(shown).encode("ascii")).decode("ascii")


def cost_line(num_tasks: int, num_assignments: int, reward: float, fee: float | None = None) -> str:
    """Return what a batch costs.

    Args:
        num_tasks: of the batch, known-answer tasks included.
        num_assignments: people for each task.
        reward: dollars for each assignment.
        fee: the service's share on top of the rewards; None: `usual_fee`.
    """
    number = num_tasks * num_assignments
    share = usual_fee(num_assignments) if fee is None else fee
    least = LEAST_FEE if fee is None else 0.0
    total = number * (reward + max(share * reward, least))
    at_least = f", at least ${LEAST_FEE:.2f} each" if least > share * reward else ""
    return (
        f"{counted(num_tasks, 'task')} x {counted(num_assignments, 'assignment')} x ${reward:,.2f} = "
        f"${number * reward:,.2f}; with a fee of {share:.0%}{at_least}: ${total:,.2f}."
    )


def usual_fee(num_assignments: int) -> float:
    """Return Mechanical Turk's share on top of the rewards: more for a task that ten people or more do.

    Source: https://www.mturk.com/pricing; so in 2025.
    """
    return 0.4 if num_assignments >= MANY_ASSIGNMENTS else 0.2
