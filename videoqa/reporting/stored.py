"""What `evaluate` wrote, read back; an evaluation that is not whole is refused, not half believed."""

from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from videoqa._checks import check_choice, check_columns, refusal
from videoqa._manifest import read_json
from videoqa.config import TASKS

SCORES, PREDICTIONS = "metrics.json", "predictions.csv"
AGAIN = "Evaluate the model again."
NEEDED_COLUMNS = ("question_id", "video_id", "question", "question_type", "answer", "predicted_answer",
                  "probability", "blind_answer", "correct", "status", "error")  # fmt: skip
NUMBER, MAYBE_NUMBER = (int, float), (int, float, type(None))
NEEDED_SCORES: dict[str, type | tuple[type, ...]] = {
    "model": str, "model_sha256": str, "split": str, "limit": (int, type(None)), "seed": int, "task": str,
    "num_rows": int, "num_videos": int, "num_failed_videos": int, "absent_rows": int,
    "accuracy": NUMBER, "majority_answer": (str, type(None)), "majority_accuracy": MAYBE_NUMBER,
    "blind_accuracy": MAYBE_NUMBER, "video_gain": MAYBE_NUMBER, "share_in_vocabulary": MAYBE_NUMBER,
    "by_question_type": dict, "by_group": dict, "score_groups": dict, "confused_pairs": list,
}  # fmt: skip
"""Field of the scores -> what it has to be for a report or a comparison to be made of it."""
PARTS = ("by_question_type", "by_group", "per_class")
"""Fields whose entries have scores of their own."""


def has_evaluation(folder: Path) -> bool:
    """Return whether scores and predictions lie in a folder."""
    return (folder / SCORES).exists() and (folder / PREDICTIONS).exists()


def read_scores_as_they_are(folder: Path) -> dict[str, Any]:
    """Return the object in `metrics.json`, whichever version wrote it.

    Raises:
        ValueError: it is no JSON object.
    """
    try:
        return read_json(folder / SCORES)
    except ValueError as error:
        _refuse(folder, f"{SCORES} is no JSON object", error)


def read_scores(folder: Path) -> dict[str, Any]:
    """Return the scores in `metrics.json`.

    Raises:
        ValueError: it is no JSON object, or one without a field that a report or a comparison needs.
    """
    scores = read_scores_as_they_are(folder)
    for name, kind in NEEDED_SCORES.items():
        if name not in scores:
            _refuse(folder, f"{SCORES} has no {name!r}")
        if not isinstance(scores[name], kind):
            _refuse(folder, f"{SCORES} has {name!r} = {scores[name]!r}")
    try:
        check_choice("task", scores["task"], TASKS)
    except ValueError as error:
        _refuse(folder, f"{SCORES} has 'task' = {scores['task']!r}", error)
    for part in PARTS:
        entries = scores.get(part, {})
        known = entries.values() if isinstance(entries, dict) else [None]
        if not all(isinstance(each, dict) and isinstance(each.get("num_rows"), int) for each in known):
            _refuse(folder, f"{SCORES} has an entry without 'num_rows' in {part!r}")
    return scores


def read_predictions(folder: Path, num_rows: int) -> pd.DataFrame:
    """Return the rows of `predictions.csv`, of which there have to be `num_rows`.

    Texts are as written ("" where there is none), `probability` is float, `correct` bool, the index 0, 1, ...

    Raises:
        ValueError: another number of rows, no CSV in UTF-8, a column missing, or a cell that cannot be right.
    """
    try:
        rows = pd.read_csv(folder / PREDICTIONS, dtype=str, keep_default_na=False)
        check_columns(rows.columns, NEEDED_COLUMNS, PREDICTIONS)
    except (ValueError, pd.errors.ParserError) as error:
        _refuse(folder, f"{PREDICTIONS} cannot be read ({' '.join(str(error).split())})", error)
    if len(rows) != num_rows or num_rows < 1:
        _refuse(folder, f"{PREDICTIONS} has {len(rows)} rows and {SCORES} says {num_rows}")
    probability = pd.to_numeric(rows["probability"], errors="coerce").astype(float)
    _refuse_cells(folder, rows, "probability", probability.isna() | probability.isin([np.inf, -np.inf]))
    _refuse_cells(folder, rows, "correct", ~rows["correct"].isin(["True", "False"]))
    return rows.assign(probability=probability, correct=rows["correct"] == "True")


def _refuse_cells(folder: Path, rows: pd.DataFrame, column: str, bad: pd.Series) -> None:
    """Refuse rows with a bad cell, naming the first."""
    if bad.any():
        place = int(bad.to_numpy().argmax())
        _refuse(folder, f"{PREDICTIONS} has {column} = {rows[column].iloc[place]!r} in row {place + 1}")


def _refuse(folder: Path, fact: str, cause: Exception | None = None) -> NoReturn:
    raise ValueError(refusal("run", f"hold a whole evaluation; {fact}", str(folder), AGAIN)) from cause
