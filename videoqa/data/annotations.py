"""The annotation table: every source read, checked, joined and split."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from videoqa._checks import Refusal, check_choice
from videoqa._progress import say_note
from videoqa.config import SPLITS, TASKS, DataConfig
from videoqa.data.annotation_columns import as_texts, standard_columns
from videoqa.data.annotation_files import Entry, check_distinct, folders_of, is_name, open_source
from videoqa.data.choosing import Choice
from videoqa.data.corrected import own_first, read_corrected
from videoqa.data.joining import check_splits, join, none_there, rows_of_one_task
from videoqa.data.opposites import declare_opposites
from videoqa.data.source import ABSENT, Source
from videoqa.data.superseding import Contents, contents_of_files


def read_annotations(
    data: DataConfig,
    *,
    tables: Sequence[pd.DataFrame] = (),
    seed: int = 0,
    with_videos: bool = True,
    needed_splits: Sequence[str] = SPLITS,
    stratified: bool = True,
    contents: Contents | None = None,
    test_is_held_out: bool = True,
) -> pd.DataFrame:
    """Return the annotation table of all sources of `data`, and of `tables`, joined.

    Tables of corrections supersede the rows that they correct, see `supersede`, in whatever order they come.

    Args:
        data: the sources, the folders of their videos, the task, the classes kept and the limit.
        tables: further sources, with the columns of a CSV file.
        seed: of the automatic split and of the rows kept under `data.limit`.
        with_videos: leave out rows of named sets whose video is not in the folders, which must be given.
            False: keep every row. Rows of one's own files always stay.
        needed_splits: splits that, if they have rows, must have one with a video.
        stratified: draw the automatic split by answers, see `draw_splits`; False: as earlier versions did.
        contents: hashes the videos that corrections are about; None: every file is read, none remembered.
        test_is_held_out: keep corrections from the videos of test rows. False: not where the split is drawn,
            for folds that are drawn from all rows.

    Returns:
        Table with `video_id, video_path, question_id, question, answer, question_type, split, group,
        start_seconds, end_seconds` and the sources' further columns, index 0, 1, ...; where opposites are
        declared also `opposite` and `mirrored`, "" in rows without one. Open-ended answers are lower-cased;
        labels are as written. `attrs`: "task"; "sources", their names; "automatic_split", whether the splits
        were drawn here; "left_out", rows per other task; "absent", rows without a video left out, per split;
        "classes", action labels in the set's own order if it has one, and "num_listed_classes" before
        `data.classes` chose; "score_groups", see `Spec`;
        "notes", sentences on what was understood otherwise than written; "none_there", sentences on the
        sources of which no video is there, and on what lies in their folders; where corrections are among the
        sources also "corrections", how many rows and corrections met each of `FATES`, and
        "held_out_corrections", where those stand that are left out because their video is held out.

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
    task, parts, left_out = rows_of_one_task(sources, data.task)
    parts, num_own = own_first(parts)
    choice = Choice(data, seed, with_videos, tuple(needed_splits), stratified)
    if num_own < len(parts):
        table, about = read_corrected(
            parts, num_own, task, choice, contents or contents_of_files, test_is_held_out
        )
    else:
        table, about = _read_plain(parts, task, choice)
    groups = [part.table.attrs.get("score_groups", {}) for part in parts]
    notes = [note for source in sources for note in source.notes] + about.pop("notes", [])
    table.attrs = {
        "task": task,
        "sources": [source.name for source in sources],
        "left_out": left_out,
        "score_groups": {name: members for each in groups for name, members in each.items()},
        "notes": notes,
    }
    table.attrs.update(about)
    return table


def _read_plain(sources: Sequence[Source], task: str, choice: Choice) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the rows of sources none of which corrects another, and the attributes about them."""
    tables = [standard_columns(source, task) for source in sources]
    whys = none_there(sources, tables)
    table = join(sources, tables)
    check_splits(table, sources)
    declare_opposites(table, choice.data, task, sources)
    table, about = choice.chosen(table, sources, task)
    about |= {"automatic_split": choice.split(table, task), "none_there": whys}
    return choice.limited(table).drop(columns=ABSENT, errors="ignore"), about


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
    whys = none_there([source], [standard])
    table = join([source], [standard])
    table["split"] = table["split"].where(table["split"] != "", "test")
    table.attrs = {"task": task, "sources": [source.name], "automatic_split": False, "left_out": {}}
    table.attrs |= {"notes": source.notes, "none_there": whys}
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
