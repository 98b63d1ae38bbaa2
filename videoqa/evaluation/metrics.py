"""Accuracy and the baselines that give it a meaning, from answers as text (numpy and pandas only).

Answers are compared as `normalize_answer` leaves them, as the classes of a model are. Accuracies are
fractions in [0, 1]; only `scores.format_score_table` writes per cent.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from videoqa._checks import check_columns
from videoqa._normalizing import normalize_answer

FAILED = "failed"
"""The `status` of a row whose video could not be decoded."""
NO_TYPE = ""
"""The question type of a row that has none."""

Correct = np.ndarray[Any, np.dtype[np.bool_]]


def accuracy(predicted: Sequence[str | None], gold: Sequence[str]) -> float:
    """Return the share of rows whose predicted answer equals the true one.

    Args:
        predicted: answers, one per row; None (no answer was given) is wrong.
        gold: true answers, one per row.

    Returns:
        A float in [0, 1].

    Raises:
        ValueError: no rows, or two different numbers of rows.
    """
    _check_lengths({"predicted": predicted, "gold": gold})
    if len(gold) == 0:
        raise ValueError("`gold` must hold at least one answer. Received: 0 rows.")
    return float(correct_answers(predicted, gold).mean())


def majority_answer(answers: Iterable[str]) -> str | None:
    """Return the most frequent answer, normalised; of equally frequent ones the first in sorted order.

    None when there is no answer.
    """
    counts = Counter(map(normalize_answer, answers))
    return min(counts, key=lambda answer: (-counts[answer], answer)) if counts else None


def majority_answers(training_rows: pd.DataFrame) -> dict[str, Any]:
    """Return the answers of the majority baselines, from the `answer` and `question_type` of training rows.

    Returns:
        "answer": the most frequent one, None without rows; "by_question_type": that of each type. JSON-ready.

    Raises:
        ValueError: a missing column.
    """
    check_columns(training_rows.columns, ("answer", "question_type"), "The training rows")
    grouped = training_rows["answer"].groupby(_types(training_rows))
    per_type = {str(name): majority_answer(answers) for name, answers in grouped}
    return {"answer": majority_answer(training_rows["answer"]), "by_question_type": per_type}


def score_table(
    table: pd.DataFrame,
    *,
    predicted_answers: Sequence[str | None],
    blind_answers: Sequence[str | None] | None,
    majority: Mapping[str, Any],
    answer_vocabulary: Sequence[str],
) -> dict[str, Any]:
    """Return the scores of predictions over every row of an annotation table, in total and per question type.

    No row is dropped: one whose answer lies outside the vocabulary, or whose video could not be
    decoded, is wrong. The blind and majority baselines need no video, so a failed video does not count
    against them. A row with several annotators' `answers` is scored against its `answer`.

    Args:
        table: annotation rows with `video_id`, `answer`, `question_type` and, once their videos were
            tried, `status` ("failed" marks a video that could not be decoded).
        predicted_answers: the model's answer to each row; None where it gave none.
        blind_answers: the blind model's answer to each row, or None without a blind model.
        majority: `majority_answers` of the training split.
        answer_vocabulary: the answers the model can give.

    Returns:
        A dict that strict JSON can hold. Over all rows and, in `by_question_type[type]`, over those of a
        type: `num_rows`, `num_failed_videos` (distinct videos), `accuracy`; `majority_answer` (the most
        frequent one in training) and its `majority_accuracy`; `majority_per_type_accuracy` (the most
        frequent one of each row's type in training, `majority_answer` for a type not seen there);
        `blind_accuracy`; `video_gain` (accuracy minus blind accuracy, in [-1, 1]); `share_in_vocabulary`.
        An entry of a type also has that type's own `majority_per_type_answer`. Types seen only in
        training have an entry of 0 rows, whose scores are None.

    Raises:
        ValueError: no rows, a missing column, or answers that are not one per row.
    """
    check_columns(table.columns, ("video_id", "answer", "question_type"), "The evaluated table")
    if len(table) == 0:
        raise ValueError(
            "The evaluated table must have at least one row. Received: 0 rows. Choose another split."
        )
    lengths = {"table": table, "predicted_answers": predicted_answers}
    _check_lengths(lengths if blind_answers is None else {**lengths, "blind_answers": blind_answers})

    types, per_type = _types(table), majority["by_question_type"]
    rows = _mark_rows(table, types, predicted_answers, blind_answers, majority, answer_vocabulary)
    scores = _summarise(rows, np.ones(len(table), bool), majority["answer"])
    scores["by_question_type"] = {
        name: _summarise(rows, types == name, majority["answer"])
        | {"majority_per_type_answer": per_type.get(name, majority["answer"])}
        for name in sorted(set(types) | set(per_type))
    }
    return scores


@dataclass(frozen=True)
class _Rows:
    """What each row counts for: bool arrays of shape (num_rows,), None where a baseline is absent."""

    video_ids: np.ndarray
    failed: Correct
    in_vocabulary: Correct
    model: Correct
    blind: Correct | None
    majority: Correct | None
    majority_per_type: Correct | None


def _mark_rows(
    table: pd.DataFrame,
    types: np.ndarray,
    predicted: Sequence[str | None],
    blind: Sequence[str | None] | None,
    majority: Mapping[str, Any],
    answer_vocabulary: Sequence[str],
) -> _Rows:
    """Return which rows are failed, inside the vocabulary, and right for the model and each baseline."""
    gold = list(map(normalize_answer, table["answer"]))
    failed = (table["status"] == FAILED).to_numpy(bool) if "status" in table else np.zeros(len(table), bool)
    known = set(map(normalize_answer, answer_vocabulary))
    in_vocabulary = np.array([answer in known for answer in gold], bool)
    always, per_type = majority["answer"], majority["by_question_type"]
    guesses = [per_type.get(name, always) for name in types]
    return _Rows(
        video_ids=table["video_id"].to_numpy(object),
        failed=failed,
        in_vocabulary=in_vocabulary,
        model=correct_answers(predicted, gold) & in_vocabulary & ~failed,
        blind=None if blind is None else correct_answers(blind, gold) & in_vocabulary,
        majority=None if always is None else correct_answers([always] * len(gold), gold),
        majority_per_type=None if always is None else correct_answers(guesses, gold),
    )


def _summarise(rows: _Rows, chosen: Correct, majority: str | None) -> dict[str, Any]:
    """Return the scores over the chosen rows; every score is None when there are none."""
    scores: dict[str, Any] = {
        "num_rows": int(chosen.sum()),
        "num_failed_videos": len(set(rows.video_ids[chosen & rows.failed])),
        "accuracy": _mean(rows.model, chosen),
        "majority_answer": majority,
        "majority_accuracy": _mean(rows.majority, chosen),
        "majority_per_type_accuracy": _mean(rows.majority_per_type, chosen),
        "blind_accuracy": _mean(rows.blind, chosen),
    }
    known = scores["accuracy"] is not None and scores["blind_accuracy"] is not None
    scores["video_gain"] = scores["accuracy"] - scores["blind_accuracy"] if known else None
    scores["share_in_vocabulary"] = _mean(rows.in_vocabulary, chosen)
    return scores


def _mean(correct: Correct | None, chosen: Correct) -> float | None:
    return None if correct is None or not chosen.any() else float(correct[chosen].mean())


def correct_answers(predicted: Sequence[str | None], gold: Sequence[str]) -> Correct:
    """Return (num_rows,) bool: where both are the same answer; a missing one (None or NaN) never is."""
    pairs = zip(predicted, gold, strict=True)
    same = [
        isinstance(guess, str) and normalize_answer(guess) == normalize_answer(true) for guess, true in pairs
    ]
    return np.array(same, dtype=bool)


def _types(table: pd.DataFrame) -> np.ndarray:
    """Return (num_rows,) question types as text, a missing one as `NO_TYPE`."""
    types = table["question_type"]
    return types.where(types.notna(), NO_TYPE).astype(object).map(str).to_numpy(object)


def _check_lengths(columns: Mapping[str, Any]) -> None:
    """Refuse columns of one table that have different numbers of rows, naming each."""
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        names = ", ".join(f"`{name}`" for name in lengths)
        received = ", ".join(f"{name} with {length}" for name, length in lengths.items())
        raise ValueError(f"{names} must have the same number of rows. Received: {received}.")
