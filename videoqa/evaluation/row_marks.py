"""Marks each evaluated row as right or wrong, for the model and for each baseline."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from videoqa._text_normalization import normalize_answer
from videoqa.evaluation.trust_scores import RowTrust
from videoqa.text.question_prior import QuestionPrior

FAILED = "failed"
"""The `status` of a row whose video could not be decoded."""
NO_TYPE = ""
"""The question type of a row that has none."""
TOP_COUNTS = (5, 10)
"""The k of accuracy@k."""
SOFT_COUNTS = (2, 3)
"""Annotators who must have given the answer for the full mark, one number per soft accuracy."""

ORDER_DEPENDENT = "order_dependent_answers"
"""Score field: the share of rows whose answer is another one for the clip in reverse."""

Correct = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class RowAnswers:
    """What was answered to each row, by the model and by those it is compared with.

    Attributes:
        predicted: the model's answer; None where it gave none.
        blind: the blind model's answer; None without a blind model.
        gold_ranks: `ranks_of_gold` of the model's probabilities; None: no accuracy@k.
        forwards: where the predictions are of clips in reverse, the answers to the clips as they are.
        trust: what the model thinks of its answers, with `gold_ranks`; None: it was not asked.
    """

    predicted: Sequence[str | None]
    blind: Sequence[str | None] | None = None
    gold_ranks: np.ndarray | None = None
    forwards: Sequence[str | None] | None = None
    trust: RowTrust | None = None

    @property
    def changed_in_reverse(self) -> Correct:
        """Whether each answer to a clip in reverse is another one than forwards, bool `(num_rows,)`."""
        return ~correct_answers(self.predicted, [answer or "" for answer in self.forwards or ()])


@dataclass(frozen=True)
class RowMarks:
    """The marks of all rows.

    Attributes:
        video_ids: `(num_rows,)` str.
        failed: `(num_rows,)` bool, True if the video could not be decoded.
        gold, given: the right answer of each row and the one given, see `shown_answers`.
        marks: score field -> float64 `(num_rows,)`, NaN in rows that do not count for the field; None if the
            field cannot be computed. In [0, 1], but for set sizes and Brier scores.
    """

    video_ids: np.ndarray
    failed: Correct
    gold: list[str]
    given: list[str | None]
    marks: dict[str, np.ndarray | None]

    @classmethod
    def joined(cls, parts: Sequence["RowMarks"]) -> "RowMarks":
        """Return the marks of the rows of all parts; a field that some part lacks is None."""
        marks: dict[str, np.ndarray | None] = {}
        for name in dict.fromkeys(name for part in parts for name in part.marks):
            each = [part.marks.get(name) for part in parts]
            there = [mark for mark in each if mark is not None]
            marks[name] = np.concatenate(there) if len(there) == len(each) else None
        return cls(
            np.concatenate([part.video_ids for part in parts]),
            np.concatenate([part.failed for part in parts]),
            [answer for part in parts for answer in part.gold],
            [answer for part in parts for answer in part.given],
            marks,
        )


def mark_rows(
    table: pd.DataFrame,
    answers: RowAnswers,
    *,
    majority: Mapping[str, Any],
    answer_vocabulary: Sequence[str],
    question_prior: QuestionPrior | None,
) -> RowMarks:
    """Return the marks of each row; the arguments are those of `metrics.score_table`."""
    gold, failed = [normalize_answer(answer) for answer in table["answer"]], failed_rows(table)
    known = set(map(normalize_answer, answer_vocabulary))
    can_be_right = np.array([answer in known for answer in gold], bool)
    correct = correct_answers(answers.predicted, gold) & can_be_right & ~failed
    blind = answers.blind
    marks: dict[str, np.ndarray | None] = {
        "accuracy": correct,
        **_floor_marks(table, gold, majority, question_prior),
        "blind_accuracy": None if blind is None else correct_answers(blind, gold) & can_be_right,
        "share_in_vocabulary": can_be_right,
    }
    ranks = answers.gold_ranks
    for count in TOP_COUNTS:
        found = None if ranks is None else (ranks > 0) & (ranks <= count) & ~failed
        marks[f"accuracy_at_{count}"] = found if len(known) > count else None
    shown_gold, given = shown_answers(table, answers.predicted, answer_vocabulary)
    for count in SOFT_COUNTS:
        marks[f"soft_accuracy_{count}"] = soft_marks(given, table, count)
    if answers.forwards is not None:
        marks["forwards_accuracy"] = correct_answers(answers.forwards, gold) & can_be_right & ~failed
        marks[ORDER_DEPENDENT] = np.where(failed, np.nan, answers.changed_in_reverse)
    if answers.trust is not None and ranks is not None:
        marks |= answers.trust.marks(correct, ranks)
    as_floats = {name: None if mark is None else mark.astype(np.float64) for name, mark in marks.items()}
    return RowMarks(table["video_id"].to_numpy(object), failed, shown_gold, given, as_floats)


def _floor_marks(
    table: pd.DataFrame, gold: list[str], majority: Mapping[str, Any], prior: QuestionPrior | None
) -> dict[str, np.ndarray | None]:
    """Return the marks of what needs no model: the majority answers and the prefix prior."""
    always, per_type = majority["answer"], majority["by_question_type"]
    of_type = [per_type.get(name, always) for name in question_types(table)]
    by_prefix = None if prior is None else _prior_answers(table, prior)
    return {
        "majority_accuracy": None if always is None else correct_answers([always] * len(gold), gold),
        "majority_per_type_accuracy": None if always is None else correct_answers(of_type, gold),
        "prefix_prior_accuracy": None if by_prefix is None else correct_answers(by_prefix, gold),
    }


def shown_answers(
    table: pd.DataFrame, predicted: Sequence[str | None], answer_vocabulary: Sequence[str]
) -> tuple[list[str], list[str | None]]:
    """Return gold and predicted answers in one spelling, the model's own if it has one; None: no answer."""
    spelled: dict[str, str] = {}
    for answer in [*answer_vocabulary, *table["answer"]]:
        spelled.setdefault(normalize_answer(answer), answer)
    known = set(map(normalize_answer, answer_vocabulary))
    given = [normalize_answer(guess) if isinstance(guess, str) else None for guess in predicted]
    counted = zip(given, failed_rows(table), strict=True)
    shown = [spelled[guess] if guess in known and not failed else None for guess, failed in counted]
    return [spelled[normalize_answer(answer)] for answer in table["answer"]], shown


