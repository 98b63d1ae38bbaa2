"""CSV files as all commands write them, on request with no cell that a spreadsheet takes for a formula."""

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # commands that write no table start without pandas
    import pandas as pd

SAFE_VARIABLE = "VIDEOQA_SPREADSHEET_SAFE"
"""Environment variable that is "1" under `--spreadsheet-safe`; processes started meanwhile have it too."""
FORMULA_STARTS = (
    *("=", "+", "-", "@", "\t", "\r", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}"),
    *("\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}"),
)
"""What a cell begins with that a spreadsheet computes. Source: OWASP, CSV Injection."""
GUARD = "'"


@contextlib.contextmanager
def spreadsheet_safe(wanted: bool) -> Iterator[None]:
    """Let `csv_text` guard cells while the block runs, if `wanted`."""
    before = os.environ.get(SAFE_VARIABLE)
    if wanted:
        os.environ[SAFE_VARIABLE] = "1"
    try:
        yield
    finally:
        if wanted and before is None:
            del os.environ[SAFE_VARIABLE]
        elif wanted:
            os.environ[SAFE_VARIABLE] = str(before)


def csv_text(table: "pd.DataFrame", **options: Any) -> str:
    """Return a table as CSV without its index; `options` are those of `DataFrame.to_csv`.

    Where `VIDEOQA_SPREADSHEET_SAFE` is "1", texts that begin a formula have a `'` before them. Numbers stay.
    """
    if os.environ.get(SAFE_VARIABLE) == "1":
        table = table.rename(columns=guarded)
        for column in table.select_dtypes(exclude=["number", "bool"]).columns:
            table[column] = table[column].map(guarded)
    return table.to_csv(**{"index": False, **options})


def without_guard(cell: str) -> str:
    """Return a cell as it was before `csv_text` guarded it."""
    return cell[1:] if cell.startswith(GUARD) and _begins_formula(cell) else cell


def guarded(cell: Any) -> Any:
    """Return a cell with a `'` before it if a spreadsheet would take it for a formula.

    What was written with a `'` before a formula gets another, so that `without_guard` gives it back.
    """
    return GUARD + cell if isinstance(cell, str) and _begins_formula(cell) else cell


def _begins_formula(cell: str) -> bool:
    return cell.lstrip(GUARD).startswith(FORMULA_STARTS)
