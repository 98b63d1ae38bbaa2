"""Splits rows by whole groups; the result depends on the seed, not on the order of the rows."""

import hashlib
from collections.abc import Mapping, Sequence

import pandas as pd

from videoqa._files import name_bytes
from videoqa.data.shares import group_counts, in_drawn_order
from videoqa.data.specs import is_spec, load_spec
from videoqa.data.strata import folds_by_answer, split_by_answer
from videoqa.data.superseding import CORRECTION, FURTHER, as_before

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
    ordered = in_drawn_order(groups.unique(), seed)
    sizes = group_counts(len(ordered), fractions)
    names = [name for name, size in sizes.items() for _ in range(size)]
    return groups.map(dict(zip(ordered, names, strict=True)))


def attach_validation(
    table: pd.DataFrame, seed: int = 0, share: float = 0.15, *, stratified: bool = True
) -> pd.DataFrame:
    """Return the table with a share of the training groups as validation, unless it has validation rows.

    Only training rows move. A single training group stays, without validation. Corrections change nothing of
    the draw; further rows that came with them follow their group.
    `attrs["automatic_validation"]` says whether rows were moved.

    Args:
        table: from `read_annotations`.
        seed: of the draw.
        share: of the training groups.
        stratified: every answer has its share as far as it can, see `split_by_answer`; not in a public set
            with files of its own, whose validation rows stay those of earlier versions.
    """
    training = table["split"] == "train"
    rows = as_before(table[training])
    wanted = share > 0 and not (table["split"] == "validation").any() and rows["group"].nunique() > 1
    table = table.copy()
    if wanted:
        shares = {"train": 1 - share, "validation": share}
        drawn = draw_splits(rows, shares, seed, stratified=stratified and not _is_public(table))
        split_of = dict(zip(rows["group"], drawn, strict=True))
        table.loc[training, "split"] = table.loc[training, "group"].map(split_of).fillna("train")
    table.attrs["automatic_validation"] = wanted
    return table


def draw_splits(
    table: pd.DataFrame, shares: Mapping[str, float], seed: int, *, stratified: bool = True
) -> pd.Series:
    """Return a drawn split for each row, by `split_by_answer` or, not stratified, by `split_by_group`."""
    if not stratified:
        return split_by_group(table["group"], shares, seed)
    is_action = table.attrs["task"] == "action"
    return split_by_answer(table["group"], table["answer"], shares, seed, classes=is_action)


def _is_public(table: pd.DataFrame) -> bool:
    """Return whether a source is a set known by its own files of annotations."""
    return any(is_spec(name) and bool(load_spec(name).files) for name in table.attrs.get("sources", ()))


def hold_out_fold(table: pd.DataFrame, number: int, num_folds: int, seed: int = 0) -> pd.DataFrame:
    """Return the table with one fold of a cross-validation as test rows and all others as training rows.

    Test rows of the user's own stay out of all folds; own validation rows do not.

    Args:
        table: from `read_annotations`.
        number: of the fold, from 1; its own test rows are then left out. 0: no fold is held out, and the own
            test rows stay.
        num_folds: 2 to the number of groups.
        seed: of the draw.

    Raises:
        ValueError: `num_folds` out of range.
    """
    own_test = (table["split"] == "test") & (not table.attrs["automatic_split"])
    rows = table[~own_test]
    folds = folds_by_answer(rows["group"], rows["answer"], num_folds, seed)
    table = table.copy()
    table.loc[~own_test, "split"] = (folds == number).map({True: "test", False: "train"})
    if number == 0:
        return table
    table = table[~own_test].reset_index(drop=True)
    table.attrs["automatic_split"] = True
    return table


def groups_of_splits(table: pd.DataFrame) -> dict[str, list[str]]:
    """Return short hashes of the groups of training and of validation rows, for `split_as_trained`."""
    hashes = _group_hashes(table)
    return {split: sorted(set(hashes[table["split"] == split])) for split in ("train", "validation")}


def split_as_trained(table: pd.DataFrame, groups: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return the table with the splits that a model was trained with.

    If the splits of `table` were drawn, the model's training and validation groups keep these splits and all
    others become "test", but for rows that are corrections alone. If the table has splits of its own but no
    validation rows, the groups that `train` moved from training to validation are moved here too.

    Args:
        table: from `read_annotations`.
        groups: from `groups_of_splits` when the model was trained.
    """
    table, hashes = table.copy(), _group_hashes(table)
    if table.attrs["automatic_split"]:
        table["split"] = "test"
        if CORRECTION in table:
            table.loc[table[CORRECTION] == FURTHER, "split"] = "train"
        for split, names in groups.items():
            table.loc[hashes.isin(names), "split"] = split
    elif not (table["split"] == "validation").any():
        table.loc[hashes.isin(groups["validation"]) & (table["split"] == "train"), "split"] = "validation"
    return table


def _group_hashes(table: pd.DataFrame) -> pd.Series:
    groups = table["group"]
    return groups.map({name: hashlib.sha256(name_bytes(name)).hexdigest()[:16] for name in groups.unique()})
