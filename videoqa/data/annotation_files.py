"""Opens one source of annotations (file, DataFrame, named set, folder of frames) as a table of texts."""

import difflib
import json
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from videoqa._checks import Refusal, check_choice, check_directory, check_file
from videoqa.config import SAMPLE_LANGUAGES, DataConfig
from videoqa.data.archives import archive_kind, how_to_unpack
from videoqa.data.delimited_files import (
    ONE_LINE_COLUMNS,
    delimiter_of,
    first_line,
    num_known_columns,
    read_delimited,
    refuse_line_break,
)
from videoqa.data.frame_sets import is_frames_source, read_frames_set
from videoqa.data.headers import known_headers
from videoqa.data.named_sets import open_named_set
from videoqa.data.source import Source
from videoqa.data.specs import Spec, is_spec, load_spec, spec_names
from videoqa.data.spreadsheets import ERRORS, OTHER_WORKBOOKS, WORKBOOK_SUFFIXES, read_workbook
from videoqa.data.text_files import read_text

_ABOUT_FOLDERS = (
    "A folder is data where it holds label.txt, train.txt and test.txt: videoqa extract-frames makes such. "
    "Folders of clips by class are --data folder --videos DIR."
)
Entry = str | os.PathLike[str] | pd.DataFrame


def open_source(
    entry: Entry, data: DataConfig, *, videos: str | None = None, annotations: str | None = None
) -> Source:
    """Return the rows of a CSV, TSV, XLSX or JSONL path, a DataFrame, a named set, or a folder of frames.

    Args:
        entry: the name of a set in `spec_names()` (write `./sample` for a file of that name), the path of a
            file or of a set's own .toml description, or a folder of extracted frames.
        data: gives the task, the fold, and whether a named set's counts may differ.
        videos: folder of the videos; None: beside the annotation file.
        annotations: folder of a named set's own files.

    Raises:
        FileNotFoundError: no such path.
        ValueError: an unknown name or kind of file, or invalid content, naming row or line.
    """
    if videos is not None:
        check_directory("videos", videos)
    if isinstance(entry, pd.DataFrame):
        return _own_source("DataFrame", entry, Path(videos or Path.cwd()))
    text = os.fspath(entry)
    if is_spec(text):
        spec = load_spec(text)
        table = _named_table(spec, data, annotations, videos)
        source = _source(text, table, Path(videos or Path.cwd()))
        return replace(source, notes=source.table.attrs.pop("notes", []))
    path = Path(text)
    if is_frames_source(text):
        return _source(text, read_frames_set(text), path)
    reader = READERS.get(path.suffix.lower())
    if is_name(text):
        near = difflib.get_close_matches(text, spec_names(), n=1, cutoff=0.0)
        nearest = f"Nearest: {near[0]!r}. " if near else ""
        check_choice("data", text, spec_names(), f"{nearest}A file's name ends in {_SUFFIXES}.")
    check_file("data", path, _ABOUT_FOLDERS if path.is_dir() else "")
    folder = Path(videos or path.absolute().parent)
    if path.suffix.lower() in WORKBOOK_SUFFIXES:
        cells, places, notes = read_workbook(path, text)
        source = _own_source(text, cells, folder, places)
        return replace(source, notes=[*notes, *source.notes])
    if archive := archive_kind(text):
        raise Refusal("data", _FILE_OR_SET, text, f"It is {how_to_unpack(text, archive)}")
    if reader is None:
        advice = "Save it as .xlsx or .csv." if path.suffix.lower() in OTHER_WORKBOOKS else ""
        raise Refusal("data", _FILE_OR_SET, text, advice)
    table, row_numbers = reader(read_text(path), text)
    return _own_source(text, table, folder, row_numbers)


