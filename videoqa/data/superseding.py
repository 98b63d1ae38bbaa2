"""Puts corrections in the place of the rows that they correct, and keeps them from held-out videos."""

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from videoqa._counted import counted
from videoqa._manifest import file_sha256
from videoqa._text_normalization import matching_form
from videoqa.data.correction_tables import CLIP_SHA256, CORRECTS, KIND, ROW_ID, WEIGHED_BY, WRITTEN_KIND
from videoqa.data.source import MIRRORED, OPPOSITE
from videoqa.data.video_index import folded_name

CORRECTION, ANSWER_BEFORE = "correction", "answer_before"
"""Columns of a table with corrections: `IN_PLACE`, `FURTHER`, `ALONE` where all rows are corrections, or ""
of a row that nobody corrected; and the answer that a corrected row had."""
IN_PLACE, FURTHER, ALONE = "in place", "further row", "alone"
CHANGED, CONFIRMED, FILLED, ADDED = "changed", "confirmed", "filled", "added"
OUTDATED, REPEATED, HELD_OUT = "outdated", "repeated", "held_out"
FATES = (CHANGED, CONFIRMED, FILLED, ADDED, OUTDATED, REPEATED, HELD_OUT)
"""What becomes of rows: they answer otherwise now, or as before, or had no answer, or are a correction that
asks what no row does. And of corrections that are left out: a later one corrects the same row, otherwise or
alike; they are held out."""
Contents = Callable[[Sequence[str]], Mapping[str, str]]
"""Takes paths and returns the sha256 of each video that can be read."""
_Key = tuple[str, float | None, float | None, str]
"""Video by its content, start, end and question: what a row asks."""


@dataclass(frozen=True)
class Superseded:
    """A table with its corrections.

    Attributes:
        table: the rows in their order, then those that are corrections alone; columns `CORRECTION` and
            `ANSWER_BEFORE`. Corrected rows keep all but their answer, the opposites of a changed answer, and
            `WEIGHED_BY`.
        counts: how many rows, or corrections that are left out, met each of `FATES`.
        held_out: places in the corrections of those whose video, or group, is held out; left out.
        added: places in the corrections of the rows at the end of `table`.
    """

    table: pd.DataFrame
    counts: dict[str, int]
    held_out: list[int]
    added: list[int]


def contents_of_files(paths: Sequence[str]) -> dict[str, str]:
    """Return the sha256 of each path that is a regular file."""
    found = {}
    for path in paths:
        if os.path.isfile(path):
            found[path] = file_sha256(path)  # type: ignore[arg-type]
    return found


def located(corrections: pd.DataFrame, own: pd.DataFrame, contents: Contents) -> pd.DataFrame:
    """Return corrections with the path of their video where it is not there but a row names the same video.

    The same is the content that a page noted, or the name in the table, whatever its spelling.

    Args:
        corrections: annotation table.
        own: the rows that they may correct.
        contents: hashes videos.
    """
    is_lost = ~corrections["video_path"].map(os.path.lexists)
    if not is_lost.any():
        return corrections
    by_name: defaultdict[str, set[str]] = defaultdict(set)
    for name, path in own[["video_id", "video_path"]].drop_duplicates().itertuples(index=False):
        by_name[_folded(name)].add(path)
    by_content: dict[str, str] = {}
    if CLIP_SHA256 in corrections and (corrections.loc[is_lost, CLIP_SHA256].fillna("") != "").any():
        by_content = {
            content: path for path, content in contents(own["video_path"].unique().tolist()).items()
        }
    paths = corrections["video_path"].tolist()
    for row in np.flatnonzero(is_lost).tolist():
        named = by_name.get(_folded(corrections["video_id"].iloc[row]), set())
        path = by_content.get(corrections[CLIP_SHA256].iloc[row]) if by_content else None
        if path is None and len(named) == 1:
            path = next(iter(named))
        if path is not None:
            paths[row] = path
    return corrections.assign(video_path=pd.Series(paths, index=corrections.index, dtype=object))


def supersede(
    own: pd.DataFrame, corrections: pd.DataFrame, contents: Contents, *, test_is_held_out: bool = True
) -> Superseded:
    """Return a table in which each corrected row has the answer of its correction.

    A correction is for the row that it names in `corrects`, if that asks the same about the same video, else
    for all rows that do. Of several for one row the last counts: later rows are newer. Videos are the same by
    content. A correction without such a row is a row of its own, in the split and group of its video. Where
    the test split is held out, a correction of a test video, or of a test row's group, is left out.

    Args:
        own: annotation table with a split in every row; answers may be "".
        corrections: annotation table.
        contents: hashes videos.
        test_is_held_out: False: no row is held out, as where folds are drawn from all.
    """
    paths = pd.unique(pd.concat([own["video_path"], corrections["video_path"]])).tolist()
    hashes = contents([path for path in paths if os.path.lexists(path)])
    base = _Base(own, hashes, test_is_held_out)
    given = _Given(corrections, hashes)
    held_out = []
    for place in given.in_order():
        if base.is_held_out(given.keys[place][0], given.group_of(place)):
            held_out.append(place)
        else:
            base.take(place, given)
    table = base.corrected(corrections)
    counts = base.counts(given) | {HELD_OUT: len(held_out)}
    return Superseded(table, {name: counts.get(name, 0) for name in FATES}, sorted(held_out), base.added)


