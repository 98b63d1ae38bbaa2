"""Reads the first sheet of an Excel workbook, by openpyxl, which is optional."""

import datetime
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from videoqa._checks import NotInstalled, Refusal

WORKBOOK_SUFFIXES = (".xlsx", ".xlsm")
OTHER_WORKBOOKS = (".xls", ".xlsb", ".ods", ".numbers", ".gsheet")
INSTALL = 'pip install "videoqa[xlsx]"'


def read_workbook(path: Path, name: str) -> tuple[pd.DataFrame, pd.Series, list[str]]:
    """Return the rows of the first visible sheet as texts, the number of each in the sheet, and notes.

    A formula counts as the value that was saved with it.

    Args:
        path: of the workbook.
        name: of it, for messages.

    Raises:
        ImportError: openpyxl is not installed; says how to install it.
        ValueError: no workbook, or a row with more cells than there are column names; names the row.
    """
    openpyxl = _import_openpyxl(name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of colours and menus that it cannot keep
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            try:
                sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
                rows = [row for sheet in sheets[:1] for row in _rows(sheet)]
            finally:
                book.close()
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, TypeError, SyntaxError) as error:
        advice = "Is it protected by a password, or of another program? Save it as .xlsx or .csv."
        raise Refusal(f"{name} must be an Excel workbook. Cause: {error}. {advice}") from error
    if not sheets:
        raise Refusal(
            f"{name} must have a sheet that is shown. Show the one with the table, or save it as .csv."
        )
    notes = [f"{name}: of its {len(sheets)} sheets the first, {sheets[0].title!r}, is read."]
    return *_table(rows, name), notes if len(sheets) > 1 else []


def _import_openpyxl(name: str) -> Any:
    try:
        import openpyxl
    except ImportError as error:
        raise NotInstalled(
            f"{name} needs openpyxl, which is not installed. Save it as .csv, or type next:\n  {INSTALL}"
        ) from error
    return openpyxl


def _rows(sheet: Any) -> Iterator[tuple[int, list[Any]]]:
    """Yield the number and the cells of each row that is not blank."""
    sheet.reset_dimensions()  # the size that a program wrote into the file may be wrong
    for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        if any(cell is not None and str(cell).strip() for cell in cells):
            yield number, [_value(cell) for cell in cells]


def _value(cell: Any) -> Any:
    """Return a cell as text, or as a number, a truth value or None, which become texts like those of JSON."""
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    return cell if cell is None or isinstance(cell, (bool, int, float, str)) else str(cell)


def _table(rows: list[tuple[int, list[Any]]], name: str) -> tuple[pd.DataFrame, pd.Series]:
    header = [str(cell).strip() if cell is not None else "" for cell in rows[0][1]] if rows else []
    width = max((place for place, column in enumerate(header, start=1) if column), default=0)
    for number, cells in rows[1:]:
        if any(cell is not None for cell in cells[width:]):
            cause = f"Expected {width} cells in row {number}, saw {len(cells)}"
            raise Refusal(f"{name} must have a column name above each cell. Cause: {cause}.")
    filled = [[*cells[:width], *[None] * (width - len(cells))] for _, cells in rows[1:]]
    table = pd.DataFrame(filled, columns=header[:width], dtype=object)
    return table.loc[:, table.columns != ""], pd.Series([number for number, _ in rows[1:]], dtype="int64")
