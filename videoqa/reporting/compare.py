"""`compare`: two runs on the same rows, their difference with its interval."""

import os
from typing import Any

import numpy as np
import pandas as pd

from videoqa._checks import check_flag, refusal
from videoqa._normalizing import normalize_answer
from videoqa.evaluation.bootstrap import cluster_sums, percentile_interval, resampled_sums
from videoqa.reporting.finished import Evaluation, find_evaluation
from videoqa.reporting.mcnemar import mcnemar_p_value

SAME = ("video_id", "question", "answer")
"""What two rows of one `question_id` have in common if they are the same row."""


def compare(
    run_a: str | os.PathLike[str],
    run_b: str | os.PathLike[str],
    *,
    split: str = "test",
    common: bool = False,
    progress: bool = True,
) -> dict[str, Any]:
    """Compare two runs on the rows of one split, which have to be the same ones for both.

    Rows are paired by `question_id`. The interval of the difference is a percentile bootstrap over videos:
    each of 2000 resamples draws videos with replacement and takes all rows of each, for both runs at once.
    McNemar's test takes rows as independent, which those of one video are not; where the two disagree, trust
    the interval.

    Args:
        run_a, run_b: model folders, evaluated first where they are not yet; or folders that `evaluate` wrote.
        split: "train", "validation" (or "val") or "test", of model folders.
        common: compare the rows that both have and leave out the others, instead of refusing.
        progress: print messages, and bars on a terminal.

    Returns:
        JSON-ready dict: "run_a", "run_b", "task", "num_left_out" (rows of either run that the other does not
        have or has with another answer) and, in total and in each entry of "by_question_type" (questions),
        "by_class" (actions) and "by_group": "num_rows", "num_videos", "accuracy_a", "accuracy_b",
        "difference" (B minus A, in [-1, 1]), "difference_interval" ([low, high], 95 %), "only_a_correct",
        "only_b_correct", "mcnemar_p_value" (see `mcnemar.mcnemar_p_value`).

    Raises:
        ValueError: runs of different tasks, or of different rows without `common`, or without a common row.
        FileNotFoundError: no such folder.

    Example:
        >>> videoqa.compare("runs/lstm", "runs/mean")["difference_interval"]
    """
    check_flag("common", common)
    one, two = (find_evaluation(run, split=split, progress=progress) for run in (run_a, run_b))
    tasks = [each.scores.get("task") for each in (one, two)]
    if tasks[0] != tasks[1]:
        raise ValueError(refusal("run_b", f"be of the task of run_a, {tasks[0]!r}", f"{run_b} ({tasks[1]})"))
    rows, num_left_out = _pair(one, two, common)
    result = {
        "run_a": str(one.folder),
        "run_b": str(two.folder),
        "task": tasks[0],
        "num_left_out": num_left_out,
    }
    result |= _compare_rows(rows)
    kind, names = "by_question_type", rows["question_type"]
    if tasks[0] == "action":
        kind, names = "by_class", rows["answer"].map(normalize_answer)
    result[kind] = {str(name): _compare_rows(part) for name, part in rows.groupby(names)}
    result["by_group"] = {
        group: _compare_rows(rows[names.isin([*members, *map(normalize_answer, members)])])
        for group, members in one.scores.get("score_groups", {}).items()
    }
    return result


def _pair(one: Evaluation, two: Evaluation, common: bool) -> tuple[pd.DataFrame, int]:
    """Return one row per pair, with `correct_a` and `correct_b`, and how many rows have no partner."""
    a, b = (each.predictions.set_index("question_id", drop=False) for each in (one, two))
    for each, table in ((one, a), (two, b)):
        if table.index.has_duplicates:
            twice = table.index[table.index.duplicated()][0]
            raise ValueError(refusal("question_id", f"be different in every row of {each.folder}", twice))
    shared = a.index.intersection(b.index, sort=False)
    same = np.ones(len(shared), bool)
    for column in SAME:
        left, right = (table.loc[shared, column].map(normalize_answer).to_numpy() for table in (a, b))
        same &= left == right
    only_a, only_b, other = len(a) - len(shared), len(b) - len(shared), int((~same).sum())
    if not common and (only_a or only_b or other) or not same.any():
        found = f"{only_a} rows only in A, {only_b} only in B, {other} with another video, question or answer"
        advice = (
            f"Compare the {int(same.sum())} common ones with `common=True` (--common)." if same.any() else ""
        )
        requirement = "hold the same rows as run_a, by `question_id`, with the same answers"
        raise ValueError(
            f"{refusal('run_b', requirement, str(two.folder))} {found} of {len(a)} and {len(b)}. {advice}"
        )
    chosen = shared[same]
    rows = a.loc[chosen, ["video_id", "question_type", "answer"]].copy()
    rows["correct_a"], rows["correct_b"] = a.loc[chosen, "correct"], b.loc[chosen, "correct"]
    return rows.reset_index(drop=True), only_a + only_b + 2 * other


def _compare_rows(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the figures of some pairs."""
    if not len(rows):
        return {"num_rows": 0, "num_videos": 0}
    a, b = rows["correct_a"].to_numpy(bool), rows["correct_b"].to_numpy(bool)
    columns = np.column_stack([b.astype(float) - a, np.ones(len(rows))])
    sums = resampled_sums(cluster_sums(columns, rows["video_id"].to_numpy(object)))
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    return {
        "num_rows": len(rows),
        "num_videos": int(rows["video_id"].nunique()),
        "accuracy_a": float(a.mean()),
        "accuracy_b": float(b.mean()),
        "difference": (only_b - only_a) / len(rows),
        "difference_interval": percentile_interval(sums[:, 0] / sums[:, 1]),
        "only_a_correct": only_a,
        "only_b_correct": only_b,
        "mcnemar_p_value": mcnemar_p_value(only_a, only_b),
    }
