"""Converts the columns of one source to those of the annotation table and refuses invalid cells."""

import json
import math
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from videoqa._checks import Refusal, check_columns
from videoqa._text_normalization import check_question, collapse_spaces, matching_form, shown_answer
from videoqa._words import question_words
from videoqa.config import OTHER_SPLIT_NAMES, SPLITS
from videoqa.data.correction_tables import is_corrections, is_guarded, unguarded
from videoqa.data.file_names import FoundVideo, VideoNames, notes_on, without_taken
from videoqa.data.pairs import notes_on_pairs
from videoqa.data.source import ABSENT, LIST_COLUMNS, MIRRORED, OPPOSITE, PAIR, Source

TEXT_COLUMNS = [
    *("video_id", "video_path", "question_id", "question", "answer", "question_type", "split", "group")
]
"""The text columns of the annotation table; a source may also have `video` and `label`."""
SEGMENT_COLUMNS = ("start_seconds", "end_seconds")
LONGEST_PATH = 4096
MIXED = "open_ended or action"
"""The task of a row that has both a question and a label."""


def as_texts(source: Source) -> Source:
    """Return the source with its text columns as str ("" in empty cells) and its lists as lists of str.

    Tables of corrections and of questions, which people open in spreadsheets, lose the `'` before what looks
    like a formula.
    """
    table = source.table.copy()
    if is_guarded(table.columns):
        table = unguarded(table)
        source = replace(source, table=table)
    for column in table.columns.intersection([*TEXT_COLUMNS, "video", "label", PAIR, OPPOSITE, MIRRORED]):
        is_name = column in ("video", "video_path")
        table[column] = column_as(source, column, as_file_name if is_name else as_text)
    for column in table.columns.intersection(LIST_COLUMNS):
        table[column] = column_as(source, column, _texts)
    return replace(source, table=table)


def task_of_rows(table: pd.DataFrame) -> pd.Series:
    """Return the task of each row, by its filled columns: one of `TASKS`, multiple_choice or `MIXED`."""
    filled = {
        name: table[name] != "" if name in table else pd.Series(False, index=table.index)
        for name in ("question", "label")
    }
    tasks = pd.Series("open_ended", index=table.index, dtype=object)
    if not filled["question"].any() and ("label" in table or "question" in table):
        tasks[:] = "action"  # the form of an action table: labels, or answers beside empty questions
    tasks[filled["label"] & ~filled["question"]] = "action"
    if is_corrections(table.columns):  # of several models perhaps: a row without a question names an action
        tasks[~filled["question"]] = "action"
    tasks[filled["label"] & filled["question"]] = MIXED
    if "choices" in table:
        tasks[table["choices"].map(len) > 0] = "multiple_choice"
    return tasks


def standard_columns(source: Source, task: str, *, labelled: bool = True) -> pd.DataFrame:
    """Return one source's columns of the annotation table, then its own further columns.

    Args:
        source: from `as_texts`; the index of its table is the row's place in the source.
        task: of every row.
        labelled: whether every row must have an answer.

    Raises:
        ValueError: a missing column or an invalid cell, naming the first such row.
    """
    _check_columns(source, task, labelled)
    found = source.table
    table = pd.DataFrame(index=found.index)
    table["video_id"], table["video_path"] = _videos(source)
    table["question_id"] = _optional(found, "question_id")
    table["question"] = _questions(source) if task != "action" else ""
    table["answer"] = _answers(source, task, labelled)
    first_words = _each_distinct(table["question"], _first_word) if task != "action" else task
    table["question_type"] = _optional(found, "question_type").where(lambda cells: cells != "", first_words)
    table["split"] = _splits(source)
    table["group"] = _optional(found, "group")
    for name in found.columns.intersection([OPPOSITE, MIRRORED]):
        table[name] = shown_texts(found[name], task)
    table[list(SEGMENT_COLUMNS)] = _segments(source)
    others = [name for name in found.columns if name not in (*table.columns, "video", "label")]
    table = pd.concat([table, found[others]], axis=1)
    source.notes.extend(notes_on_pairs(table, source.name))
    return table


