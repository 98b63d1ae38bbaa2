"""The rows of one source of annotations before they are in our form."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

LIST_COLUMNS = ["answers", "choices"]
"""Columns whose cells are lists of texts."""


@dataclass(frozen=True)
class Source:
    """The rows of one source as it has them.

    Attributes:
        name: how messages call it: the path, the built-in name or "DataFrame".
        table: its columns; index 0, 1, ... in the order of the source.
        folder: where relative video paths begin: the videos' folder if one was named.
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
