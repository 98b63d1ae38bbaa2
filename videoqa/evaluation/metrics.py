"""Accuracy and its baselines, computed from answers as text (numpy and pandas only).

Answers are compared after `normalize_answer`. Accuracies are fractions in [0, 1]; only
`scores.format_score_table` writes per cent. `docs/scores.md` defines each field.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from videoqa._checks import Refusal, check_columns
from videoqa._text_normalization import normalize_answer
from videoqa.evaluation.bootstrap import cluster_sums, resampled_sums
from videoqa.evaluation.class_metrics import class_scores, confused_pairs
from videoqa.evaluation.exact_intervals import difference_interval, share_interval
from videoqa.evaluation.pairs import find_pairs, pair_scores
from videoqa.evaluation.row_marks import (
    ORDER_DEPENDENT,
    Correct,
    RowAnswers,
    RowMarks,
    mark_rows,
    question_types,
)
from videoqa.evaluation.trust_scores import RowTrust
from videoqa.text.question_prior import QuestionPrior

MARKS_WITH_INTERVALS = (ORDER_DEPENDENT, "reliable_accuracy", "set_coverage")
"""Marks that have an interval, beside accuracy and that of the blind model."""


def majority_answer(answers: Iterable[str]) -> str | None:
    """Return the most frequent answer in its first spelling; of equal ones the first by name."""
    spelled: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for answer in answers:
        key = normalize_answer(answer)
        spelled.setdefault(key, answer)
        counts[key] += 1
    return spelled[min(counts, key=lambda key: (-counts[key], key))] if counts else None


def majority_answers(training_rows: pd.DataFrame) -> dict[str, Any]:
    """Return the answers that the majority baselines give, learned from training rows.

    Returns:
        JSON-ready dict: "answer": the most frequent one (None without rows), and "by_question_type": the most
        frequent one of each type.

    Raises:
        ValueError: a missing column.
    """
    check_columns(training_rows.columns, ("answer", "question_type"), "The training rows")
    grouped = training_rows["answer"].groupby(question_types(training_rows))
    per_type = {str(name): majority_answer(answers) for name, answers in grouped}
    return {"answer": majority_answer(training_rows["answer"]), "by_question_type": per_type}


def score_table(
    table: pd.DataFrame,
    answers: RowAnswers,
    *,
    majority: Mapping[str, Any],
    answer_vocabulary: Sequence[str],
    question_prior: QuestionPrior | None = None,
    score_groups: Mapping[str, Sequence[str]] | None = None,
    task: str = "open_ended",
    seed: int = 0,
) -> dict[str, Any]:
    """Return the scores of predictions over all rows, in total, per question type and per group.

    No row is dropped. A row counts as wrong if its answer is outside the vocabulary or its video could not be
    decoded. The blind and majority baselines need no video, so a failed video does not count against them.
    Only the soft accuracies use the `answers` of several annotators; all other scores use `answer`.

    Args:
        table: annotation rows with `video_id`, `answer`, `question_type`; `question` if there is a
            `question_prior`; and optionally `status` ("failed": the video could not be decoded) and `pair`,
            which adds the scores of `pair_scores`.
        answers: to each row. With `forwards` there are "forwards_accuracy" and "order_dependent_answers", and
            no scores of pairs; with `trust` also the scores of `RowTrust.marks` and `RowTrust.totals`.
        majority: `majority_answers` of the training split.
        answer_vocabulary: the answers the model can give.
        question_prior: of the training questions; None: no prefix prior.
        score_groups: group name -> its question types (for actions: its labels).
        task: "open_ended" or "action"; an action model also gets scores per class.
        seed: of the bootstrap intervals.

    Returns:
        JSON-ready dict with the fields of `docs/scores.md`: the totals, and the same fields in each entry of
        `by_question_type` and `by_group`. A score that does not apply is None. Types seen only in training
        have an entry with 0 rows.

    Raises:
        ValueError: no rows, a missing column, or answers that are not one per row.
    """
    columns = ("video_id", "answer", "question_type", *(("question",) if question_prior else ()))
    check_columns(table.columns, columns, "The evaluated table")
    if len(table) == 0:
        raise Refusal(
            "The evaluated table must have at least one row. Received: 0 rows. Choose another split."
        )
    _check_lengths(table, answers)
    rows = mark_rows(
        table, answers, majority=majority, answer_vocabulary=answer_vocabulary, question_prior=question_prior
    )
    return scores_of_marks(
        table, rows, majority=majority, answer_vocabulary=answer_vocabulary, trust=answers.trust,
        score_groups=score_groups, task=task, seed=seed,
    )  # fmt: skip


def scores_of_marks(
    table: pd.DataFrame,
    rows: RowMarks,
    *,
    majority: Mapping[str, Any],
    answer_vocabulary: Sequence[str],
    trust: RowTrust | None = None,
    score_groups: Mapping[str, Sequence[str]] | None = None,
    task: str = "open_ended",
    seed: int = 0,
) -> dict[str, Any]:
    """Return the scores of rows that were marked, by one model or by several, as `score_table` does.

    Args:
        table, majority, answer_vocabulary, score_groups, task, seed: as in `score_table`.
        rows: the marks of the rows.
        trust: what the model thinks of its answers.
    """
    types, per_type = question_types(table), majority["by_question_type"]
    type_names = sorted(set(types) | set(per_type))
    groups = _group_masks(table, types, score_groups or {}, task)
    chosen = [np.ones(len(table), bool), *(types == name for name in type_names), *groups.values()]
    total, *parts = _summaries(rows, chosen, majority["answer"], seed)
    _add_pairs(table, rows, chosen, [total, *parts], seed)
    for name, entry in zip(type_names, parts, strict=False):
        entry["majority_per_type_answer"] = per_type.get(name, majority["answer"])
    classes = class_scores(rows.gold, rows.given, answer_vocabulary) if task == "action" else {}
    if classes:
        classes["recall_intervals"] = _recall_intervals(rows, np.array(rows.gold, object), seed)
    return (
        {"task": task, "num_videos": len(set(rows.video_ids))}
        | total
        | classes
        | ({} if trust is None else trust.totals(np.asarray(rows.marks["accuracy"]) == 1))
        | {"by_question_type": dict(zip(type_names, parts, strict=False))}
        | {"by_group": dict(zip(groups, parts[len(type_names) :], strict=True))}
        | {"confused_pairs": confused_pairs(rows.gold, rows.given)}
    )


def _group_masks(
    table: pd.DataFrame, types: np.ndarray, groups: Mapping[str, Sequence[str]], task: str
) -> dict[str, Correct]:
    """Return the rows of each group as a mask; groups list labels for actions, else question types."""
    names = [normalize_answer(answer) for answer in table["answer"]] if task == "action" else types
    members = {
        group: set(map(normalize_answer, listed)) if task == "action" else set(listed)
        for group, listed in groups.items()
    }
    return {group: np.array([name in listed for name in names], bool) for group, listed in members.items()}


def _summaries(
    rows: RowMarks, chosen: Sequence[Correct], majority: str | None, seed: int
) -> list[dict[str, Any]]:
    """Return the scores of each selection of rows; all scores are None for an empty one."""
    summaries = []
    for mask, intervals in zip(chosen, _intervals(rows, chosen, seed), strict=True):
        means = {name: _mean(mark, mask) for name, mark in rows.marks.items()}
        model, blind = means["accuracy"], means["blind_accuracy"]
        gain = model - blind if model is not None and blind is not None else None
        summaries.append(
            {
                "num_rows": int(mask.sum()),
                "num_failed_videos": len(set(rows.video_ids[mask & rows.failed])),
                "majority_answer": majority,
                **means,
                "video_gain": gain,
                **intervals,
            }
        )
    return summaries


def _add_pairs(
    table: pd.DataFrame, rows: RowMarks, chosen: Sequence[Correct], summaries: list[dict[str, Any]], seed: int
) -> None:
    """Add the scores of pairs to each summary, and to the first the rows without a partner."""
    pairs, right = find_pairs(table), rows.marks["accuracy"]
    if pairs is None or right is None or ORDER_DEPENDENT in rows.marks:
        return  # in reverse nobody says what is right
    for summary, scores in zip(summaries, pair_scores(pairs, right, chosen, seed), strict=True):
        summary.update(scores)
    summaries[0]["num_rows_without_pair"] = pairs.num_alone


def _intervals(rows: RowMarks, chosen: Sequence[Correct], seed: int) -> list[dict[str, list[float] | None]]:
    """Return the intervals of accuracy, blind accuracy and their difference, all from the same resamples."""
    model, blind = rows.marks["accuracy"], rows.marks["blind_accuracy"]
    assert model is not None
    counted = [model] if blind is None else [model, blind, model * (1 - blind), blind * (1 - model)]
    columns = [np.stack([mask, *(mark * mask for mark in counted)], axis=1) for mask in chosen]
    sums = np.stack([cluster_sums(column, rows.video_ids) for column in columns], axis=1)
    drawn = resampled_sums(sums.reshape(len(sums), -1), seed=seed).reshape(-1, *sums.shape[1:])
    with np.errstate(invalid="ignore"):  # 0 / 0: a resample may hold no rows of a type
        shares = drawn[:, :, 1:] / drawn[:, :, :1]
    found = [
        _intervals_of_one(by_video, share)
        for by_video, share in zip(np.moveaxis(sums, 1, 0), np.moveaxis(shares, 1, 0), strict=True)
    ]
    for name in MARKS_WITH_INTERVALS:
        if (marks := rows.marks.get(name)) is not None:
            for each, mask in zip(found, chosen, strict=True):
                each[f"{name}_interval"] = _interval(marks, mask, rows.video_ids, seed)
    return found


def _recall_intervals(rows: RowMarks, gold: np.ndarray, seed: int) -> dict[str, list[float] | None]:
    """Return the interval of each label's recall."""
    right = rows.marks["accuracy"]
    return {name: _interval(right, gold == name, rows.video_ids, seed) for name in sorted(set(gold))}


