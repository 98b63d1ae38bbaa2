"""Scores a built model on annotated rows, and makes the table of its predictions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from videoqa.data.source import PAIR
from videoqa.evaluation.frame_scores import frame_scores
from videoqa.evaluation.judging import predict_and_judge
from videoqa.evaluation.metrics import score_table
from videoqa.evaluation.order import answer_in_other_orders
from videoqa.evaluation.order_scores import order_scores
from videoqa.evaluation.prediction import best_answers, predict_examples
from videoqa.evaluation.row_marks import correct_answers, ranks_of_gold
from videoqa.evaluation.trust_scores import RowTrust
from videoqa.input_pipeline import Examples
from videoqa.saving import ModelFolder
from videoqa.text.answers import AnswerList
from videoqa.text.question_prior import QuestionPrior
from videoqa.text.vocabulary import Vocabulary
from videoqa.trust.trust import Thresholds, Trust

if TYPE_CHECKING:
    import keras

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
    rows: pd.DataFrame,
    examples: Examples,
    model: "keras.Model",
    *,
    blind: ModelFolder | None,
    answers: AnswerList,
    majority: dict[str, Any],
    question_prior: QuestionPrior | None = None,
    score_groups: Mapping[str, Sequence[str]] | None = None,
    seed: int = 0,
    num_test_clips: int = 1,
    forwards: Examples | None = None,
    trust: Trust | None = None,
    vocabulary: Vocabulary | None = None,
    thresholds: Thresholds | None = None,
    opposites: Sequence[str] = (),
    progress: bool = False,
) -> Scored:
    """Return the scores of a built model on annotated rows.

    With "frames" if the model labels frames, and "order" if answers have opposites.

    Args:
        rows: annotation rows with `status` and `error` of their videos.
        examples: the same rows as arrays; without questions the task is "action".
        model: takes the inputs of `examples`.
        blind: the blind model's folder; None when there is none.
        answers: answer of each class of both models.
        majority: `metrics.majority_answers` of the training rows.
        question_prior: the prefix prior of the training questions; None when there is none.
        score_groups: see `metrics.score_table`.
        seed: of the bootstrap intervals.
        num_test_clips: evenly spaced windows of each clip to average.
        forwards: where `examples` show the clips in reverse, the same rows as they are.
        trust: what the model knows of its limits; None: it cannot judge.
        vocabulary: of the model; None for actions.
        thresholds: of reliable answers; None: the usual ones.
        opposites: the right answer to each row's clip backwards, "" where it is not known; empty: nowhere.
        progress: show a bar on a terminal.
    """
    questions = () if vocabulary is None else rows["question"].tolist()
    found = predict_and_judge(
        model, examples, trust, questions=questions, vocabulary=vocabulary, thresholds=thresholds,
        num_test_clips=num_test_clips, progress=progress,
    )  # fmt: skip
    probabilities = found.probabilities
    ranks = ranks_of_gold(probabilities, examples.answer_ids)
    predicted, blind_answers = best_answers(probabilities, answers), None
    if blind is not None and examples.token_ids is not None:
        unseen = predict_examples(blind.build(), examples.without_clips())
        blind_answers = best_answers(unseen.probabilities, answers)
    forwards_answers = None
    if forwards is not None:
        found_forwards = predict_examples(model, forwards, num_test_clips=num_test_clips, progress=progress)
        forwards_answers = best_answers(found_forwards.probabilities, answers)
    row_trust = None
    judges = trust is not None or (thresholds is not None and thresholds.min_probability is not None)
    if forwards is None:
        row_trust = RowTrust.of(found, examples.answer_ids, judges=judges)
    scores = score_table(
        rows,
        predicted_answers=predicted,
        blind_answers=blind_answers,
        majority=majority,
        answer_vocabulary=answers.answers,
        gold_ranks=ranks,
        question_prior=question_prior,
        forwards_answers=forwards_answers,
        trust=row_trust,
        score_groups=score_groups,
        task="action" if examples.token_ids is None else "open_ended",
        seed=seed,
    )
    if found.frame_classes is not None:
        scores["frames"] = frame_scores(rows["answer"].tolist(), found.frame_classes, answers.answers)
    order = None
    if any(opposites):
        as_they_are, reverse = (examples, None) if forwards is None else (forwards, predicted)
        order = answer_in_other_orders(
            rows, opposites, as_they_are, model, answers, forwards=forwards_answers or predicted,
            backwards=reverse, num_test_clips=num_test_clips, seed=seed, progress=progress,
        )  # fmt: skip
    if order is not None:
        scores["order"] = order_scores(order.join(rows["answer"]), seed)
    predictions = rows[[name for name in (*PREDICTION_COLUMNS, PAIR) if name in rows]].copy()
    predictions["predicted_answer"] = predicted
    predictions["probability"] = probabilities.max(axis=1)
    predictions["second_answer"] = found.second(answers.answers)
    predictions["margin"] = found.margins
    predictions["familiarity"] = found.familiarity
    predictions["is_reliable"] = found.is_reliable if judges else pd.NA
    predictions["why_not"] = found.reasons()
    predictions["likely"] = found.likely(answers.answers)
    predictions["num_likely"] = pd.array(found.num_likely, dtype="Int64")
    predictions["num_likely"] = predictions["num_likely"].where(found.num_likely > 0)
    predictions["blind_answer"] = blind_answers if blind_answers is not None else ""
    predictions["correct"] = correct_answers(predicted, rows["answer"].tolist())
    predictions["gold_rank"] = pd.array(ranks, dtype="Int64")
    predictions["gold_rank"] = predictions["gold_rank"].where(ranks > 0)
    if forwards_answers is not None:
        changed = ~correct_answers(predicted, [answer or "" for answer in forwards_answers])
        predictions["forwards_answer"] = forwards_answers
        predictions["order_dependent"] = changed & predictions["predicted_answer"].notna().to_numpy()
    if order is not None:
        predictions = predictions.join(order.drop(columns="forwards_answer"))
    for name in ("status", "error"):
        predictions[name] = rows[name] if name in rows else ""
    return Scored(scores, predictions, row_trust, found.uncalibrated, examples.answer_ids)