def refuse_rows(bad: pd.Series, source: Source, name: str, requirement: str, values: pd.Series) -> None:
    """Raise `ValueError` if any row is bad, naming the first, its value and the number of bad rows."""
    if not bad.any():
        return
    first = int(bad.to_numpy().argmax())
    more = f"; {int(bad.sum())} rows are like this" if bad.sum() > 1 else ""
    advice = f"It is {source.where(int(bad.index[first]))}{more}."
    raise Refusal(name, requirement, _plain(values.iloc[first]), advice)


def _check_columns(source: Source, task: str, labelled: bool) -> None:
    """Refuse a source without the columns that `task` needs."""
    columns = set(source.table.columns)
    video = "video_path" if "video_path" in columns else "video"
    needed = [video] if task == "action" else [video, "question"]
    if labelled and "answers" not in columns:
        needed.append("answer" if task != "action" or ({"answer", "question"} <= columns) else "label")
    check_columns(source.table.columns, needed, source.name)


def column_as(source: Source, name: str, convert: Callable[[Any], Any]) -> pd.Series:
    """Return a column with each cell converted.

    Raises:
        ValueError: `convert` refuses a cell; names the column, the cell and its row.
    """
    cells = source.table[name]
    converted = []
    for row, cell in zip(cells.index, cells.tolist(), strict=True):
        try:
            converted.append(convert(cell))
        except ValueError as error:
            raise Refusal(name, str(error), cell, f"It is {source.where(row)}.") from error
    return pd.Series(converted, index=cells.index, dtype=object)


def as_text(cell: Any) -> str:
    """Return a scalar as text: 2 and 2.0 are "2", nothing is "".

    Raises:
        ValueError: a list or a table, with the requirement as its message.
    """
    if isinstance(cell, str):
        return cell.strip()
    cell = _plain(cell)
    if isinstance(cell, (list, tuple, dict, set)):
        raise Refusal("be one text or number")
    if cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def as_file_name(cell: Any) -> str:
    """Return a cell as `as_text`, with the spaces around it, which a file's name may have."""
    return cell if isinstance(cell, str) and cell.strip() else as_text(cell)


def _plain(cell: Any) -> Any:
    """Return a numpy scalar or array as a Python value."""
    return cell.tolist() if isinstance(cell, (np.generic, np.ndarray)) else cell


def _texts(cell: Any) -> list[str]:
    """Return a list of texts from a list or its JSON form."""
    cell = _plain(cell)
    if isinstance(cell, str) and cell.strip():
        try:
            cell = json.loads(cell)
        except ValueError:
            cell = {}
    nested = isinstance(cell, (list, tuple)) and any(isinstance(item, (list, dict)) for item in cell)
    if isinstance(cell, (list, tuple)) and not nested:
        return [collapse_spaces(as_text(item)) for item in cell]
    if nested or isinstance(cell, dict) or as_text(cell):
        raise Refusal('be a JSON list of texts such as ["yes", "no"]')
    return []


def _optional(table: pd.DataFrame, name: str) -> pd.Series:
    return table[name] if name in table else pd.Series("", index=table.index, dtype=object)


def _each_distinct(cells: pd.Series, convert: Callable[[str], Any]) -> pd.Series:
    return cells.map({cell: convert(cell) for cell in cells.unique().tolist()})


def _videos(source: Source) -> tuple[pd.Series, pd.Series]:
    found = source.table
    text = _optional(found, "video")
    ids = _optional(found, "video_id")
    given = _optional(found, "video_path")
    text = text.where(text != "", given)
    refuse_rows(text == "", source, "video", "be filled in every row", text)
    names = given.where(given != "", text)
    too_long = names.str.len() > LONGEST_PATH
    refuse_rows(too_long, source, "video", f"have at most {LONGEST_PATH} characters, as paths have", names)
    if ABSENT in source.table:  # of a named set, which has its own way to find videos
        folder = os.path.abspath(source.folder)
        paths = _each_distinct(names, lambda path: os.path.normpath(os.path.join(folder, path)))
        return ids.where(ids != "", text), paths
    videos = _found_videos(source, names)
    source.notes.extend(notes_on(videos.values(), source.name))
    paths = names.map({name: video.path for name, video in videos.items()})
    written = {name: videos[name].name if name in videos else name.strip() for name in text.unique()}
    return ids.where(ids != "", text.map(written)), paths


