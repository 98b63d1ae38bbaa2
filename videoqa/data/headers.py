"""Column names of tables: which are known, and which of a table's own mean one of them."""

import re
import unicodedata

import pandas as pd

from videoqa._checks import Refusal
from videoqa.data.source import MIRRORED, OPPOSITE, PAIR

KNOWN_COLUMNS = (
    *("video", "video_id", "video_path", "question_id", "question", "answer", "label", "question_type"),
    *("split", "group", "start_seconds", "end_seconds", "answers", "choices", PAIR, OPPOSITE, MIRRORED),
)


def folded_header(header: str) -> str:
    """Return a column name as it is compared: lower case, one underscore for spaces and hyphens."""
    text = unicodedata.normalize("NFKC", header).replace("\ufeff", "").strip().lower()
    return re.sub(r"[\s_-]+", "_", text)


def known_headers(table: pd.DataFrame, name: str) -> tuple[pd.DataFrame, list[str]]:
    """Return the table with its columns named as `KNOWN_COLUMNS`, and a note on what was renamed.

    A column that has a known name already is never replaced.

    Raises:
        ValueError: two columns that could be the same known one.
    """
    meant: dict[str, list[str]] = {}
    for column in table.columns:
        folded = folded_header(column) if isinstance(column, str) else ""
        if folded in KNOWN_COLUMNS and folded not in table.columns:
            meant.setdefault(folded, []).append(column)
    for known, columns in meant.items():
        if len(columns) > 1:
            found = " and ".join(map(repr, columns))
            raise Refusal(f"{name} must have one column {known!r}. Received: {found}. Rename one of them.")
    if not meant:
        return table, []
    renamed = ", ".join(f"{columns[0]!r} as {known!r}" for known, columns in meant.items())
    names = {columns[0]: known for known, columns in meant.items()}
    return table.rename(columns=names), [f"{name}: columns read: {renamed}."]