def _interval(
    mark: np.ndarray | None, chosen: Correct, video_ids: np.ndarray, seed: int
) -> list[float] | None:
    """Return the interval of the mean mark of the chosen rows that have one; None if there is none."""
    if mark is None:
        return None
    judged = chosen & ~np.isnan(mark)
    if not judged.any():
        return None
    sums = cluster_sums(np.stack([mark[judged], judged[judged]], axis=1), video_ids[judged])
    drawn = resampled_sums(sums, seed=seed)
    return share_interval(sums[:, 0], sums[:, 1], drawn[:, 0] / drawn[:, 1])


def _intervals_of_one(by_video: np.ndarray, drawn: np.ndarray) -> dict[str, list[float] | None]:
    """Return the intervals of one selection of rows.

    Args:
        by_video: `(num_videos, 2 or 5)`: of each video its rows, those the model has right, and with a blind
            model those this has right, those only the model and those only the blind model has right.
        drawn: `(num_resamples, 1 or 4)`, the shares of the rows in each resample.
    """
    rows, model, *others = by_video.T
    intervals = {"accuracy_interval": share_interval(model, rows, drawn[:, 0])}
    if not others:
        return intervals | {"blind_accuracy_interval": None, "video_gain_interval": None}
    blind, only_model, only_blind = others
    gain = difference_interval(only_model, only_blind, rows, drawn[:, 0] - drawn[:, 1])
    found = share_interval(blind, rows, drawn[:, 1])
    return intervals | {"blind_accuracy_interval": found, "video_gain_interval": gain}


def _mean(mark: np.ndarray | None, chosen: Correct) -> float | None:
    judged = np.zeros(0) if mark is None else mark[chosen & ~np.isnan(mark)]
    return float(judged.mean()) if len(judged) else None


def _check_lengths(table: pd.DataFrame, answers: RowAnswers) -> None:
    """Refuse answers that are not one per row, with the number of each."""
    by_row = {name: getattr(answers, name) for name in ("predicted", "blind", "gold_ranks", "forwards")}
    columns = {"table": table} | {name: column for name, column in by_row.items() if column is not None}
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        names = ", ".join(f"`{name}`" for name in lengths)
        received = ", ".join(f"{name} with {length}" for name, length in lengths.items())
        raise Refusal(f"{names} must have the same number of rows. Received: {received}.")
