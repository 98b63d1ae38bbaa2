"""When to trust a worker that says how sure it is: its answers to known tasks, by its confidence."""

import numpy as np
import pandas as pd

from videoqa.evaluation.exact_intervals import clopper_pearson
from videoqa.labeling.collecting import Collected

MOST_STEPS = 10
"""Confidences of a worker that have a line each; of more, so many that share the answers evenly."""
COLUMNS = ("worker", "at_least", "num_right", "num_answers", "share", "low", "high")


def trust_table(collected: Collected) -> pd.DataFrame:
    """Return for each worker with confidences how often it was right when it was at least so sure.

    Answers to known tasks count, whatever confidence was asked for, and without those who cannot tell.

    Returns:
        `COLUMNS`: the answers with a confidence of `at_least` to known tasks, how many were right, the share,
        and its exact interval of 95 %. The lines of a worker count the same answers again, so that their
        intervals hold one by one and not all at once.
    """
    known = {
        number: collected.number_of_answer(task.known_answer)
        for number, task in enumerate(collected.file.tasks)
        if task.known_answer is not None
    }
    marks: dict[int, list[tuple[float, bool]]] = {}
    for task, worker, answer, confidence in collected.stated:
        if task in known:
            marks.setdefault(worker, []).append((confidence, answer == known[task]))
    lines = []
    for worker, given in sorted(marks.items()):
        confidences = np.array([confidence for confidence, _ in given])
        right = np.array([is_right for _, is_right in given])
        for step in _steps(confidences):
            sure = confidences >= step
            number, num_right = int(sure.sum()), int(right[sure].sum())
            low, high = clopper_pearson(num_right, number)
            name = collected.worker_names[worker]
            lines.append((name, step, num_right, number, num_right / number, low, high))
    return pd.DataFrame(lines, columns=list(COLUMNS))


def untested_workers(collected: Collected) -> list[str]:
    """Return who says how sure it is, and answered no known task, so that nothing says what that is worth."""
    known = {number for number, task in enumerate(collected.file.tasks) if task.is_known}
    stated = {worker for _, worker, _, _ in collected.stated}
    tested = {worker for task, worker, _, _ in collected.stated if task in known}
    return [collected.worker_names[worker] for worker in sorted(stated - tested)]


def _steps(confidences: np.ndarray) -> list[float]:
    """Return the confidences to count from, ascending, each one that was stated."""
    distinct = np.unique(confidences)
    if len(distinct) > MOST_STEPS:
        places = np.arange(MOST_STEPS) * len(confidences) // MOST_STEPS
        distinct = np.unique(np.sort(confidences)[places])
    return distinct.tolist()
