"""The pooled scores of a cross-validation: each row is scored once, by a model that never saw its clip."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from videoqa._manifest import MANIFEST, file_sha256
from videoqa.config import CROSS_VALIDATION
from videoqa.evaluation.evaluate import ScoredFolder, write_scores
from videoqa.evaluation.frame_scores import pooled_frame_scores
from videoqa.evaluation.metrics import majority_answers, scores_of_marks
from videoqa.evaluation.order_scores import order_rows, order_scores
from videoqa.evaluation.row_marks import RowAnswers, RowMarks, mark_rows
from videoqa.evaluation.scoring import Scored
from videoqa.evaluation.trust_scores import RowTrust
from videoqa.saving import ModelFolder


def pool_folds(folds: Sequence[ScoredFolder]) -> Scored:
    """Return the scores of all folds' rows together, with intervals by video, and all their predictions.

    A row is right or wrong as its own fold's model, and that fold's baselines, answered it: majority, prefix
    prior and blind model learned from the other folds only.

    Args:
        folds: in order, each scored on the rows it held out.

    Returns:
        The scores of `metrics.score_table`, "frames" if the models label frames, "order" if answers have
        opposites, and "folds": of each fold
        its number, folder, rows and accuracy. `predictions` has a column `fold`.
    """
    table = pd.concat([fold.rows for fold in folds], ignore_index=True)
    answers = dict.fromkeys(answer for fold in folds for answer in fold.folder.answers.answers)
    trust = _joined_trust(folds)
    scores = scores_of_marks(
        table,
        RowMarks.joined([_marks(fold) for fold in folds]),
        majority=majority_answers(table),
        answer_vocabulary=list(answers),
        score_groups=folds[0].scores["score_groups"],
        trust=trust,
        task=folds[0].folder.config.model.task,
        seed=folds[0].scores["seed"],
    )
    frames = [fold.scores["frames"] for fold in folds if "frames" in fold.scores]
    if frames:  # the models label frames
        scores["frames"] = pooled_frame_scores(frames, [fold.folder.answers.answers for fold in folds])
    scores["score_groups"] = folds[0].scores["score_groups"]
    for name in ("min_familiarity", "min_probability"):
        values = {fold.scores[name] for fold in folds}
        if len(values) == 1:
            scores[name] = values.pop()
    scores["seen_rows"] = sum(fold.scores["seen_rows"] for fold in folds)
    scores["absent_rows"] = sum(folds[0].rows.attrs.get("absent", {}).values())
    scores["folds"] = [
        {
            "fold": number,
            "folder": str(fold.folder.path),
            "num_rows": fold.scores["num_rows"],
            "accuracy": fold.scores["accuracy"],
        }
        for number, fold in enumerate(folds, 1)
    ]
    each = [fold.predictions.assign(fold=number) for number, fold in enumerate(folds, 1)]
    predictions = pd.concat(each, ignore_index=True)
    if (ordered := order_rows(predictions)) is not None:
        scores["order"] = order_scores(ordered, folds[0].scores["seed"])
    return Scored(scores, predictions, trust)


def write_pooled(pooled: Scored, model: ModelFolder, limit: int | None) -> dict[str, Any]:
    """Write the pooled scores into the folder of the model on everything, as `evaluate` writes its own.

    Args:
        pooled: from `pool_folds`.
        model: trained on all rows.
        limit: of rows of each split, as the run was asked for.

    Returns:
        The scores, with the fields that `evaluate` adds.
    """
    target = model.path / "evaluation" / CROSS_VALIDATION
    target.mkdir(parents=True, exist_ok=True)
    about = {
        "model": str(model.path),
        "model_sha256": file_sha256(model.path / MANIFEST),
        "split": CROSS_VALIDATION,
        "view": "",
        "num_test_clips": model.config.sampling.num_test_clips,
        "limit": limit,
        "seed": 0,
        "out": str(target),
    }
    scores = about | pooled.scores
    write_scores(target, replace(pooled, scores=scores), model)
    return scores


def _marks(fold: ScoredFolder) -> RowMarks:
    """Return the marks of a fold's rows, by its model and its baselines."""
    answers = RowAnswers(
        _guesses(fold, "predicted_answer"),
        blind=None if fold.folder.blind is None else _guesses(fold, "blind_answer"),
        gold_ranks=fold.predictions["gold_rank"].fillna(0).to_numpy(np.int64),
        trust=fold.scored.trust,
    )
    return mark_rows(
        fold.rows,
        answers,
        majority=fold.folder.metrics["majority_answers"],
        answer_vocabulary=fold.folder.answers.answers,
        question_prior=fold.folder.question_prior,
    )


def _joined_trust(folds: Sequence[ScoredFolder]) -> RowTrust | None:
    """Return what the folds' models think of their answers, each of its own rows."""
    each = [fold.scored.trust for fold in folds if fold.scored.trust is not None]
    return RowTrust.joined(each) if len(each) == len(folds) else None


def _guesses(fold: ScoredFolder, column: str) -> list[str | None]:
    return [guess if isinstance(guess, str) else None for guess in fold.predictions[column]]
