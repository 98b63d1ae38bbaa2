"""Joins the rows of several sources to one table with an id and a group in every row."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from videoqa._checks import Refusal, check_choice, refusal
from videoqa._counted import counted
from videoqa.config import TASKS
from videoqa.data.annotation_columns import MIXED, TEXT_COLUMNS, task_of_rows
from videoqa.data.file_names import why_none_is_there
from videoqa.data.pairs import join_groups_of_pairs
from videoqa.data.source import ABSENT, LIST_COLUMNS, MIRRORED, OPPOSITE, PAIR, Source


def none_there(sources: Sequence[Source], tables: list[pd.DataFrame]) -> list[str]:
    """Return a sentence for each source, but named sets, of which no video is there."""
    return [
        why
        for source, table in zip(sources, tables, strict=True)
        if ABSENT not in table and (why := why_none_is_there(table["video_path"], source.folder, source.name))
    ]


def rows_of_one_task(
    sources: Sequence[Source], wanted: str | None
) -> tuple[str, list[Source], dict[str, int]]:
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


def join(sources: Sequence[Source], tables: list[pd.DataFrame]) -> pd.DataFrame:
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


def _distinct_names(sources: Sequence[Source]) -> list[str]:
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


def check_splits(table: pd.DataFrame, sources: Sequence[Source]) -> None:
    """Refuse a table in which only some rows have a split."""
    blank = table["split"] == ""
    if blank.any() and not blank.all():
        lengths = [len(source.table) for source in sources]
        name = np.repeat([source.name for source in sources], lengths)[blank.argmax()]
        verb = "has" if blank.sum() == 1 else "have"
        advice = f"{int(blank.sum())} of {len(table)} rows {verb} none, the first of them in {name}."
        raise Refusal("split", "be given in every row or in none", "", advice)