class _Given:
    """The corrections, and what each asks."""

    def __init__(self, rows: pd.DataFrame, hashes: Mapping[str, str]) -> None:
        self.rows = rows
        self.keys = _keys(rows, hashes)
        self.answers = rows["answer"].map(matching_form).tolist()
        self.corrects = _texts(rows, CORRECTS)
        self.is_written = [kind == WRITTEN_KIND for kind in _texts(rows, KIND)]
        self._row_ids = _texts(rows, ROW_ID)
        self._groups = rows["group"].tolist()
        self._names = rows["video_id"].tolist()

    def group_of(self, place: int) -> str:
        """Return the group that the user's table gave the row; "": none but the name of its video."""
        return "" if self._groups[place] == self._names[place] else self._groups[place]

    def in_order(self) -> list[int]:
        """Return the places, rows that people wrote first: the others may correct these."""
        return sorted(range(len(self.rows)), key=lambda place: not self.is_written[place])

    def are_alike(self, one: int, two: int) -> bool:
        """Return whether two corrections of one row say the same."""
        return self.answers[one] == self.answers[two]


class _Base:
    """The rows that can be corrected, and the correction that each has by now."""

    def __init__(self, own: pd.DataFrame, hashes: Mapping[str, str], test_is_held_out: bool) -> None:
        self.own, self.added = own, list[int]()
        self._hashes = hashes
        self._keys = _keys(own, hashes)
        self._answers = own["answer"].map(matching_form).tolist()
        self._place_of_id = dict(zip(own["question_id"].tolist(), range(len(own)), strict=True))
        self._places: defaultdict[_Key, list[int]] = defaultdict(list)
        for place, key in enumerate(self._keys):
            self._places[key].append(place)
        is_test = (own["split"] == "test").tolist() if test_is_held_out else [False] * len(own)
        groups = own["group"].tolist()
        self._test_videos = {key[0] for key, test in zip(self._keys, is_test, strict=True) if test}
        self._test_groups = {group for group, test in zip(groups, is_test, strict=True) if test}
        self._given_to: dict[int, int] = {}  # place of a row -> place of its correction
        self._further: dict[_Key, int] = {}
        self._written: defaultdict[_Key, dict[str, int]] = defaultdict(dict)
        self._earlier: dict[int, int] = {}  # place of a correction -> of the one that came in its place

    def is_held_out(self, video: str, group: str) -> bool:
        """Return whether a video or a group is one of the test rows."""
        return video in self._test_videos or bool(group) and group in self._test_groups

    def take(self, place: int, given: _Given) -> None:
        """Note what a correction, later than all before, is for."""
        key, answer = given.keys[place], given.answers[place]
        if given.is_written[place]:
            self._replace(self._written[key], answer, place)
            return
        targets = self._rows_for(key, given.corrects[place])
        for target in targets:
            self._replace(self._given_to, target, place)
        for written in self._written.pop(key, {}).values():  # by one person, and answered by others
            self._earlier[written] = place
        if not targets:
            self._replace(self._further, key, place)

    def _replace(self, taken: dict[Any, int], target: Any, place: int) -> None:
        if target in taken:
            self._earlier[taken[target]] = place
        taken[target] = place

    def _rows_for(self, key: _Key, corrects: str) -> list[int]:
        named = self._place_of_id.get(corrects)
        if named is not None and self._keys[named] == key:
            return [named]
        return self._places.get(key, [])

    def counts(self, given: _Given) -> dict[str, int]:
        """Return how many rows, and corrections that another came for, met each of `FATES`."""
        counts = Counter({ADDED: len(self.added)})
        for row, place in self._given_to.items():
            before = self._answers[row]
            is_same = before == given.answers[place]
            counts[CONFIRMED if is_same else CHANGED if before else FILLED] += 1
        used = {*self._given_to.values(), *self.added}
        for place, later in self._earlier.items():
            while later in self._earlier:
                later = self._earlier[later]
            if place not in used:
                counts[REPEATED if given.are_alike(place, later) else OUTDATED] += 1
        return counts

    def corrected(self, corrections: pd.DataFrame) -> pd.DataFrame:
        """Return the rows with their corrections, and behind them the corrections without a row."""
        table = self.own.copy()
        table[ANSWER_BEFORE] = table["answer"]
        table[CORRECTION] = ""
        rows = list(self._given_to)
        if rows:
            places = [self._given_to[row] for row in rows]
            self._correct(table, rows, corrections.iloc[places])
        written = [place for each in self._written.values() for place in each.values()]
        self.added = sorted([*self._further.values(), *written])
        if not self.added:
            return table
        further = self._placed(corrections.iloc[self.added])
        return pd.concat([table, further], ignore_index=True)

    def _correct(self, table: pd.DataFrame, rows: list[int], given: pd.DataFrame) -> None:
        index = table.index[rows]
        is_other = (
            table.loc[index, "answer"].map(matching_form).to_numpy()
            != given["answer"].map(matching_form).to_numpy()
        )
        changed = index[is_other]
        table.loc[index, CORRECTION] = IN_PLACE
        table.loc[changed, "answer"] = given["answer"].to_numpy()[is_other]
        for name in (OPPOSITE, MIRRORED):  # declared for the answer that is no longer there
            if name in table:
                table.loc[changed, name] = ""
        if "answers" in table:
            cells = table["answers"].tolist()
            for row in np.array(rows)[is_other].tolist():
                cells[row] = []
            table["answers"] = pd.Series(cells, index=table.index, dtype=object)
        for name in WEIGHED_BY:
            if name in given:
                column = (
                    table[name].astype(object) if name in table else pd.Series(np.nan, table.index, object)
                )
                column.loc[index] = given[name].to_numpy()
                table[name] = column

    def _placed(self, further: pd.DataFrame) -> pd.DataFrame:
        """Return further rows with the split and group of their video, or else of their group."""
        split_of, group_of = _of_videos(self.own, self._keys)
        split_of_group = dict(zip(self.own["group"], self.own["split"], strict=True))
        splits, groups = [], []
        for name, path, group, split in further[["video_id", "video_path", "group", "split"]].itertuples(
            index=False
        ):
            video = self._hashes.get(path, path)
            if video in split_of:
                splits.append(split_of[video])
                groups.append(group_of[video])
                continue
            if group == name and group in split_of_group:
                group = path  # another video of the same name
            groups.append(group)
            splits.append(split_of_group.get(group) or split or "train")
        further = further.assign(split=splits, group=groups)
        further[CORRECTION], further[ANSWER_BEFORE] = FURTHER, further["answer"]
        return further