def correct_answers(predicted: Sequence[str | None], gold: Sequence[str]) -> Correct:
    """Return (num_rows,) bool: whether both answers are equal; a missing one (None or NaN) is wrong."""
    pairs = zip(predicted, gold, strict=True)
    same = [
        isinstance(guess, str) and normalize_answer(guess) == normalize_answer(true) for guess, true in pairs
    ]
    return np.array(same, dtype=bool)


def ranks_of_gold(probabilities: np.ndarray, gold_ids: np.ndarray) -> np.ndarray:
    """Return the rank of each row's true answer by probability; rank 1 is the most probable answer.

    Args:
        probabilities: `(num_rows, num_answers)`; a row of zeros means its video failed.
        gold_ids: `(num_rows,)` ints, −1 for an answer outside the vocabulary.

    Returns:
        int64 `(num_rows,)`; 0 if there is no rank. Ties go to the lower id, as in `argmax`.
    """
    ids = np.maximum(gold_ids, 0)[:, None]
    own = np.take_along_axis(probabilities, ids, axis=1)
    earlier = np.arange(probabilities.shape[1]) < ids
    better = (probabilities > own) | ((probabilities == own) & earlier)
    ranked = (gold_ids >= 0) & probabilities.any(axis=1)
    return np.where(ranked, 1 + better.sum(axis=1), 0)


def soft_marks(predicted: Sequence[str | None], table: pd.DataFrame, count: int) -> np.ndarray | None:
    """Return min(n / `count`, 1) per row, where n annotators gave the predicted answer.

    Args:
        predicted: answer to each row; None scores 0.
        table: may have a column `answers`, the list of all annotators' answers.
        count: annotators who must agree for the full mark.

    Returns:
        float64 `(num_rows,)`, NaN in rows with fewer than two annotators; None if all rows are so.

    Source:
        count 3: Antol et al., VQA: Visual Question Answering, ICCV 2015. count 2: Yang et al., Just Ask,
        ICCV 2021, for the five annotators of iVQA.
    """
    several = [cell if isinstance(cell, list) else [] for cell in table.get("answers", [])]
    if not any(len(texts) > 1 for texts in several):
        return None
    marks = np.full(len(table), np.nan)
    for row, (guess, texts) in enumerate(zip(predicted, several, strict=True)):
        if len(texts) > 1:
            agreeing = Counter(map(normalize_answer, texts))[normalize_answer(guess)] if guess else 0
            marks[row] = min(agreeing / count, 1)
    return marks


def question_types(table: pd.DataFrame) -> np.ndarray:
    """Return the question types, (num_rows,) str; a missing one is `NO_TYPE`."""
    types = table["question_type"]
    return types.where(types.notna(), NO_TYPE).astype(object).map(str).to_numpy(object)


def failed_rows(table: pd.DataFrame) -> Correct:
    """Return (num_rows,) bool: whether the row's video could not be decoded."""
    return (table["status"] == FAILED).to_numpy(bool) if "status" in table else np.zeros(len(table), bool)


def _prior_answers(table: pd.DataFrame, prior: QuestionPrior) -> list[str]:
    guesses = {question: prior.answer(question) for question in table["question"].unique()}
    return [guesses[question] for question in table["question"]]