def _found_videos(source: Source, names: pd.Series) -> dict[str, FoundVideo]:
    """Return what each distinct name means; refuse one that could mean two files."""
    videos, found = VideoNames(source.folder), dict[str, FoundVideo]()
    distinct = names.drop_duplicates()
    for row, name in zip(distinct.index, distinct, strict=True):
        try:
            found[name] = videos.find(name)
        except ValueError as error:
            raise Refusal(f"{error} It is {source.where(row)}.") from error
    return without_taken(found)


def _questions(source: Source) -> pd.Series:
    questions = source.table["question"]
    distinct = questions.drop_duplicates()
    checked = {}
    for row, question in zip(distinct.index, distinct, strict=True):
        try:
            checked[question] = check_question(question)
        except ValueError as error:
            raise Refusal(f"{error} It is {source.where(row)}.") from error
    return questions.map(checked)


def refuse_unanswered(answers: pd.Series, source: Source, task: str) -> None:
    """Raise `ValueError` if an answer is "", naming its row.

    Args:
        answers: of rows of the source, indexed as its table is.
        source: the rows.
        task: of every row.
    """
    column = _answer_column(source.table, task)
    refuse_rows(answers == "", source, column, "be filled in every row", answers)


def _answer_column(table: pd.DataFrame, task: str) -> str:
    return "label" if task == "action" and "label" in table else "answer"


def _answers(source: Source, task: str, labelled: bool) -> pd.Series:
    found = source.table
    answers = _optional(found, _answer_column(found, task))
    answers = shown_texts(answers, task)
    if "answers" in found:
        show = _shown_label if task == "action" else shown_answer
        several = found["answers"].map(lambda texts: _most_frequent([show(text) for text in texts]))
        answers = several.where(several != "", answers)
    if labelled:
        refuse_unanswered(answers, source, task)
    return answers


def shown_texts(cells: pd.Series, task: str) -> pd.Series:
    """Return answers or labels as the table shows them: answers of questions in lower case."""
    return _each_distinct(cells, _shown_label if task == "action" else shown_answer)


def _shown_label(label: str) -> str:
    return collapse_spaces(label) if matching_form(label) else ""


def _first_word(question: str) -> str:
    return next(iter(question_words(question)), "")


def _most_frequent(texts: list[str]) -> str:
    texts = [text for text in texts if text]
    counts = Counter(map(matching_form, texts))
    best = counts.most_common(1)[0][0] if counts else ""  # ties: the first to appear
    return next((text for text in texts if matching_form(text) == best), "")


def _splits(source: Source) -> pd.Series:
    splits = _optional(source.table, "split")
    names = splits.str.lower().replace(OTHER_SPLIT_NAMES)
    requirement = f"be one of {', '.join(map(repr, SPLITS))}"
    refuse_rows(~names.isin([*SPLITS, ""]), source, "split", requirement, splits)
    return names


def _segments(source: Source) -> pd.DataFrame:
    seconds = {}
    for name in SEGMENT_COLUMNS:
        cells = column_as(source, name, as_text) if name in source.table else _optional(source.table, name)
        seconds[name] = pd.to_numeric(cells.where(cells != ""), errors="coerce").astype("float64")
        bad = (cells != "") & ~seconds[name].between(0, math.inf, inclusive="left")
        refuse_rows(bad, source, name, "be a number of seconds of at least 0", cells)
    ends = seconds["end_seconds"] <= seconds["start_seconds"].fillna(0)
    requirement = "be after `start_seconds`"
    refuse_rows(ends, source, "end_seconds", requirement, seconds["end_seconds"])
    return pd.DataFrame(seconds)
