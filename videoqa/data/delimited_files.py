"""Reads CSV and TSV files cell by cell, so that a stray quotation mark is found and not obeyed.

pandas and the csv module take a mark that was never meant as one for the beginning of a cell that goes on
over the next rows, and say nothing. Here such a cell is refused with its line.
"""

import functools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd

from videoqa._checks import Refusal
from videoqa.data.headers import KNOWN_COLUMNS, folded_header
from videoqa.data.video_index import VIDEO_SUFFIXES

DELIMITERS = (",", ";", "\t", "|")
ONE_LINE_COLUMNS = frozenset(KNOWN_COLUMNS) - {"answers", "choices"}
"""Columns whose cells have no line break; a list in JSON, or a further column such as notes, may have one."""
_SEPARATOR_LINE = re.compile(r'[ \t]*"?sep=([^\r\n])"?[ \t]*(?:\r\n|\r|\n|$)', re.IGNORECASE)
"""The first line by which Excel is told the separator."""
_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|$)")
_RULE = re.compile(r"\s*:?-+:?\s*")
"""A cell of the line that Markdown draws between column names and rows."""
_DECIMAL_COMMA = re.compile(r"^\s*(\d+),(\d+)\s*$")
_BREAK = re.compile(r"\r\n|\r|\n")
_QUOTES_ADVICE = (
    'A cell with a comma or a quotation mark stands in double quotes, and a mark inside it is doubled: "".'
)


class _Row(NamedTuple):
    """One row: the line where it begins, its cells, and the lines where those with a line break begin."""

    line: int
    cells: list[str]
    broken: dict[int, int]


def read_delimited(text: str, name: str, usual: str = ",") -> tuple[pd.DataFrame, pd.Series]:
    """Return the rows of a CSV or TSV file as texts, and the line where each begins.

    The separator is the one of `DELIMITERS` that gives the most known column names, or that a first line such
    as `sep=;` names. Everything stays text: answers such as "2", "NA" and "None" must not be converted.

    Args:
        text: of the file.
        name: of the file, for messages.
        usual: the separator if the column names do not tell.

    Raises:
        ValueError: a quotation mark that is never closed or has text after it, a line break inside a cell of
            `ONE_LINE_COLUMNS`, or a row with more cells than there are column names; names the line.
    """
    stated = _SEPARATOR_LINE.match(text)
    start, line = (stated.end(), 2) if stated else (0, 1)
    delimiter = stated[1] if stated else delimiter_of(text, usual)
    rows = _rows(text, start, line, delimiter, name)
    header = next(rows, None)
    columns = [] if header is None else [cell.strip() for cell in header.cells]
    cells, lines = [], []
    for row in rows:
        if delimiter == "|" and all(_RULE.fullmatch(cell) for cell in row.cells if cell.strip()):
            continue
        _check_row(row, columns, delimiter, name)
        cells.append(row.cells[: len(columns)] + [""] * (len(columns) - len(row.cells)))
        lines.append(row.line)
    table = pd.DataFrame(cells, columns=columns, dtype=object)
    if delimiter != ",":
        table = table.apply(_decimal_points)
    return table.loc[:, table.columns != ""], pd.Series(lines, dtype="int64")


def _decimal_points(cells: pd.Series) -> pd.Series:
    """Return a column of seconds with points for commas, which begin decimals if they do not separate."""
    seconds = folded_header(str(cells.name)) in ("start_seconds", "end_seconds")
    return cells.str.replace(_DECIMAL_COMMA, r"\1.\2", regex=True) if seconds else cells


def delimiter_of(text: str, usual: str) -> str:
    """Return the separator that gives the most known column names; of equal ones the most cells."""
    header = first_line(text)
    return max(
        DELIMITERS,
        key=lambda each: (num_known_columns(header, each), header.count(each), each == usual),
    )


def first_line(text: str) -> str:
    """Return the first line with more in it than separators; "" if there is none."""
    blank = "".join(DELIMITERS) + ' "\ufeff'
    return next((match[1] for match in _LINE.finditer(text) if match[1].strip().strip(blank)), "")