def folders_of(
    entries: Sequence[Entry], data: DataConfig, with_videos: bool
) -> tuple[list[str | None], list[str | None]]:
    """Return each source's folder of videos and folder of annotation files; one given folder serves all.

    Raises:
        ValueError: neither one folder nor one per source, none although a named set needs its videos
            (`with_videos`), or annotations that no source uses.
    """
    drawn = tuple(SAMPLE_LANGUAGES.values())
    own_files = [isinstance(entry, str) and is_spec(entry) and entry not in drawn for entry in entries]
    if data.annotations and not any(own_files):
        requirement = "be left out: no named set is among the data, and other files bring their annotations"
        raise Refusal("annotations", requirement, data.annotations)
    if data.fold is not None and not any(own_files):
        raise Refusal("fold", "be left out: no named set is among the data", data.fold)
    if with_videos and not data.videos and any(own_files):
        name = entries[own_files.index(True)]
        raise Refusal("videos", f"name the folder of the videos of {name}", None)
    if data.videos and all(isinstance(each, str) and is_frames_source(each) for each in entries):
        requirement = "be left out: a folder of extracted frames holds its clips itself"
        raise Refusal("videos", requirement, data.videos)
    folders: list[list[str | None]] = []
    for name in ("videos", "annotations"):
        given = getattr(data, name)
        if len(given) not in (0, 1, len(entries)):
            requirement = f"be given once, or once for each of the {len(entries)} sources in their order"
            raise Refusal(name, requirement, given)
        if len(given) > 1 and 0 < sum(isinstance(entry, pd.DataFrame) for entry in entries) < len(entries):
            advice = "Absolute paths in the DataFrame do the same, whatever the order."
            requirement = "be given once where DataFrames stand among files and sets"
            raise Refusal(name, requirement, given, advice)
        folders.append(list(given) if len(given) == len(entries) else [*given, None][:1] * len(entries))
    return folders[0], folders[1]


def check_distinct(entries: Sequence[Entry], videos: Sequence[str | None]) -> None:
    """Raise `ValueError` if a named set or a file is given twice, so that its rows would count twice.

    Args:
        entries: the sources.
        videos: each source's folder; class folders in two places are two sets.
    """
    seen = set()
    for entry, folder in zip(entries, videos, strict=True):
        if isinstance(entry, pd.DataFrame):
            continue
        text = os.fspath(entry)
        is_folder = is_spec(text) and load_spec(text).format == "class_folders"
        key = (text if text in spec_names() else os.path.abspath(text), folder if is_folder else None)
        if key in seen:
            raise Refusal("data", "name each set and each file once", text, "Leave one of them out.")
        seen.add(key)


def is_name(text: str) -> bool:
    """Return whether `text` is meant as a set's name: a known one, or a bare word that is no file."""
    path = Path(text)
    return text in ("", *spec_names()) or (path.name == text and not path.suffix and not path.exists())


def _source(name: str, table: pd.DataFrame, folder: Path, row_numbers: pd.Series | None = None) -> Source:
    """Return the source of a table; refuse one without rows or with a repeated column."""
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise Refusal(f"{name} must name each column once. Received: {twice[0]!r} more than once.")
    if len(table) == 0:
        raise Refusal(f"{name} must have at least one row below its column names. Received: no row.")
    kept = table.reset_index(drop=True)
    kept.attrs = dict(table.attrs)
    return Source(name, kept, folder, row_numbers)


def _own_source(name: str, table: pd.DataFrame, folder: Path, row_numbers: pd.Series | None = None) -> Source:
    """Return the source of a user's own table: its column names matched, its rows filled, its cells plain.

    A row without any value is left out; a line break or a spreadsheet's error in a cell is refused.
    """
    table, notes = known_headers(table, name)
    counted = "row" if row_numbers is None else "line"
    table, row_numbers = _filled_rows(table, row_numbers)
    source = replace(_source(name, table, folder, row_numbers), notes=notes, counted=counted)
    for column in source.table.columns.intersection(list(ONE_LINE_COLUMNS)):
        for row, cell in zip(source.table.index, source.table[column].tolist(), strict=True):
            if isinstance(cell, str) and len(cell.strip().splitlines()) > 1:
                refuse_line_break(column, cell, source.where(row))
            if isinstance(cell, str) and ERRORS.fullmatch(cell.strip()):
                advice = f"It is {source.where(row)}. Mend the formula, or delete the row."
                raise Refusal(column, "be no error that a spreadsheet computed", cell, advice)
    return source


