"""Splits whole groups so that each answer has its share everywhere; a group counts for its rarest answer."""

import math
from collections.abc import Mapping

import pandas as pd

from videoqa._checks import Refusal, check_integer
from videoqa._text_normalization import normalize_answer
from videoqa.data.shares import group_counts, in_drawn_order

ALONE = ""
"""The stratum of the groups whose answers no other group has."""
FEWEST_GROUPS = {"test": 2, "validation": 3}
"""Split -> groups that an answer must have, of those not taken yet, to be promised one there: one at least
stays for training, and two beside a validation group."""
MOST_PROMISED = 10
"""Groups to which a split of questions may grow for the sake of rare answers; classes are promised more."""


def split_by_answer(
    groups: pd.Series, answers: pd.Series, fractions: Mapping[str, float], seed: int = 0, *, classes: bool
) -> pd.Series:
    """Return the split of each row, every group whole in one split, every answer in each as far as it can be.

    Each group belongs to the stratum of its rarest answer, see `rarest_answers`. Every stratum has its share
    of each split, drawn by a hash of seed and group, so the order and the number of rows do not matter. An
    answer of enough groups, see `FEWEST_GROUPS`, has at least one group in each split: a split grows beyond
    its fraction for it, of questions at most to `MOST_PROMISED` groups and a third. Where all groups have the
    same answers the split is that of `shares.split_by_group`.

    Args:
        groups: group of each row, str.
        answers: answer or label of each row, str, indexed like `groups`.
        fractions: split -> its share of the groups; they add up to 1. The first has all that others leave.
        seed: 0 or more.
        classes: the answers are labels: those of a single group stay in the first split.

    Returns:
        Series of split names, indexed like `groups`.
    """
    sizes = group_counts(groups.nunique(), fractions)
    members = _members(groups, answers, seed)
    first, *others = fractions
    chosen = dict.fromkeys(groups.unique(), first)
    for split in reversed(others):
        alone = members.get(ALONE, [])
        counts = {name: len(each) for name, each in members.items() if not (classes and name == ALONE)}
        most = len(chosen) if classes else max(sizes[split], min(len(chosen) // 3, MOST_PROMISED))
        taken = _taken(counts, sizes[split], FEWEST_GROUPS.get(split, 3), most) if sizes[split] else {}
        if classes and split == "test" and sizes[split] and not any(taken.values()) and len(alone) > 1:
            taken = {ALONE: 1}  # else there would be nothing to score
        for name, number in taken.items():
            chosen |= dict.fromkeys([members[name].pop() for _ in range(number)], split)
    return groups.map(chosen)


def folds_by_answer(groups: pd.Series, answers: pd.Series, num_folds: int, seed: int = 0) -> pd.Series:
    """Return the fold of each row, from 1, every group whole in one fold.

    The groups of each stratum, see `rarest_answers`, are dealt out one by one: the folds differ by one group
    at most, and so do each stratum's.

    Raises:
        ValueError: fewer than two folds, or more than groups.
    """
    check_integer("cross_validate", num_folds, minimum=2)
    num_groups = groups.nunique()
    if num_folds > num_groups:
        advice = "Rows of one video, or of one `group`, stay together."
        raise Refusal("cross_validate", f"be at most {num_groups}, the number of groups", num_folds, advice)
    members = _members(groups, answers, seed)
    dealt = [group for name in sorted(members) for group in members[name]]
    return groups.map({group: place % num_folds + 1 for place, group in enumerate(dealt)})


def rarest_answers(groups: pd.Series, answers: pd.Series) -> pd.Series:
    """Return the rarest answer of each group: that of the fewest groups, among those of two groups or more.

    Returns:
        Normalised answers, indexed by group in the order of their first rows; `ALONE` for a group that shares
        no answer with another.
    """
    normal = answers.map({answer: normalize_answer(answer) for answer in answers.unique()})
    pairs = pd.DataFrame({"group": groups, "answer": normal}).drop_duplicates()
    pairs["num_groups"] = pairs.groupby("answer")["group"].transform("size")
    shared = pairs[pairs["num_groups"] > 1].sort_values(["num_groups", "answer"])
    rarest = shared.drop_duplicates("group").set_index("group")["answer"]
    return rarest.reindex(groups.unique(), fill_value=ALONE)


def _members(groups: pd.Series, answers: pd.Series, seed: int) -> dict[str, list[str]]:
    """Return the groups of each stratum in the order of their hashes."""
    strata = rarest_answers(groups, answers)
    members: dict[str, list[str]] = {}
    for group in in_drawn_order(strata.index, seed):
        members.setdefault(strata[group], []).append(group)
    return members


def _taken(counts: Mapping[str, int], size: int, fewest: int, most: int) -> dict[str, int]:
    """Return how many groups each stratum gives to a split of `size` groups: its share, rounded.

    A stratum of at least `fewest` gives one, the largest first, while the split has not grown to `most`. One
    group of each stratum stays.
    """
    total = max(sum(counts.values()), 1)
    shares = {name: size * count / total for name, count in counts.items()}
    taken = {name: min(math.floor(shares[name] + 1e-9), counts[name] - 1) for name in counts}
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        if name != ALONE and not taken[name] and counts[name] >= fewest and sum(taken.values()) < most:
            taken[name] = 1
    while sum(taken.values()) < size:
        room = [name for name in counts if taken[name] < counts[name] - 1]
        if not room:
            break
        taken[min(room, key=lambda name: (taken[name] - shares[name], -counts[name], name))] += 1
    return taken
