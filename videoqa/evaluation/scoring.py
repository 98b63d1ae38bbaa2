"""Scores a built model on annotated rows, and makes the table of its predictions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from videoqa.data.source import PAIR
from videoqa.evaluation.evaluated import EvaluatedModel, EvaluatedRows
from videoqa.evaluation.frame_scores import frame_scores
from videoqa.evaluation.judging import Judged
from videoqa.evaluation.metrics import score_table
from videoqa.evaluation.order import answer_in_other_orders
from videoqa.evaluation.order_scores import order_scores
from videoqa.evaluation.prediction import best_answers
from videoqa.evaluation.row_marks import RowAnswers, correct_answers, ranks_of_gold
from videoqa.evaluation.trust_scores import RowTrust

PREDICTION_COLUMNS = (
    "question_id",
    "video_id",
    "video_path",
    "start_seconds",
    "end_seconds",
    "question",
    "question_type",
    "answer",
)


@dataclass(frozen=True)
class Scored:
    """Scores of rows and the predictions they come from.

    Attributes:
        scores: the JSON-ready dict of `metrics.score_table`.
        predictions: one row per evaluated row: ids, question, answer, predicted_answer, probability,
            second_answer, margin, familiarity, is_reliable, why_not, likely, num_likely (as `predict` gives
            them; the last five missing if the model cannot judge), blind_answer, correct, gold_rank (rank of
            the true answer, 1 is the best; missing if it is outside the vocabulary or the video failed),
            those of `order.answer_in_other_orders` where answers have opposites, status, error.
        trust: what the model thinks of its answers; None of clips in reverse, where nothing is right.
        uncalibrated: float32 `(num_rows, num_answers)`, the probabilities before the temperature; None of
            several models.
        answer_ids: int `(num_rows,)` of the true answers among those of the model; None of several models.
    """

    scores: dict[str, Any]
    predictions: pd.DataFrame
    trust: RowTrust | None
    uncalibrated: np.ndarray | None = None
    answer_ids: np.ndarray | None = None


def score_examples(
    rows: EvaluatedRows, model: EvaluatedModel, *, seed: int = 0, progress: bool = False
) -> Scored:
    """Return the scores of a model on annotated rows.

    With "frames" if the model labels frames, and "order" if answers have opposites.

    Args:
        rows: what it answers.
        model: with its baselines.
        seed: of the bootstrap intervals.
        progress: show a bar on a terminal.
    """
    table, answer_ids = rows.table, rows.examples.answer_ids
    found = model.judged(rows, progress=progress)
    given = RowAnswers(
        best_answers(found.probabilities, model.answers),
        blind=model.blind_answers_to(rows.examples),
        gold_ranks=ranks_of_gold(found.probabilities, answer_ids),
        forwards=None if rows.forwards is None else model.answers_to(rows.forwards, progress=progress),
        trust=RowTrust.of(found, answer_ids, judges=model.judges) if rows.forwards is None else None,
    )
    scores = score_table(
        table,
        given,
        majority=model.majority,
        answer_vocabulary=model.answers.answers,
        question_prior=model.question_prior,
        score_groups=rows.score_groups,
        task=rows.task,
        seed=seed,
    )
    if found.frame_classes is not None:
        scores["frames"] = frame_scores(table["answer"].tolist(), found.frame_classes, model.answers.answers)
    order = None
    if any(rows.opposites):
        order = answer_in_other_orders(rows, model, given, seed=seed, progress=progress)
    if order is not None:
        scores["order"] = order_scores(order.join(table["answer"]), seed)
    predictions = _prediction_table(rows, model, found, given, order)
    return Scored(scores, predictions, given.trust, found.uncalibrated, answer_ids)


def _prediction_table(
    rows: EvaluatedRows,
    model: EvaluatedModel,
    found: Judged,
    given: RowAnswers,
    order: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return the table of predictions, see `Scored`; `order` is of `answer_in_other_orders`."""
    table, answers = rows.table, model.answers.answers
    predictions = table[[name for name in (*PREDICTION_COLUMNS, PAIR) if name in table]].copy()
    predictions["predicted_answer"] = given.predicted
    predictions["probability"] = found.probabilities.max(axis=1)
    predictions["second_answer"] = found.second(answers)
    predictions["margin"] = found.margins
    predictions["familiarity"] = found.familiarity
    predictions["is_reliable"] = found.is_reliable if model.judges else pd.NA
    predictions["why_not"] = found.reasons()
    predictions["likely"] = found.likely(answers)
    predictions["num_likely"] = _counts_or_missing(found.num_likely, table.index)
    predictions["blind_answer"] = given.blind if given.blind is not None else ""
    predictions["correct"] = correct_answers(given.predicted, table["answer"].tolist())
    predictions["gold_rank"] = _counts_or_missing(given.gold_ranks, table.index)
    if given.forwards is not None:
        predictions["forwards_answer"] = given.forwards
        answered = predictions["predicted_answer"].notna().to_numpy()
        predictions["order_dependent"] = given.changed_in_reverse & answered
    if order is not None:
        predictions = predictions.join(order.drop(columns="forwards_answer"))
    for name in ("status", "error"):
        predictions[name] = table[name] if name in table else ""
    return predictions


def _counts_or_missing(counts: Any, index: pd.Index) -> pd.Series:
    """Return whole numbers `(num_rows,)` as a column in which 0 is a missing value."""
    column = pd.Series(counts, index, dtype="Int64")
    return column.where(column > 0)
