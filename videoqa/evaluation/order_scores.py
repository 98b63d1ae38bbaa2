"""Scores of clips forwards, backwards and shuffled, and whether the answers depend on the order at all.

Each clip has two answers here, forwards and backwards. A model that does not see the order gives the same one
both ways. So it never has both right, and never both the wrong way round; one that changes its answers
without knowing the direction does either equally often. What is left of the first share after the second is
taken away is due to the order.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from videoqa._counted import counted
from videoqa._text_normalization import normalize_answer
from videoqa.data.source import OPPOSITE
from videoqa.evaluation.bootstrap import cluster_sums, resampled_sums
from videoqa.evaluation.exact_intervals import difference_interval, share_interval
from videoqa.evaluation.row_marks import correct_answers
from videoqa.evaluation.score_fields import BALANCED

FEWEST_GROUPS = 5
"""With fewer groups no interval says whether answers depend on the order."""
LARGEST_CHANCE = 0.1
"""Answers do not depend on the order if surely no larger share of them than this does."""
DO_NOT_DEPEND = "These answers do not depend on the order of the frames"
CANNOT_BE_TOLD = "Whether these answers depend on the order of the frames cannot be told"


def order_scores(rows: pd.DataFrame, seed: int = 0) -> dict[str, Any]:
    """Return the scores of answers to clips in several orders, with intervals by group.

    Args:
        rows: `answer` and the columns of `order.answer_in_other_orders`; rows with nothing in
            `backwards_correct` do not count.
        seed: of the bootstrap intervals.

    Returns:
        JSON-ready dict with the fields of `docs/scores.md`: the totals, the same fields in each entry of
        "by_opposites", "depends_on_order" (None: it cannot be told) and "conclusion", a sentence.
    """
    there = rows["backwards_correct"].notna().to_numpy()
    declared = rows[OPPOSITE].map(lambda cell: isinstance(cell, str) and cell != "")
    scores: dict[str, Any] = {"num_left_out": int(declared.sum() - there.sum())}
    rows = rows[there].reset_index(drop=True)
    marks, answers = _marks(rows), rows["answer"].map(normalize_answer)
    scores |= _summary(rows, marks, answers, seed)
    parts = dict(iter(rows.groupby(_names_of_opposites(rows), sort=False)))
    scores["by_opposites"] = {
        str(name): _summary(part, marks.loc[part.index], answers[part.index], seed)
        for name, part in parts.items()
    }
    scores["depends_on_order"], scores["conclusion"] = conclusion(scores)
    return scores


def order_rows(predictions: pd.DataFrame) -> pd.DataFrame | None:
    """Return what `order_scores` takes from a table of predictions; None if it has no other orders.

    Args:
        predictions: as in `Scored`, of one model or of several, or as read from a file, all of it text.
    """
    if OPPOSITE not in predictions:
        return None
    shown_in_reverse = "forwards_answer" in predictions
    given = predictions["forwards_answer" if shown_in_reverse else "predicted_answer"]
    reverse, texts = predictions["backwards_answer"], {"True": True, "False": False, True: True, False: False}
    return predictions.assign(
        forwards_answer=given.where(given != "", None),
        backwards_answer=reverse.where(reverse != "", None),
        backwards_correct=predictions["backwards_correct"].map(texts),
        shuffled_accuracy=pd.to_numeric(predictions["shuffled_accuracy"], errors="coerce"),
    )


def _marks(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the marks of each row, one column per score field; NaN where a row does not count."""
    gold, opposite = rows["answer"].tolist(), rows[OPPOSITE].tolist()
    one, other = rows["forwards_answer"].tolist(), rows["backwards_answer"].tolist()
    forwards, backwards = correct_answers(one, gold), correct_answers(other, opposite)
    seen = np.array([isinstance(answer, str) for answer in one], bool)
    changed = ~correct_answers(one, [answer if isinstance(answer, str) else "" for answer in other])
    marks = {
        "forwards_accuracy": forwards,
        "backwards_accuracy": backwards,
        "both_ways_accuracy": (forwards.astype(float) + backwards) / 2,
        "both_right": forwards & backwards,
        "both_exchanged": correct_answers(one, opposite) & correct_answers(other, gold),
        "changed_answers": np.where(seen, changed, np.nan),
        "shuffled_accuracy": rows["shuffled_accuracy"].to_numpy(float),
    }
    return pd.DataFrame(marks, rows.index).astype(float)


def _names_of_opposites(rows: pd.DataFrame) -> pd.Series:
    """Return the name of each row's pair of opposites, "loading / unloading", in its first spelling."""
    pairs = list(zip(rows["answer"], rows[OPPOSITE], strict=True))
    names: dict[frozenset[str], str] = {}
    for pair in pairs:
        names.setdefault(frozenset(map(normalize_answer, pair)), " / ".join(sorted(pair)))
    found = [names[frozenset(map(normalize_answer, pair))] for pair in pairs]
    return pd.Series(found, rows.index, dtype=object)


