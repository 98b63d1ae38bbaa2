"""Evaluations that lie on disk: found, made where absent or out of date, and read back."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from videoqa._checks import check_directory, refusal
from videoqa._manifest import MANIFEST, file_sha256
from videoqa._progress import say
from videoqa.config import OTHER_SPLIT_NAMES
from videoqa.evaluation.evaluate import evaluate
from videoqa.reporting.stored import (
    AGAIN,
    PREDICTIONS,
    SCORES,
    has_evaluation,
    read_predictions,
    read_scores,
    read_scores_as_they_are,
)
from videoqa.saving import load_model_folder


@dataclass(frozen=True)
class Evaluation:
    """A model's scores on one split, as `evaluate` wrote them.

    Attributes:
        folder: what they were read from.
        model: the model folder.
        scores: content of `metrics.json`.
        predictions: rows of `predictions.csv`, texts as written ("" where there is none), `probability` as
            float, `correct` as bool, index 0, 1, ...
    """

    folder: Path
    model: Path
    scores: dict[str, Any]
    predictions: pd.DataFrame


def find_evaluation(run: str | os.PathLike[str], *, split: str = "test", progress: bool = True) -> Evaluation:
    """Return the evaluation of a run, made first where it is absent, of an older model or of other rows.

    Args:
        run: a model folder, whose own data is then scored on `split`; or a folder that `evaluate` wrote,
            which is taken as it is.
        split: "train", "validation" (or "val") or "test".
        progress: print messages, and bars on a terminal.

    Raises:
        FileNotFoundError: no such folder, or the model of an evaluation is not there.
        ValueError: neither kind of folder, an evaluation that is not whole, or a model trained on a
            DataFrame that was not evaluated yet.
    """
    path = check_directory("run", run)
    if (path / MANIFEST).exists():
        folder = path / "evaluation" / OTHER_SPLIT_NAMES.get(split, split)
        if not _is_current(folder, path):
            _evaluate(path, split, progress)
        return _read(folder, path)
    if not has_evaluation(path):
        requirement = (
            f"be a model folder, with a {MANIFEST}, or a folder that `evaluate` wrote, with a {SCORES} and a "
            f"{PREDICTIONS}"
        )
        is_half = (path / SCORES).exists() or (path / PREDICTIONS).exists()
        raise ValueError(refusal("run", requirement, str(path), AGAIN if is_half else ""))
    return _read(path, _model_of(path))


def _evaluate(model: Path, split: str, progress: bool) -> None:
    if load_model_folder(model).metrics["num_tables"]:
        requirement = "have been evaluated: it was trained on a DataFrame, whose rows are not kept"
        advice = "Call `videoqa.evaluate(run, rows)` first and give the folder it names in `out`."
        raise ValueError(refusal("run", requirement, str(model), advice))
    say(f"{model} is evaluated on its {split} rows.", progress=progress)
    evaluate(model, split=split, progress=progress)


def _is_current(folder: Path, model: Path) -> bool:
    """Whether the folder holds scores of the model as it is now, on as many rows as its `limit` leaves."""
    if not has_evaluation(folder):
        return False
    scores = read_scores_as_they_are(folder)
    if scores.get("model_sha256") != file_sha256(model / MANIFEST):
        return False
    return "limit" not in scores or scores["limit"] == load_model_folder(model).config.data.limit


def _model_of(folder: Path) -> Path:
    """Return the model folder that an evaluation lies in, or else the one it names."""
    scores = read_scores(folder)
    for model in (folder.parent.parent, Path(str(scores["model"]))):
        if (model / MANIFEST).exists() and scores["model_sha256"] == file_sha256(model / MANIFEST):
            return model
    requirement = f"belong to a model that is still there, unchanged, at {scores['model']!r}"
    raise FileNotFoundError(refusal("run", requirement, str(folder), AGAIN))


def _read(folder: Path, model: Path) -> Evaluation:
    scores = read_scores(folder)
    return Evaluation(folder, model, scores, read_predictions(folder, scores["num_rows"]))