def _filled_rows(table: pd.DataFrame, row_numbers: pd.Series | None) -> tuple[pd.DataFrame, pd.Series | None]:
    """Return the rows in which any cell is filled, and their numbers; those of a DataFrame as they were."""
    rows = list(range(len(table)))
    for column in range(table.shape[1]):
        if not rows:
            return table, row_numbers
        cells = table.iloc[:, column].tolist()
        rows = [row for row in rows if _is_empty(cells[row])]
    kept = np.delete(np.arange(len(table)), rows)
    numbers = pd.Series(range(1, len(table) + 1)) if row_numbers is None else row_numbers
    return table.iloc[kept], numbers.iloc[kept].reset_index(drop=True)


def _is_empty(cell: Any) -> bool:
    """Return whether a cell holds nothing: no text, no number, an empty list."""
    if isinstance(cell, str):
        return not cell.strip()
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return True
    if isinstance(cell, (float, np.floating)):
        return math.isnan(cell)
    return isinstance(cell, (list, tuple, dict, np.ndarray)) and len(cell) == 0


def _named_table(spec: Spec, data: DataConfig, annotations: str | None, videos: str | None) -> pd.DataFrame:
    if spec.format != "drawn":
        return open_named_set(spec, data, annotations, videos)
    from videoqa.sample.sample_set import load_sample_table

    language = next(code for code, name in SAMPLE_LANGUAGES.items() if name == spec.name)
    return load_sample_table(task=data.task or spec.tasks[0], language=language)


def _read_tsv(text: str, name: str) -> tuple[pd.DataFrame, pd.Series]:
    return read_delimited(text, name, usual="\t")


def _read_txt(text: str, name: str) -> tuple[pd.DataFrame, pd.Series]:
    """Return the rows of a text file that begins with column names, as a table saved as text does."""
    header = first_line(text)
    if not text.lstrip('"').lower().startswith("sep=") and not num_known_columns(
        header, delimiter_of(text, "\t")
    ):
        raise Refusal(
            f"{name} must begin with column names such as video and label, as it is a text file. Received: "
            f"{header[:60]!r}. The lists of a known set are given by its name and their folder: "
            "--data NAME --annotations DIR."
        )
    return read_delimited(text, name, usual="\t")


def _read_jsonl(text: str, name: str) -> tuple[pd.DataFrame, pd.Series]:
    rows, numbers = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            json.dumps(row, ensure_ascii=False).encode()  # half a surrogate pair is no text
        except (ValueError, RecursionError) as error:
            message = f"{name} must hold one JSON object a line; line {number} does not: {error}"
            raise Refusal(message) from error
        if not isinstance(row, dict):
            message = f"{name} must hold one JSON object a line. Received: line {number}, {line[:60]!r}."
            raise Refusal(message)
        rows.append(row)
        numbers.append(number)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = {column: pd.Series([row.get(column) for row in rows], dtype=object) for column in columns}
    return pd.DataFrame(cells, index=range(len(rows))), pd.Series(numbers)


Reader = Callable[[str, str], tuple[pd.DataFrame, pd.Series | None]]
READERS: dict[str, Reader] = {
    **{".csv": read_delimited, ".tsv": _read_tsv, ".jsonl": _read_jsonl},
    **{".txt": _read_txt, ".tab": _read_tsv, ".psv": read_delimited},
}
_SUFFIXES = ".csv or .tsv or .jsonl or .xlsx"
_FILE_OR_SET = f"be a {_SUFFIXES} file or the name of a set"
