"""Opens a set known by name: its files read, counted against the published figures, its videos found."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from videoqa._checks import Refusal, check_directory, refusal
from videoqa.config import SPLITS, DataConfig
from videoqa.data.annotation_formats import read_annotation_files
from videoqa.data.source import ABSENT
from videoqa.data.specs import Spec
from videoqa.data.video_index import VideoIndex, folded_name

WHY_ABSENT = "why_absent"
"""Attribute of a set's table if the folder has none of its videos: the refusal that says so."""


def open_named_set(spec: Spec, data: DataConfig, annotations: str | None, videos: str | None) -> pd.DataFrame:
    """Return all rows of a named set in our columns.

    Args:
        spec: the set.
        data: says `fold` and whether other counts are allowed.
        annotations: folder of the set's annotation files.
        videos: folder of its videos; None: `video_path` is the usual name.

    Returns:
        Table with the columns of a CSV source, `video_id`, `video_path` and `ABSENT`; `attrs["classes"]`
        for actions, `attrs["score_groups"]`, `attrs["notes"]` on what was passed over.

    Raises:
        FileNotFoundError: an annotation file or a folder is missing.
        ValueError: rows of another release, a clip or group in training and in test, or invalid files.
    """
    fold = _check_fold(spec, data.fold)
    folder = _annotation_folder(spec, annotations)
    index = None if videos is None else VideoIndex(videos)
    table = read_annotation_files(spec, folder, fold, index)
    _check_counts(spec, table, fold, folder, data.allow_other_counts)
    if spec.group_pattern:
        table["group"] = _groups(spec, table)
    _check_disjoint(spec, table)
    _find_videos(spec, table, index, folder)
    table.attrs["score_groups"] = {name: list(members) for name, members in spec.score_groups.items()}
    if index is not None:
        table.attrs["notes"] = _notes(spec, index)
    if "question_id" in table:
        table["question_id"] = f"{spec.name}:" + table["question_id"].astype(str)
    return table.drop(columns="names")


def _notes(spec: Spec, index: VideoIndex) -> list[str]:
    """Return in words which videos are written otherwise, and of class folders what was passed over."""
    clips = {path for path in index.paths if "/" in path}  # a clip beside the folders has no class
    notes = [f"{index.folder}: {note}" for note in index.walk.notes(clips)] if not spec.files else []
    if index.respelled:
        name, path = min(index.respelled.items())
        count = f"{len(index.respelled):,} {'video' if len(index.respelled) == 1 else 'videos'}"
        notes.append(
            f"{count} of {spec.name} found under another spelling: {name!r} is taken to mean {path!r}."
        )
    return notes


def _check_fold(spec: Spec, fold: int | None) -> int:
    if fold is not None and fold > spec.folds:
        requirement = f"be one of the official splits of {spec.name}, 1 to {spec.folds}"
        raise Refusal("fold", requirement, fold)
    return fold or 1


def _annotation_folder(spec: Spec, annotations: str | None) -> Path | None:
    if not spec.files:
        return None
    if annotations is None:
        advice = f"Get them from {spec.homepage}, or see: videoqa data show {spec.name}"
        raise Refusal("annotations", f"name the folder of {spec.name}'s files", None, advice)
    return check_directory("annotations", annotations)


def _check_counts(spec: Spec, table: pd.DataFrame, fold: int, folder: Path | None, allowed: bool) -> None:
    """Refuse the files of another release, by their numbers of rows."""
    expected = spec.expected_counts(fold)
    found = {split: int((table["split"] == split).sum()) for split in expected}
    if found == expected or allowed:
        return
    published, received = (
        ", ".join(f"{split} {count:,}" for split, count in counts.items()) for counts in (expected, found)
    )
    advice = "Another release, or your own cut? Take it with allow_other_counts (--allow-other-counts)."
    which = f", split {fold}" if spec.folds > 1 else ""
    raise Refusal(
        f"{spec.name}{which} must have the published numbers of rows: {published}. "
        f"Received: {received}, in {folder}. {advice}"
    )


def _groups(spec: Spec, table: pd.DataFrame) -> pd.Series:
    """Return each clip's class and what the pattern finds in its name, as "class/found"; "" if nothing."""
    pattern = re.compile(spec.group_pattern)
    groups = []
    for label, (name, *_) in zip(table["label"], table["names"], strict=True):
        match = pattern.search(PurePosixPath(name).name)
        groups.append(f"{label}/{match.group(1)}" if match and match.group(1) else "")
    return pd.Series(groups, index=table.index, dtype=object)


def _check_disjoint(spec: Spec, table: pd.DataFrame) -> None:
    """Refuse a clip in both training and test, and such a group if the set has disjoint groups."""
    for column, kind in (("video_id", "clip"), ("group", "group")):
        if column == "group" and not (spec.disjoint_groups and "group" in table):
            continue
        training = set(table.loc[table["split"] == "train", column]) - {""}
        other = table[table["split"].isin(("validation", "test")) & table[column].isin(training)]
        if len(other):
            first = other.iloc[0]
            raise Refusal(
                f"No {kind} of {spec.name} must be in training and in {first['split']}: a model would be "
                f"tested on what it has seen. Received: {other[column].nunique()}, first {first[column]!r}."
            )


def _find_videos(spec: Spec, table: pd.DataFrame, index: VideoIndex | None, folder: Path | None) -> None:
    """Fill `video_path` and `ABSENT`; an absent video gets its usual path."""
    base = index.folder if index is not None else folder or Path()
    found = _resolved(set(table["names"]), index)
    usual = {names: os.path.join(base, *f"{names[0]}{spec.video_suffix}".split("/")) for names in found}
    table["video_path"] = table["names"].map({names: path or usual[names] for names, path in found.items()})
    table[ABSENT] = table["names"].map({names: path is None for names, path in found.items()})
    if index is not None and table[ABSENT].all():
        requirement = f"hold videos of {spec.name}, such as {os.path.basename(table['video_path'].iloc[0])!r}"
        table.attrs[WHY_ABSENT] = refusal("videos", requirement, str(index.folder), index.why_empty())


def _resolved(distinct: set[tuple[str, ...]], index: VideoIndex | None) -> dict[tuple[str, ...], str | None]:
    """Return each video's path, None if absent; names that share a stem are found at their own path only."""
    if index is None:
        return dict.fromkeys(distinct)
    stems = Counter(_stem(name) for names in distinct for name in set(names))
    single = {name for names in distinct for name in names if stems[_stem(name)] == 1}
    return {names: index.find(names, anywhere=single) for names in distinct}


def _stem(name: str) -> str:
    return PurePosixPath(folded_name(name)).name


def drop_absent(
    table: pd.DataFrame, needed_splits: Sequence[str] = SPLITS, whys: Iterable[str] = ()
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the rows whose video is there, and how many rows of each split were left out.

    Args:
        table: with the column `ABSENT`.
        needed_splits: splits that may not become empty.
        whys: refusals of sets without any video; the first is raised.

    Raises:
        ValueError: a set without any video, or a needed split without rows.
    """
    for why in whys:
        raise Refusal(why)
    absent = table[ABSENT]
    counts = {split: int((absent & (table["split"] == split)).sum()) for split in SPLITS}
    for split, count in counts.items():
        if split in needed_splits and count and count == (table["split"] == split).sum():
            path = table.loc[table["split"] == split, "video_path"].iloc[0]
            raise Refusal(
                f"No row of the split {split!r} has a video: all {count:,} are absent, such as {path!r}. "
                "Name the folder that holds them with `videos` (--videos)."
            )
    return table[~absent].reset_index(drop=True), {split: count for split, count in counts.items() if count}
