"""The optional column `pair`: clips that show the same things in another order, kept in one split."""

import numpy as np
import pandas as pd

from videoqa.data.source import PAIR

LARGE_PAIR = 10
"""More videos than a pair has: the column seems to mean something else."""


def join_groups_of_pairs(table: pd.DataFrame, given: pd.Series) -> pd.Series:
    """Return the group of each row, such that the rows of a pair share one.

    The clips of a pair show nearly the same frames: in two splits the test would show what was learned.
    Groups that the user gave stay as they are.

    Args:
        table: annotation table with `group`, and perhaps `pair`.
        given: bool, rows whose group the user gave.
    """
    groups = table["group"]
    if PAIR not in table or not (table[PAIR] != "").any():
        return groups
    names = pd.Series(pd.unique(pd.concat([groups[given], groups])))  # a given one is taken first
    own = groups.map(dict(zip(names, names.index, strict=True)))
    paired, codes = table[PAIR] != "", own
    while True:
        lowest = codes.where(~paired, codes[paired].groupby(table.loc[paired, PAIR]).transform("min"))
        lowest = lowest.groupby(own).transform("min").astype(np.int64)
        if lowest.equals(codes):
            break
        codes = lowest
    return groups.where(given, codes.map(names))


def notes_on_pairs(table: pd.DataFrame, name: str) -> list[str]:
    """Return what is to be said of a column `pair` that seems to mean something else."""
    if PAIR not in table:
        return []
    num_videos = table[table[PAIR] != ""].groupby(PAIR)["video_path"].nunique()
    if num_videos.max() <= LARGE_PAIR or not len(num_videos):
        return []
    largest = num_videos.idxmax()
    return [
        f"`pair` {largest!r} of {name} names {num_videos.max()} videos: they stay in one split, and the pair "
        "is right only where all of them are. Usually two clips make a pair: rename the column if it means "
        "something else."
    ]
