"""Chooses among the rows of a table (classes, videos that are there, a limit) and draws their splits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from videoqa._checks import Refusal, check_choice
from videoqa._text_normalization import normalize_answer
from videoqa.config import DataConfig
from videoqa.data.named_sets import WHY_ABSENT, drop_absent
from videoqa.data.source import ABSENT, OPPOSITE, Source
from videoqa.data.splits import AUTOMATIC_SPLIT, draw_splits


@dataclass(frozen=True)
class Choice:
    """What chooses among the rows of a table, and draws their splits.

    Attributes:
        data: the classes kept and the limit.
        seed, with_videos, needed_splits, stratified: see `read_annotations`.
    """

    data: DataConfig
    seed: int
    with_videos: bool
    needed_splits: tuple[str, ...]
    stratified: bool

    def chosen(
        self, table: pd.DataFrame, parts: Sequence[Source], task: str
    ) -> tuple[pd.DataFrame, dict[str, Any]]:
        """Return the rows of the wanted classes whose video is there, and the attributes about both."""
        table, classes = _keep_classes(table, parts, task, self.data.classes)
        absent: dict[str, int] = {}
        if ABSENT in table and self.with_videos:
            whys = [part.table.attrs[WHY_ABSENT] for part in parts if WHY_ABSENT in part.table.attrs]
            table, absent = drop_absent(table, self.needed_splits, whys)
        return table, {"absent": absent, **classes}

    def split(self, table: pd.DataFrame, task: str) -> bool:
        """Draw the splits of a table that has none; return whether it had none."""
        automatic = bool((table["split"] == "").all())
        if automatic:
            table.attrs = {"task": task}
            table["split"] = draw_splits(table, AUTOMATIC_SPLIT, self.seed, stratified=self.stratified)
        return automatic

    def limited(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return at most `data.limit` random rows of each split: files are often sorted by answer."""
        if self.data.limit is None:
            return table
        order = np.random.default_rng(self.seed).permutation(len(table))
        kept = table.iloc[order].groupby("split", sort=False).head(self.data.limit).index
        return table.loc[sorted(kept)].reset_index(drop=True)


def _keep_classes(
    table: pd.DataFrame, sources: Sequence[Source], task: str, wanted: tuple[str, ...]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the rows of the wanted classes, and the attributes about classes."""
    listed = list(dict.fromkeys(label for part in sources for label in part.table.attrs.get("classes", ())))
    if not wanted:
        return table, {"classes": listed, "num_listed_classes": len(listed)} if listed else {}
    if task != "action":
        raise Refusal("classes", "be left out: only actions have classes", wanted)
    labels = [*listed, *sorted(set(table["answer"]) - set(listed))]
    spelled = {normalize_answer(label): label for label in reversed(labels)}
    wanted = tuple(spelled.get(normalize_answer(label), label) for label in wanted)
    for label in wanted:
        check_choice("classes", label, labels)
    keys = table["answer"].map({label: normalize_answer(label) for label in table["answer"].unique()})
    kept = table[keys.isin(map(normalize_answer, wanted))].reset_index(drop=True)
    if OPPOSITE in kept:  # a label that is not kept is not learned from clips played backwards either
        kept[OPPOSITE] = kept[OPPOSITE].where(kept[OPPOSITE].isin(wanted), "")
    return kept, {"classes": list(wanted), "num_listed_classes": len(labels)}
