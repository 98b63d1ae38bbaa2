"""One of several equal parts of a table's clips, the same on every machine."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from videoqa._checks import Refusal

_CLIP = ("video_path", "start_seconds", "end_seconds")


def parse_shard(shard: Any) -> tuple[int, int]:
    """Return `(i, n)` of "i/n" or of a pair: the i-th of n parts, counted from 1.

    Raises:
        ValueError: it has another form, or not 1 <= i <= n.
    """
    match = re.fullmatch(r"(\d+)/(\d+)", shard.strip()) if isinstance(shard, str) else None
    pair = tuple(map(int, match.groups())) if match else shard
    whole = isinstance(pair, (tuple, list)) and len(pair) == 2 and all(type(number) is int for number in pair)
    if not whole or not 1 <= pair[0] <= pair[1]:
        requirement = 'be the i-th of n parts as "i/n", with i from 1 to n'
        raise Refusal("shard", requirement, shard, 'The second of four is "2/4".')
    return pair[0], pair[1]


def rows_of_shard(table: pd.DataFrame, shard: tuple[int, int]) -> pd.DataFrame:
    """Return the rows of an annotation table whose clips belong to one of `n` parts.

    Clips are counted in the order of their video ids and segments and dealt out in turn, so neither the
    order of the rows nor the folder of the videos matters, and no two parts differ by more than one clip.

    Args:
        table: annotation table.
        shard: `(i, n)`, i from 1.

    Returns:
        The rows, in their order; every row of one clip is in the same part.
    """
    place, num_shards = shard
    clip_of_row = table.groupby(list(_CLIP), dropna=False, sort=False).ngroup().to_numpy()
    clips = table[list(_CLIP)].groupby(clip_of_row).first()
    clips["video_id"] = table["video_id"].astype(str).groupby(clip_of_row).min()
    # of videos with one id, by the name of the file before those of the folders it lies in
    clips["path"] = [Path(path).parts[::-1] for path in clips["video_path"]]
    order = clips.sort_values(["video_id", "start_seconds", "end_seconds", "path"], na_position="first")
    wanted = order.index[place - 1 :: num_shards]
    return table[np.isin(clip_of_row, wanted)]
