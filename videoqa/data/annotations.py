"""The annotation table: every source read, checked, joined and split."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from videoqa._checks import Refusal, check_choice, refusal
from videoqa._counted import counted
from videoqa._progress import say_note
from videoqa._text_normalization import normalize_answer
from videoqa.config import SPLITS, TASKS, DataConfig
from videoqa.data.annotation_columns import MIXED, TEXT_COLUMNS, as_texts, standard_columns, task_of_rows
from videoqa.data.annotation_files import Entry, check_distinct, folders_of, is_name, open_source
from videoqa.data.file_names import why_none_is_there
from videoqa.data.named_sets import WHY_ABSENT, drop_absent
from videoqa.data.opposites import declare_opposites
from videoqa.data.pairs import join_groups_of_pairs
from videoqa.data.source import ABSENT, LIST_COLUMNS, MIRRORED, OPPOSITE, PAIR, Source
from videoqa.data.splits import AUTOMATIC_SPLIT, draw_splits


def read_annotations(
    data: DataConfig,
    *,
    tables: Sequence[pd.DataFrame] = (),
    seed: int = 0,
    with_videos: bool = True,
    needed_splits: Sequence[str] = SPLITS,
    stratified: bool = True,
) -> pd.DataFrame:
    """Return the annotation table of all sources of `data`, and of `tables`, joined.

    Args:
        data: the sources, the folders of their videos, the task, the classes kept and the limit.
        tables: further sources, with the columns of a CSV file.
        seed: of the automatic split and of the rows kept under `data.limit`.
        with_videos: leave out rows of named sets whose video is not in the folders, which must be given.
            False: keep every row. Rows of one's own files always stay.
        needed_splits: splits that, if they have rows, must have one with a video.
        stratified: draw the automatic split by answers, see `draw_splits`; False: as earlier versions did.

    Returns:
        Table with `video_id, video_path, question_id, question, answer, question_type, split, group,
        start_seconds, end_seconds` and the sources' further columns, index 0, 1, ...; where opposites are
        declared also `opposite` and `mirrored`, "" in rows without one. Open-ended answers are lower-cased;
        labels are as written. `attrs`: "task"; "sources", their names; "automatic_split", whether the splits
        were drawn here; "left_out", rows per other task; "absent", rows without a video left out, per split;
        "classes", action labels in the set's own order if it has one, and "num_listed_classes" before
        `data.classes` chose; "score_groups", see `Spec`;
        "notes", sentences on what was understood otherwise than written; "none_there", sentences on the
        sources of which no video is there, and on what lies in their folders.

    Raises:
        FileNotFoundError: a source or a folder is not there.
        ValueError: an unusable source or row, naming it.
    """
    entries: list[Entry] = [*data.data, *tables]
    if not entries:
        raise Refusal("data", "name a CSV or JSONL file or a built-in set", data.data)
    videos, annotations = folders_of(entries, data, with_videos)
    check_distinct(entries, videos)
    sources = [
        as_texts(open_source(entry, data, videos=where, annotations=own))
        for entry, where, own in zip(entries, videos, annotations, strict=True)
    ]
    task, parts, left_out = _rows_of_one_task(sources, data.task)
    tables = [standard_columns(part, task) for part in parts]
    none_there = _none_there(parts, tables)
    table = _join(parts, tables)
    _check_splits(table, parts)
    declare_opposites(table, data, task, parts)
    table, classes = _keep_classes(table, parts, task, data.classes)
    absent: dict[str, int] = {}
    if ABSENT in table and with_videos:
        whys = [part.table.attrs[WHY_ABSENT] for part in parts if WHY_ABSENT in part.table.attrs]
        table, absent = drop_absent(table, needed_splits, whys)
    automatic = bool((table["split"] == "").all())
    if automatic:
        table.attrs = {"task": task}
        table["split"] = draw_splits(table, AUTOMATIC_SPLIT, seed, stratified=stratified)
    if data.limit is not None:
        table = _limit(table, data.limit, seed)
    table = table.drop(columns=ABSENT, errors="ignore")
    groups = [part.table.attrs.get("score_groups", {}) for part in parts]
    table.attrs = {
        "task": task,
        "sources": [source.name for source in sources],
        "automatic_split": automatic,
        "left_out": left_out,
        "absent": absent,
        "score_groups": {name: members for each in groups for name, members in each.items()},
        "none_there": none_there,
        "notes": [note for source in sources for note in source.notes],
    }
    table.attrs.update(classes)
    return table


def split_sources(data: Any) -> tuple[tuple[str, ...], list[pd.DataFrame]]:
    """Return the names and absolute paths, and the tables, of what a user gave as `data`.

    Args:
        data: one of, or a list of: path, name of a built-in set, DataFrame.

    Raises:
        ValueError: nothing was given.
    """
    entries = list(data) if isinstance(data, (list, tuple)) else [] if data is None else [data]
    if not entries:
        advice = 'Try the built-in set first: `--data sample`, in Python `data="sample"`.'
        raise Refusal("data", "name a CSV or JSONL file or a built-in set", data, advice)
    names = [os.fspath(entry) for entry in entries if not isinstance(entry, pd.DataFrame)]
    names = [name if is_name(name) else os.path.abspath(name) for name in names]
    return tuple(names), [entry for entry in entries if isinstance(entry, pd.DataFrame)]


def read_questions(
    entry: Entry, videos: str | os.PathLike[str] | None = None, *, task: str = "open_ended"
) -> pd.DataFrame:
    """Return the annotation table of questions to answer, like `read_annotations` but with answers optional.

    Args:
        entry: CSV or JSONL path, or DataFrame.
        videos: folder of the videos; None: beside the file.
        task: "action" needs no `question` column.

    Returns:
        Annotation table; a missing `answer` is "", a missing `split` is "test".
    """
    check_choice("task", task, TASKS)
    folder = None if videos is None else os.path.abspath(videos)
    source = as_texts(open_source(entry, DataConfig(task=task), videos=folder))
    return _unlabelled(source, task)


def read_clips(names: Sequence[str], folder: str | os.PathLike[str]) -> pd.DataFrame:
    """Return the annotation table of clips found in a folder, one row each, as `read_questions` does.

    Args:
        names: paths in the folder; they may have spaces around them, line breaks or bytes that are no UTF-8.
        folder: which holds them.
    """
    return _unlabelled(
        Source("DataFrame", pd.DataFrame({"video": names}, dtype=object), Path(folder)), "action"
    )


def _unlabelled(source: Source, task: str) -> pd.DataFrame:
    """Return the annotation table of one source whose rows need no answer."""
    standard = standard_columns(source, task, labelled=False)
    none_there = _none_there([source], [standard])
    table = _join([source], [standard])
    table["split"] = table["split"].where(table["split"] != "", "test")
    table.attrs = {"task": task, "sources": [source.name], "automatic_split": False, "left_out": {}}
    table.attrs |= {"notes": source.notes, "none_there": none_there}
    return table


def say_notes(table: pd.DataFrame, *, progress: bool = True) -> None:
    """Print what was understood otherwise than a table's sources have it."""
    for note in table.attrs.get("notes", ()):
        say_note(note, progress=progress)