def _summary(rows: pd.DataFrame, marks: pd.DataFrame, answers: pd.Series, seed: int) -> dict[str, Any]:
    """Return the scores of some rows, each with its interval."""
    groups = rows["group"].astype(str).to_numpy(object)
    weights = {str(field): mark.notna().astype(float) for field, mark in marks.items()}
    even = len(rows) / max(answers.nunique(), 1)  # so that the weights add up to the number of rows
    for field in BALANCED:
        weights[f"balanced_{field}"] = even / answers.map(answers.value_counts()).astype(float)
    weighted = {
        field: marks[field.removeprefix("balanced_")].fillna(0) * weight for field, weight in weights.items()
    }
    fields = list(weights)
    sums = cluster_sums(np.stack([*weighted.values(), *weights.values()], axis=1), groups)
    drawn = resampled_sums(sums, seed=seed) if len(rows) else sums
    found: dict[str, Any] = {"num_rows": len(rows), "num_groups": len(sums)}
    for place, field in enumerate(fields):
        columns = slice(place, None, len(fields))
        found[field], found[f"{field}_interval"] = _share(sums[:, columns], drawn[:, columns])
    places = [fields.index(field) for field in ("both_right", "both_exchanged")]
    ends = [*places, len(fields) + places[0]]
    found["order_gain"], found["order_gain_interval"] = _difference(sums[:, ends], drawn[:, ends])
    return found


def _share(sums: np.ndarray, drawn: np.ndarray) -> tuple[float | None, list[float] | None]:
    """Return a mean mark and its interval; None without a row that counts.

    Args:
        sums: `(num_groups, 2)`, of each group its weighted marks and its weights, added up.
        drawn: `(num_resamples, 2)`, the same of each resample.
    """
    marked, weights = sums.sum(axis=0)
    if not weights:
        return None, None
    with np.errstate(invalid="ignore"):  # 0 / 0: a resample may hold no row that counts
        shares = drawn[:, 0] / drawn[:, 1]
    return float(marked / weights), share_interval(sums[:, 0], sums[:, 1], shares)


def _difference(sums: np.ndarray, drawn: np.ndarray) -> tuple[float | None, list[float] | None]:
    """Return the difference of two shares of rows and its interval; None without rows.

    Args:
        sums: `(num_groups, 3)`, of each group the rows of the first share, of the second, and all.
        drawn: `(num_resamples, 3)`, the same of each resample.
    """
    one, other, rows = sums.sum(axis=0)
    if not rows:
        return None, None
    differences = (drawn[:, 0] - drawn[:, 1]) / drawn[:, 2]
    return float((one - other) / rows), difference_interval(sums[:, 0], sums[:, 1], sums[:, 2], differences)


def conclusion(scores: Mapping[str, Any]) -> tuple[bool | None, str]:
    """Return whether answers depend on the order of the frames, and a sentence that says so and why.

    They do if rows that are right both ways outnumber those that are exchanged, or the reverse, by more than
    the interval leaves in doubt. They do not if none changes, or if the interval holds 0 and nothing further
    from it than `LARGEST_CHANCE`. Else, and with fewer than `FEWEST_GROUPS`, it cannot be told: None.

    Args:
        scores: the totals of `order_scores`.
    """
    num_rows, interval = scores["num_rows"], scores["order_gain_interval"]
    if not num_rows:
        return None, f"{CANNOT_BE_TOLD}: the model can give no answer together with its opposite."
    if scores["changed_answers"] is None:
        return None, f"{CANNOT_BE_TOLD}: no clip could be read."
    if scores["changed_answers"] == 0 and num_rows >= FEWEST_GROUPS:
        return False, f"{DO_NOT_DEPEND}: every clip gets the same one backwards as forwards."
    if (groups := scores["num_groups"]) < FEWEST_GROUPS:
        return None, f"{CANNOT_BE_TOLD} from {counted(groups, 'group')} of clips; {FEWEST_GROUPS} are needed."
    right, exchanged, changed = (
        f"{100 * scores[name]:.2f} %" for name in ("both_right", "both_exchanged", "changed_answers")
    )
    shares = f"{right} of the rows are right both forwards and backwards, {exchanged} have the two exchanged"
    if interval[0] > 0:
        return True, f"These answers depend on the order of the frames: {shares}."
    if interval[1] < 0:
        return True, f"These answers take the order of the frames the wrong way round: {shares}."
    if -LARGEST_CHANCE <= interval[0] and interval[1] <= LARGEST_CHANCE:
        return False, f"{DO_NOT_DEPEND} more than by chance: backwards {changed} change, but {shares}."
    return None, f"{CANNOT_BE_TOLD} from {counted(num_rows, 'row')} of {groups} groups: {shares}."
