"""Opens one source of annotations (CSV, JSONL, DataFrame or built-in set) as a table of texts."""

import difflib
import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from videoqa._checks import check_choice, check_file, refusal
from videoqa.data.specs import spec_names

LIST_COLUMNS = ["answers", "choices"]
"""Columns whose cells are lists of texts."""


@dataclass(frozen=True)
class Source:
    """The rows of one source as it has them.

    Attributes:
        name: how messages call it: the path, the built-in name or "DataFrame".
        table: its columns; index 0, 1, ... in the order of the source.
        folder: where relative video paths begin.
        row_numbers: line of the file each row stands in; None: rows are counted instead.
    """

    name: str
    table: pd.DataFrame
    folder: Path
    row_numbers: pd.Series | None = None

    def where(self, row: int) -> str:
        """Return how messages call the row with index `row`."""
        if self.row_numbers is None:
            return f"row {row + 1} of {self.name}"
        return f"line {self.row_numbers[row]} of {self.name}"


def open_source(entry: str | os.PathLike[str] | pd.DataFrame, task: str | None = None) -> Source:
    """Return the rows of a CSV or JSONL path, a DataFrame, or a built-in set.

    Args:
        entry: a name in `spec_names()` is that set (write `./sample` for a file called so).
        task: the task wanted of a built-in set that has several; None: its first.

    Raises:
        FileNotFoundError: a path where nothing is.
        ValueError: an unknown name or kind of file, or content that cannot be read, naming row or line.
    """
    if isinstance(entry, pd.DataFrame):
        return _source("DataFrame", entry, Path.cwd())
    text = os.fspath(entry)
    if text in spec_names():
        return _source(text, _built_in_table(text, task), Path.cwd())
    path = Path(text)
    reader = READERS.get(path.suffix.lower())
    if is_name(text):
        near = difflib.get_close_matches(text, spec_names(), n=1, cutoff=0.0)
        nearest = f"Nearest: {near[0]!r}. " if near else ""
        check_choice("data", text, spec_names(), f"{nearest}A file's name ends in {' or '.join(READERS)}.")
    check_file("data", path)
    if reader is None:
        raise ValueError(refusal("data", f"be a {' or '.join(READERS)} file or the name of a set", text))
    table, row_numbers = reader(_read_text(path), text)
    return _source(text, table, path.absolute().parent, row_numbers)


def is_name(text: str) -> bool:
    """Return whether `text` can only be meant as a set's name: known, or neither a file nor like one."""
    path = Path(text)
    return text in ("", *spec_names()) or (path.name == text and not path.suffix and not path.exists())


def _source(name: str, table: pd.DataFrame, folder: Path, row_numbers: pd.Series | None = None) -> Source:
    """The source of a table with rows, each column once."""
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise ValueError(f"{name} must name each column once. Received: {twice[0]!r} more than once.")
    if len(table) == 0:
        raise ValueError(f"{name} must have at least one row below its column names. Received: no row.")
    kept = table.reset_index(drop=True)
    kept.attrs = {"task": table.attrs["task"]} if "task" in table.attrs else {}
    return Source(name, kept, folder, row_numbers)


def _built_in_table(name: str, task: str | None) -> pd.DataFrame:
    from videoqa.data.sample_data import load_sample_table

    return load_sample_table(task=task or "open_ended")


def _read_text(path: Path) -> str:
    """The text of a UTF-8 file, with or without a byte order mark."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"{path} must be UTF-8 text; line {line} has a byte that is not. Save the file as UTF-8."
        raise ValueError(message) from error
    if not text.strip():
        raise ValueError(f"{path} must not be empty. Received: a file without any text.")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise ValueError(f"{path} must be text; line {line} has a NUL byte. Save the file as UTF-8.")
    return text


def _read_csv(text: str, name: str) -> tuple[pd.DataFrame, None]:
    # Everything stays text: an answer may be "2", "NA" or "None", and each is what it says. The column
    # names are read as a first row, so that every longer row is refused and none becomes an index.
    try:
        rows = pd.read_csv(io.StringIO(text), header=None, dtype=str, na_filter=False, skipinitialspace=True)
    except pd.errors.ParserError as error:
        cause = str(error).strip().removeprefix("Error tokenizing data. C error: ")
        advice = "Put texts that hold a comma or a quotation mark into double quotes."
        raise ValueError(f"{name} must be a CSV file. Cause: {cause}. {advice}") from error
    table = rows.iloc[1:].set_axis(rows.iloc[0].str.strip(), axis=1)
    return table.loc[:, table.columns != ""].rename_axis(columns=None), None


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
            raise ValueError(message) from error
        if not isinstance(row, dict):
            message = f"{name} must hold one JSON object a line. Received: line {number}, {line[:60]!r}."
            raise ValueError(message)
        rows.append(row)
        numbers.append(number)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = {column: pd.Series([row.get(column) for row in rows], dtype=object) for column in columns}
    return pd.DataFrame(cells, index=range(len(rows))), pd.Series(numbers)


Reader = Callable[[str, str], tuple[pd.DataFrame, pd.Series | None]]
READERS: dict[str, Reader] = {".csv": _read_csv, ".jsonl": _read_jsonl}
