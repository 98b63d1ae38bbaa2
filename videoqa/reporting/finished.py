"""Finds the evaluation of a run on disk, makes a missing or outdated one, and reads it back checked."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from videoqa._checks import Refusal, check_choice, check_columns, check_directory, refusal
from videoqa._counted import counted
from videoqa._manifest import MANIFEST, file_sha256, read_json
from videoqa._progress import say
from videoqa._tables import without_guard
from videoqa.config import CROSS_VALIDATION, OTHER_SPLIT_NAMES, TASKS
from videoqa.evaluation.evaluate import evaluate
from videoqa.saving import load_model_folder

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
"""Score field that reports and comparisons need -> its type."""
PARTS = ("by_question_type", "by_group", "per_class")
"""Fields whose entries hold scores too."""


@dataclass(frozen=True)
class Evaluation:
    """A model's scores on one split, as `evaluate` wrote them.

    Attributes:
        folder: the folder that they are in.
        model: the model folder.
        scores: content of `metrics.json`.
        predictions: rows of `predictions.csv`: `probability` is float, `correct` is bool, all else is text
            ("" if missing); the index is 0, 1, ...
    """

    folder: Path
    model: Path
    scores: dict[str, Any]
    predictions: pd.DataFrame


def find_evaluation(run: str | os.PathLike[str], *, split: str = "test", progress: bool = True) -> Evaluation:
    """Return the evaluation of a run. Evaluate first if it is missing, of an older model or of other rows.

    Args:
        run: a model folder, which is scored on `split` of its own data; or a folder that `evaluate` wrote,
            which is used as it is.
        split: "train", "validation" (or "val") or "test".
        progress: print messages, and bars on a terminal.

    Raises:
        FileNotFoundError: no such folder, or the model of an evaluation is gone.
        ValueError: neither kind of folder, an incomplete evaluation, or a model trained on a DataFrame and
            not evaluated yet.
    """
    path = check_directory("run", run)
    if (path / MANIFEST).exists():
        folder = path / "evaluation" / _name_of_scores(path, split)
        if not _is_current(folder, path):
            _evaluate(path, split, progress)
        return _read(folder, path)
    if not _has_evaluation(path):
        requirement = (
            f"be a model folder, with a {MANIFEST}, or a folder that `evaluate` wrote, with a {SCORES} and a "
            f"{PREDICTIONS}"
        )
        is_half = (path / SCORES).exists() or (path / PREDICTIONS).exists()
        raise Refusal("run", requirement, str(path), AGAIN if is_half else "")
    return _read(path, _model_of(path))


def _name_of_scores(model: Path, split: str) -> str:
    """Return the folder's name of a split's scores: for a model that learned from every row, its folds'."""
    metrics = load_model_folder(model).metrics
    learned_from_all = (metrics.get("fold") or [1])[0] == 0 and not metrics["num_test_rows"]
    return CROSS_VALIDATION if learned_from_all and split == "test" else OTHER_SPLIT_NAMES.get(split, split)


def _evaluate(model: Path, split: str, progress: bool) -> None:
    if load_model_folder(model).metrics["num_tables"]:
        requirement = "have been evaluated: it was trained on a DataFrame, whose rows are not kept"
        advice = "Call `videoqa.evaluate(run, rows)` first and give the folder it names in `out`."
        raise Refusal("run", requirement, str(model), advice)
    say(f"{model} is evaluated on its {split} rows.", progress=progress)
    evaluate(model, split=split, progress=progress)


def _is_current(folder: Path, model: Path) -> bool:
    """Return whether the folder holds scores of the model as it is now, with the same `limit` of rows."""
    if not _has_evaluation(folder):
        return False
    scores = _read_scores_as_they_are(folder)
    if scores.get("model_sha256") != file_sha256(model / MANIFEST):
        return False
    return "limit" not in scores or scores["limit"] == load_model_folder(model).config.data.limit


def _model_of(folder: Path) -> Path:
    """Return the model folder around an evaluation, or else the one that it names."""
    scores = _read_scores(folder)
    for model in (folder.parent.parent, Path(str(scores["model"]))):
        if (model / MANIFEST).exists() and scores["model_sha256"] == file_sha256(model / MANIFEST):
            return model
    requirement = f"belong to a model that is still there, unchanged, at {scores['model']!r}"
    raise FileNotFoundError(refusal("run", requirement, str(folder), AGAIN))


def _read(folder: Path, model: Path) -> Evaluation:
    scores = _read_scores(folder)
    return Evaluation(folder, model, scores, _read_predictions(folder, scores["num_rows"]))


def _has_evaluation(folder: Path) -> bool:
    return (folder / SCORES).exists() and (folder / PREDICTIONS).exists()


def _read_scores_as_they_are(folder: Path) -> dict[str, Any]:
    """Return the object in `metrics.json`, unchecked; refuse a file that is no JSON object."""
    try:
        return read_json(folder / SCORES)
    except ValueError as error:
        _refuse(folder, f"{SCORES} is no JSON object", error)


def _read_scores(folder: Path) -> dict[str, Any]:
    """Return the scores in `metrics.json`; refuse them if a field of `NEEDED_SCORES` is missing or wrong."""
    scores = _read_scores_as_they_are(folder)
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


def _read_predictions(folder: Path, num_rows: int) -> pd.DataFrame:
    """Return the rows of `predictions.csv` as in `Evaluation.predictions`; refuse an incomplete file."""
    try:
        rows = pd.read_csv(folder / PREDICTIONS, dtype=str, keep_default_na=False)
        check_columns(rows.columns, NEEDED_COLUMNS, PREDICTIONS)
    except (ValueError, pd.errors.ParserError) as error:
        _refuse(folder, f"{PREDICTIONS} cannot be read ({' '.join(str(error).split())})", error)
    rows = rows.map(without_guard)
    if len(rows) != num_rows or num_rows < 1:
        _refuse(folder, f"{PREDICTIONS} has {counted(len(rows), 'row')} and {SCORES} says {num_rows}")
    probability = pd.to_numeric(rows["probability"], errors="coerce").astype(float)
    _refuse_cells(folder, rows, "probability", probability.isna() | probability.isin([np.inf, -np.inf]))
    _refuse_cells(folder, rows, "correct", ~rows["correct"].isin(["True", "False"]))
    return rows.assign(probability=probability, correct=rows["correct"] == "True")


def _refuse_cells(folder: Path, rows: pd.DataFrame, column: str, bad: pd.Series) -> None:
    """Refuse bad cells of a column and name the first."""
    if bad.any():
        place = int(bad.to_numpy().argmax())
        _refuse(folder, f"{PREDICTIONS} has {column} = {rows[column].iloc[place]!r} in row {place + 1}")


def _refuse(folder: Path, fact: str, cause: Exception | None = None) -> NoReturn:
    raise Refusal("run", f"hold a whole evaluation; {fact}", str(folder), AGAIN) from cause
