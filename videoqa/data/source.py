"""`Source`: the rows of one source of annotations, before they are converted."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

ABSENT = "video_absent"
"""Column of named sets only: whether the row's video is missing from the folder."""
PAIR = "pair"
"""Optional column: clips that show the same things in another order share its value."""
OPPOSITE = "opposite"
"""Optional column: the answer that is right when the row's clip is played backwards."""
MIRRORED = "mirrored"
"""Optional column: the answer that is right when the row's clip is mirrored left to right."""
LIST_COLUMNS = ["answers", "choices"]
"""Columns whose cells are lists of texts."""


@dataclass(frozen=True)
class Source:
    """The rows of one source, with its own columns.

    Attributes:
        name: for messages: the path, the name of the set or "DataFrame".
        table: the rows; index 0, 1, ... in the order of the source.
        folder: relative video paths start here.
        row_numbers: of each row in its file; None: messages count rows.
        counted: what row numbers count.
        notes: what was understood otherwise than written, one sentence each, to be said.
    """

    name: str
    table: pd.DataFrame
    folder: Path
    row_numbers: pd.Series | None = None
    counted: str = "line"
    notes: list[str] = field(default_factory=list)

    def where(self, row: int) -> str:
        """Return the place of the row with index `row`, for messages."""
        if self.row_numbers is None:
            return f"row {row + 1} of {self.name}"
        return f"{self.counted} {self.row_numbers[row]} of {self.name}"
