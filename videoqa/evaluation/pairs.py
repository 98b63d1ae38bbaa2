"""Pair accuracy: both clips of a pair right, where the two show the same things in another order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from videoqa._text_normalization import normalize_answer
from videoqa.data.source import PAIR
from videoqa.evaluation.bootstrap import cluster_sums, resampled_sums
from videoqa.evaluation.exact_intervals import share_interval
from videoqa.evaluation.row_marks import Correct

CLIP_COLUMNS = ("video_path", "video_id", "start_seconds", "end_seconds")


@dataclass(frozen=True)
class Pairs:
    """The pairs of a table: rows of at least two clips with the same `pair` and the same question.

    Attributes:
        of_row: int64 `(num_rows,)`, the number of each row's pair; −1: it has none.
        differing: bool `(num_pairs,)`, whether the answers of a pair differ.
        groups: `(num_pairs,)` str, which pairs are drawn together for an interval.
        num_alone: rows with a `pair` of which no other clip is here.
    """

    of_row: np.ndarray
    differing: Correct
    groups: np.ndarray
    num_alone: int

    def all_of(self, marks: Correct) -> Correct:
        """Return bool `(num_pairs,)`: whether `marks`, bool `(num_rows,)`, is True in all rows of a pair."""
        places, numbers = np.flatnonzero(self.of_row >= 0), self.of_row[self.of_row >= 0]
        broken = np.bincount(numbers[~marks[places]], minlength=len(self.groups))
        return broken == 0


def find_pairs(table: pd.DataFrame) -> Pairs | None:
    """Return the pairs of an annotation table; None if it has no column `pair`, or no pair."""
    if PAIR not in table:
        return None
    named = table[PAIR].fillna("").astype(str).to_numpy(object)
    asked = (
        [normalize_answer(text) for text in table["question"]] if "question" in table else [""] * len(table)
    )
    keys = pd.Series(list(zip(named, asked, strict=True)), dtype=object)
    clips = list(zip(*(table[name].astype(str) for name in CLIP_COLUMNS if name in table), strict=True))
    there = np.flatnonzero(named != "")
    num_clips = pd.Series(clips, dtype=object)[there].groupby(keys[there]).nunique()
    paired = keys.isin(num_clips[num_clips > 1].index).to_numpy() & (named != "")
    if not paired.any():
        return None
    of_row = np.full(len(table), -1, np.int64)
    of_row[paired], _ = pd.factorize(keys[paired])
    answers = pd.Series([normalize_answer(answer) for answer in table["answer"]])
    groups = table["group"].astype(str).to_numpy(object) if "group" in table else named
    by_pair = of_row[paired]
    return Pairs(
        of_row=of_row,
        differing=(answers[paired].groupby(by_pair).nunique() > 1).to_numpy(),
        groups=pd.Series(groups)[paired].groupby(by_pair).first().to_numpy(object),
        num_alone=len(there) - int(paired.sum()),
    )


def pair_scores(
    pairs: Pairs, right: np.ndarray, chosen: Sequence[Correct], seed: int
) -> list[dict[str, Any]]:
    """Return the scores of pairs for each selection of rows; a pair counts where all its rows are selected.

    Args:
        pairs: of the table.
        right: `(num_rows,)`, 1 where a row is right.
        chosen: selections, each bool `(num_rows,)`.
        seed: of the bootstrap intervals, which draw whole groups.

    Returns:
        For each selection "num_pairs", "pair_accuracy" and its "pair_accuracy_interval", and the same of the
        pairs with different answers: "num_differing_pairs", "differing_pair_accuracy" and
        "differing_pair_accuracy_interval". None where there is no pair.
    """
    both = pairs.all_of(right > 0)
    parts = []
    for mask in chosen:
        inside = pairs.all_of(mask)
        shares = [_share(both, wanted, pairs.groups, seed) for wanted in (inside, inside & pairs.differing)]
        names = ("pair", "differing_pair")
        parts.append({
            field: value
            for name, (number, share, interval) in zip(names, shares, strict=True)
            for field, value in (
                (f"num_{name}s", number),
                (f"{name}_accuracy", share),
                (f"{name}_accuracy_interval", interval),
            )
        })  # fmt: skip
    return parts


def _share(
    both: Correct, wanted: Correct, groups: np.ndarray, seed: int
) -> tuple[int, float | None, list[float] | None]:
    """Return the number of wanted pairs, the share that is right, and its interval."""
    if not wanted.any():
        return 0, None, None
    sums = cluster_sums(np.column_stack([both[wanted], np.ones(wanted.sum())]), groups[wanted])
    drawn = resampled_sums(sums, seed=seed)
    interval = share_interval(sums[:, 0], sums[:, 1], drawn[:, 0] / drawn[:, 1])
    return int(wanted.sum()), float(both[wanted].mean()), interval
