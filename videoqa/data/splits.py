"""Splits rows by whole groups; the result depends on the seed, not on the order of the rows."""

import hashlib
import math
from collections.abc import Mapping, Sequence

import pandas as pd

from videoqa._checks import Refusal, check_integer, check_number

AUTOMATIC_SPLIT = {"train": 0.8, "validation": 0.1, "test": 0.1}
"""Shares of the groups where a table has no `split` column."""


def split_by_group(groups: pd.Series, fractions: Mapping[str, float], seed: int = 0) -> pd.Series:
    """Return the split of each row, every group whole in one split.

    Groups are sorted by a hash of seed and name; the first go to the first split and so on. Proportions of
    groups are exact but for rounding, and neither the order nor the number of rows matters. Each split with a
    fraction above 0 gets a group if there are enough.

    Args:
        groups: group of each row, str.
        fractions: split -> its share of the groups; they add up to 1.
        seed: 0 or more.

    Returns:
        Series of split names, indexed like `groups`.

    Raises:
        ValueError: fractions that are negative or do not add up to 1.
    """
    check_integer("seed", seed, minimum=0)
    for name, fraction in fractions.items():
        check_number(f"fraction of {name}", fraction, minimum=0, maximum=1)
    if not math.isclose(sum(fractions.values()), 1):
        raise Refusal("fractions", "add up to 1", dict(fractions))
    ordered = sorted(groups.unique(), key=lambda group: hashlib.sha256(f"{seed}:{group}".encode()).digest())
    sizes = _sizes(len(ordered), fractions)
    names = [name for name, size in sizes.items() for _ in range(size)]
    return groups.map(dict(zip(ordered, names, strict=True)))


def attach_validation(table: pd.DataFrame, seed: int = 0, share: float = 0.15) -> pd.DataFrame:
    """Return the table with a share of the training groups as validation, unless it has validation rows.

    Only training rows move. A single training group stays, without validation.
    `attrs["automatic_validation"]` says whether rows were moved.
    """
    training = table["split"] == "train"
    groups = table.loc[training, "group"]
    wanted = share > 0 and not (table["split"] == "validation").any() and groups.nunique() > 1
    table = table.copy()
    if wanted:
        shares = {"train": 1 - share, "validation": share}
        table.loc[training, "split"] = split_by_group(groups, shares, seed)
    table.attrs["automatic_validation"] = wanted
    return table


def groups_of_splits(table: pd.DataFrame) -> dict[str, list[str]]:
    """Return short hashes of the groups of training and of validation rows, for `split_as_trained`."""
    hashes = _group_hashes(table)
    return {split: sorted(set(hashes[table["split"] == split])) for split in ("train", "validation")}


def split_as_trained(table: pd.DataFrame, groups: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return the table with the splits that a model was trained with.

    If the splits of `table` were drawn, the model's training and validation groups keep these splits and all
    others become "test". If the table has splits of its own but no validation rows, the groups that `train`
    moved from training to validation are moved here too.

    Args:
        table: from `read_annotations`.
        groups: from `groups_of_splits` when the model was trained.
    """
    table, hashes = table.copy(), _group_hashes(table)
    if table.attrs["automatic_split"]:
        table["split"] = "test"
        for split, names in groups.items():
            table.loc[hashes.isin(names), "split"] = split
    elif not (table["split"] == "validation").any():
        table.loc[hashes.isin(groups["validation"]) & (table["split"] == "train"), "split"] = "validation"
    return table


def _group_hashes(table: pd.DataFrame) -> pd.Series:
    groups = table["group"]
    return groups.map({name: hashlib.sha256(name.encode()).hexdigest()[:16] for name in groups.unique()})


def _sizes(num_groups: int, fractions: Mapping[str, float]) -> dict[str, int]:
    """Return the groups per split: rounded down, the rest by largest remainder, then none left empty."""
    sizes = {name: math.floor(fraction * num_groups + 1e-9) for name, fraction in fractions.items()}
    by_remainder = sorted(fractions, key=lambda name: sizes[name] - fractions[name] * num_groups)
    for name in by_remainder[: num_groups - sum(sizes.values())]:
        sizes[name] += 1
    wanted = [name for name, fraction in fractions.items() if fraction > 0]
    if num_groups >= len(wanted):
        for name in wanted:
            if sizes[name] == 0:
                sizes[max(sizes, key=lambda other: sizes[other])] -= 1
                sizes[name] = 1
    return sizes