def num_known_columns(header: str, delimiter: str) -> int:
    """Return how many of the cells of a line are names of `KNOWN_COLUMNS`."""
    return sum(folded_header(cell.strip(' "')) in KNOWN_COLUMNS for cell in header.split(delimiter))


def _rows(text: str, position: int, line: int, delimiter: str, name: str) -> Iterator[_Row]:
    """Yield the rows in which any cell is filled."""
    while position < len(text):
        found = _LINE.match(text, position)
        assert found is not None
        if '"' not in found[1]:
            row, position = _Row(line, found[1].split(delimiter), {}), found.end()
            next_line = line + 1
        else:
            row, position, next_line = _quoted_row(text, position, line, delimiter, name)
        if any(cell.strip() for cell in row.cells):
            yield row
        line = next_line


def _quoted_row(text: str, position: int, line: int, delimiter: str, name: str) -> tuple[_Row, int, int]:
    """Return a row that has quotation marks, the place after it, and the number of the next line."""
    row = _Row(line, [], {})
    quoted, plain, ending = _patterns(delimiter)
    while True:
        begins, found = line, quoted.match(text, position)
        if found is not None:
            if num_breaks := len(_BREAK.findall(found[1])):
                row.broken[len(row.cells)] = begins
                line += num_breaks
            row.cells.append(found[1].replace('""', '"'))
        else:
            found = plain.match(text, position)
            assert found is not None
            if found[0].lstrip(" \t").startswith('"'):
                raise _refusal(name, f"line {begins} opens a quotation mark that is never closed")
            row.cells.append(found[0])
        position = found.end()
        end = ending.match(text, position)
        if end is None:
            after = text[position : position + 40].splitlines()[0]
            where = f"line {begins}" if line == begins else f"the cell that begins in line {begins}"
            raise _refusal(name, f"{where} has text after a closing quotation mark: {after!r}")
        position = end.end()
        if end[0] != delimiter:
            return row, position, line + 1


@functools.cache
def _patterns(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Return what a cell in quotation marks is, what one without them, and what ends a cell."""
    mark, space = re.escape(delimiter), "[ ]*" if delimiter == "\t" else "[ \t]*"
    quoted = re.compile(rf'{space}"([^"]*+(?:""[^"]*+)*+)"{space}')
    return quoted, re.compile(rf"[^\r\n{mark}]*"), re.compile(rf"{mark}|\r\n|\r|\n|\Z")


def _check_row(row: _Row, columns: Sequence[str], delimiter: str, name: str) -> None:
    """Refuse a row that is too long, or that has swallowed others."""
    if any(cell.strip() for cell in row.cells[len(columns) :]):
        raise _refusal(name, f"Expected {len(columns)} fields in line {row.line}, saw {len(row.cells)}")
    for place, line in row.broken.items():
        if place >= len(columns):
            continue
        column, cell = columns[place], row.cells[place]
        if folded_header(column) in ONE_LINE_COLUMNS or _holds_row(cell, columns, delimiter):
            refuse_line_break(column, cell, f"line {line} of {name}")


def _holds_row(cell: str, columns: Sequence[str], delimiter: str) -> bool:
    """Return whether lines of a cell look like rows of the table and not like prose.

    They have as many cells, and one is a video, or all lines are so without a space after a comma.
    """
    lines = [part.split(delimiter) for part in _BREAK.split(cell)[1:]]
    long = [cells for cells in lines if len(cells) >= len(columns)]
    if any(each.strip().lower().endswith(VIDEO_SUFFIXES) for cells in long for each in cells):
        return True
    is_tight = all(not each.startswith(" ") for cells in long for each in cells)
    return len(columns) > 2 and len(long) == len(lines) > 0 and is_tight


def refuse_line_break(column: str, cell: str, where: str) -> None:
    """Raise the `ValueError` for a cell with a line break."""
    shown = cell if len(cell) <= 60 else f"{cell[:57]}..."
    advice = f"It begins in {where}. If a quotation mark stands there by mistake, remove it: it joins rows."
    raise Refusal(column, "hold no line break", shown, advice)


def _refusal(name: str, cause: str) -> Refusal:
    return Refusal(f"{name} must be a CSV file. Cause: {cause}. {_QUOTES_ADVICE}")