def say_none_there(table: pd.DataFrame, *, progress: bool = True) -> None:
    """Print of which sources no video is there, and what lies in their folders: last, to be seen."""
    for why in table.attrs.get("none_there", ()):
        say_note(why, progress=progress)


def check_some_there(table: pd.DataFrame) -> None:
    """Raise `ValueError` if no video of the table is there, saying what lies in the folder instead."""
    whys = table.attrs.get("none_there", [])
    if whys and not any(os.path.lexists(path) for path in table["video_path"].unique()):
        raise Refusal(" ".join(whys))


def require_split(table: pd.DataFrame, split: str) -> pd.DataFrame:
    """Return the rows of `split`, index 0, 1, ...

    Raises:
        ValueError: an unknown name, or no such row, naming each split's number of rows.
    """
    check_choice("split", split, SPLITS)
    rows = table[table["split"] == split].reset_index(drop=True)
    if len(rows) == 0:
        counts = ", ".join(f"{name} {int((table['split'] == name).sum())}" for name in SPLITS)
        raise Refusal("split", "have at least one row", split, f"Rows there are: {counts}.")
    return rows


def _keep_classes(
    table: pd.DataFrame, sources: list[Source], task: str, wanted: tuple[str, ...]
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


def _none_there(sources: list[Source], tables: list[pd.DataFrame]) -> list[str]:
    """Return a sentence for each source, but named sets, of which no video is there."""
    return [
        why
        for source, table in zip(sources, tables, strict=True)
        if ABSENT not in table and (why := why_none_is_there(table["video_path"], source.folder, source.name))
    ]


def _rows_of_one_task(sources: list[Source], wanted: str | None) -> tuple[str, list[Source], dict[str, int]]:
    """Return the task, the sources with only its rows, and how many rows of each other task were left out."""
    tasks = [task_of_rows(source.table) for source in sources]
    counts = Counter(name for rows in tasks for name in rows)
    found = ", ".join(f"{name} ({counted(number, 'row')})" for name, number in counts.items())
    if wanted is None and (len(counts) > 1 or MIXED in counts):
        advice = "Rows have a question or a label; say which are meant: task='open_ended' or task='action'."
        raise Refusal(f"`data` must hold rows of one task. Received: {found}. {advice}")
    task = wanted or next(iter(counts))
    check_choice("task", task, TASKS, "This version cannot use a `choices` column." if wanted is None else "")
    fits = [rows.isin([task, MIXED]) for rows in tasks]
    parts = [
        replace(source, table=source.table[rows])
        for source, rows in zip(sources, fits, strict=True)
        if rows.any()
    ]
    if not parts:
        raise Refusal("task", f"be one that the data has: {found}", task)
    return task, parts, {name: count for name, count in counts.items() if name not in (task, MIXED)}


def _join(sources: list[Source], tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Join the rows of all sources and fill in question ids and groups."""
    names = _distinct_names(sources)
    for name, table in zip(names, tables, strict=True):
        numbered = pd.Series([f"{name}:{row + 1}" for row in table.index], index=table.index, dtype=object)
        table["question_id"] = table["question_id"].where(table["question_id"] != "", numbered)
        table.attrs = {}
    table = pd.concat(tables, ignore_index=True)
    _check_ids(table, [source.name for source in sources], [len(part) for part in tables])
    if ABSENT in table:
        table[ABSENT] = table[ABSENT].eq(True)  # other sources have no such column
    for column in table.columns.intersection(LIST_COLUMNS):
        table[column] = table[column].map(lambda cell: cell if isinstance(cell, list) else [])
    further = table.columns.intersection([PAIR, OPPOSITE, MIRRORED])
    table[further] = table[further].fillna("")
    texts = [*table.columns.intersection(TEXT_COLUMNS), *further]
    table[texts] = table[texts].astype(str)
    first_id = table.groupby("video_path", sort=False)["video_id"].transform("first")
    given = table["group"] != ""
    table["group"] = table["group"].where(given, first_id)
    table["group"] = join_groups_of_pairs(table, given)
    return table


def _distinct_names(sources: list[Source]) -> list[str]:
    names: list[str] = []
    for source in sources:
        stem = Path(source.name).stem
        same = sum(name == stem or name.startswith(f"{stem}~") for name in names)
        names.append(stem if not same else f"{stem}~{same + 1}")
    return names


def _check_ids(table: pd.DataFrame, names: list[str], lengths: list[int]) -> None:
    twice = table["question_id"].duplicated()
    if not twice.any():
        return
    first = table["question_id"][twice.argmax()]
    rows = np.flatnonzero(table["question_id"] == first)[:2]
    where = " and ".join(dict.fromkeys(np.repeat(names, lengths)[rows]))
    count = counted(int(twice.sum()), "row repeats", "rows repeat")
    advice = f"{count} an id. Give each row its own, or leave the column out."
    requirement = "be different in every row"
    raise Refusal(f"{refusal('question_id', requirement, first, advice)} It stands twice in {where}.")


def _check_splits(table: pd.DataFrame, sources: list[Source]) -> None:
    """Refuse a table in which only some rows have a split."""
    blank = table["split"] == ""
    if blank.any() and not blank.all():
        lengths = [len(source.table) for source in sources]
        name = np.repeat([source.name for source in sources], lengths)[blank.argmax()]
        verb = "has" if blank.sum() == 1 else "have"
        advice = f"{int(blank.sum())} of {len(table)} rows {verb} none, the first of them in {name}."
        raise Refusal("split", "be given in every row or in none", "", advice)


def _limit(table: pd.DataFrame, limit: int, seed: int) -> pd.DataFrame:
    """Return at most `limit` random rows of each split, in order; files are often sorted by answer."""
    order = np.random.default_rng(seed).permutation(len(table))
    kept = table.iloc[order].groupby("split", sort=False).head(limit).index
    return table.loc[sorted(kept)].reset_index(drop=True)