def as_before(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table without its corrections: splits drawn from them stay as they were."""
    if CORRECTION not in table:
        return table
    own = table[table[CORRECTION] != FURTHER]
    return own.assign(answer=own[ANSWER_BEFORE])


def corrections_in_words(counts: Mapping[str, int], num_corrections: int, *, are_alone: bool = False) -> str:
    """Return a sentence on what became of the corrections; alone, without other rows, they are all rows."""
    parts = [
        (counts[CHANGED], "{} answered otherwise than before"),
        (counts[CONFIRMED], "{} confirmed"),
        (counts[FILLED], "{} without an answer filled"),
    ]
    said = [words.format(counted(number, "row")) for number, words in parts if number]
    if counts[ADDED]:
        said.append(counted(counts[ADDED], "row" if are_alone else "further row"))
    left_out = [
        (counts[OUTDATED], "to which a later one says otherwise"),
        (counts[REPEATED], "there twice"),
        (counts[HELD_OUT], "of test videos"),
    ]
    left = [f"{number:,} {words}" for number, words in left_out if number]
    total = counted(num_corrections, "correction")
    whole = f"{total}: {', '.join(said) or 'none used'}"
    return f"{whole}; left out: {', '.join(left)}." if left else f"{whole}."


def _of_videos(own: pd.DataFrame, keys: list[_Key]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the split and the group of each video; of a video in two splits not that of training."""
    split_of: dict[str, str] = {}
    group_of: dict[str, str] = {}
    for key, split, group in zip(keys, own["split"].tolist(), own["group"].tolist(), strict=True):
        if split_of.get(key[0], "train") == "train":
            split_of[key[0]], group_of[key[0]] = split, group
    return split_of, group_of


def _keys(table: pd.DataFrame, hashes: Mapping[str, str]) -> list[_Key]:
    """Return what each row asks."""
    videos = [hashes.get(path, path) for path in table["video_path"].tolist()]
    questions = table["question"].map({text: matching_form(text) for text in table["question"].unique()})
    seconds = table[["start_seconds", "end_seconds"]].astype(object)
    starts, ends = (seconds[name].where(seconds[name].notna(), None).tolist() for name in seconds)
    return list(zip(videos, starts, ends, questions.tolist(), strict=True))


def _texts(table: pd.DataFrame, name: str) -> list[str]:
    if name not in table:
        return [""] * len(table)
    return [cell if isinstance(cell, str) else "" for cell in table[name].tolist()]


def _folded(name: str) -> str:
    return folded_name(os.path.normpath(name.strip().replace("\\", "/")))
