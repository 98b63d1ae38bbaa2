"""Reads the first sheet of an Excel workbook, by openpyxl, which is optional."""

import datetime
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree

import pandas as pd

from videoqa._checks import NotInstalled, Refusal
from videoqa.data.headers import KNOWN_COLUMNS, folded_header

WORKBOOK_SUFFIXES = (".xlsx", ".xlsm")
OTHER_WORKBOOKS = (".xls", ".xlsb", ".ods", ".numbers", ".gsheet")
INSTALL = 'pip install "videoqa[xlsx]"'
ERRORS = re.compile(
    r"#(N/A|N/D|NV|DIV/0!|NULL!|NUM!|REF!|VALUE!|NAME\?|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|BUSY!|UNKNOWN!"
    r"|GETTING_DATA|WERT!|BEZUG!|ZAHL!|VALEUR!|NOM\?|NOMBRE!|¡DIV/0!|¡REF!|¡VALOR!|¡NUM!|¿NOMBRE\?|VALOR!|RIF!|NOME\?)"
    r"|Err:5\d\d"
)
"""What spreadsheets write where a formula failed, in the languages of Western Europe."""
_FORMULA = re.compile(rb"<(\w+:)?f[\s>/]")


@dataclass(frozen=True)
class _Fault:
    """A cell that has no value: an error, or ("") a formula whose value was never saved."""

    error: str


def read_workbook(path: Path, name: str) -> tuple[pd.DataFrame, pd.Series, list[str]]:
    """Return the rows of the first visible sheet as texts, the number of each in the sheet, and notes.

    A formula counts as the value that was saved with it. Rows without any value are left out.

    Args:
        path: of the workbook.
        name: of it, for messages.

    Raises:
        ImportError: openpyxl is not installed; says how to install it.
        ValueError: no workbook, a row with more cells than there are column names, or in a known column an
            error or a formula without a saved value; names the row.
    """
    openpyxl = _import_openpyxl(name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of colours and menus that it cannot keep
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            try:
                sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
                rows = [row for sheet in sheets[:1] for row in _rows(sheet, _unsaved_formulas(path, sheet))]
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
    _check_faults(rows, f"the sheet {sheets[0].title!r}", name)
    return *_table(rows, name), notes if len(sheets) > 1 else []


def _import_openpyxl(name: str) -> Any:
    try:
        import openpyxl
    except ImportError as error:
        raise NotInstalled(
            f"{name} needs openpyxl, which is not installed. Save it as .csv, or type next:\n  {INSTALL}"
        ) from error
    return openpyxl


def _unsaved_formulas(path: Path, sheet: Any) -> set[str]:
    """Return the names, such as "B3", of the cells with a formula whose value the program did not save.

    openpyxl shows them as empty cells, as it does texts that are empty.
    """
    found, parts = set[str](), ("c", "f", "v")
    with zipfile.ZipFile(path) as archive:
        with archive.open(sheet._worksheet_path) as file:
            if not _has_formulas(file):
                return found
        for _, element in ElementTree.iterparse(archive.open(sheet._worksheet_path)):
            kind = element.tag.rpartition("}")[2]
            if kind == "c":
                inside = {child.tag.rpartition("}")[2]: child.text for child in element}
                if "f" in inside and not inside.get("v") and element.get("t") != "str":
                    found.add(element.get("r", ""))
            if kind not in parts:
                element.clear()
    return found


def _has_formulas(file: IO[bytes]) -> bool:
    """Return whether the XML of a sheet has a formula; most have none, and need not be parsed for it."""
    end = b""
    while block := file.read(2**20):
        if _FORMULA.search(end + block):
            return True
        end = block[-64:]
    return False


def _rows(sheet: Any, unsaved: set[str]) -> Iterator[tuple[int, list[Any]]]:
    """Yield the number and the cells of each row that is not blank."""
    sheet.reset_dimensions()  # the size that a program wrote into the file may be wrong
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        values = [_value(cell, unsaved) for cell in cells]
        if not all(_is_blank(value) for value in values):
            yield number, values


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _value(cell: Any, unsaved: set[str]) -> Any:
    """Return a cell as text, or as a number, a truth value or None, which become texts like those of JSON."""
    value = cell.value
    if value is None:
        return _Fault("") if unsaved and getattr(cell, "coordinate", None) in unsaved else None
    if cell.data_type == "e":
        return _Fault(str(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    return value if isinstance(value, (bool, int, float, str)) else str(value)


def _check_faults(rows: list[tuple[int, list[Any]]], sheet: str, name: str) -> None:
    """Refuse faults in a known column or among the column names; elsewhere keep the text of an error."""
    header = [folded_header(cell) if isinstance(cell, str) else "" for cell in rows[0][1]] if rows else []
    faults = []
    for index, (number, cells) in enumerate(rows):
        for place, cell in enumerate(cells):
            if not isinstance(cell, _Fault):
                continue
            column = header[place] if place < len(header) else ""
            if index == 0 or column in KNOWN_COLUMNS:
                faults.append((f"{_letters(place)}{number}", number, column, cell))
            cells[place] = cell.error or None
    if not faults:
        return
    cell_name, number, column, fault = faults[0]
    more = f"; {len(faults)} cells are like this" if len(faults) > 1 else ""
    where = f"in cell {cell_name} (row {number} of {sheet}){more}"
    if not fault.error:
        raise Refusal(
            f"{name} must hold the value of each formula. Received: none with the formula {where}. "
            "Open it in Excel or LibreOffice, save it there, and give it again; or save it as .csv."
        )
    which = f"its column {column!r}" if column else "its column names"
    raise Refusal(
        f"{name} must hold no error in {which}. Received: {fault.error!r} {where}. "
        "Mend the formula, or delete the row."
    )


def _letters(place: int) -> str:
    """Return how a spreadsheet calls the column at a place, counted from 0."""
    from openpyxl.utils import get_column_letter

    return get_column_letter(place + 1)


def _table(rows: list[tuple[int, list[Any]]], name: str) -> tuple[pd.DataFrame, pd.Series]:
    header = [str(cell).strip() if cell is not None else "" for cell in rows[0][1]] if rows else []
    width = max((place for place, column in enumerate(header, start=1) if column), default=0)
    for number, cells in rows[1:]:
        if not all(_is_blank(cell) for cell in cells[width:]):
            cause = f"Expected {width} cells in row {number}, saw {len(cells)}"
            raise Refusal(f"{name} must have a column name above each cell. Cause: {cause}.")
    filled = [[*cells[:width], *[None] * (width - len(cells))] for _, cells in rows[1:]]
    table = pd.DataFrame(filled, columns=header[:width], dtype=object)
    return table.loc[:, table.columns != ""], pd.Series([number for number, _ in rows[1:]], dtype="int64")
