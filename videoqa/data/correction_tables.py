"""Knows the tables of corrections that `videoqa label` and the page of `videoqa serve` write."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from videoqa._tables import without_guard

CORRECTS, KIND, ROW_ID, CLIP_SHA256 = "corrects", "kind", "row_id", "clip_sha256"
WRITTEN_KIND = "write"
"""Kind of the rows whose question a person made up: they correct nothing."""
IMPORTED_COLUMNS = frozenset({"video", "answer", KIND, CORRECTS, ROW_ID})
QUESTION_COLUMNS = frozenset({"video", "question", "answer", KIND, ROW_ID, "without_video"})
PAGE_COLUMNS = frozenset({"video", "answer", "model_answer", CLIP_SHA256, "time_utc"})
AGREEMENT = "agreement"
WEIGHED_BY = (AGREEMENT, "num_assignments", "certainty")
"""Columns that say how sure people are; a corrected row takes them over."""


def is_corrections(columns: Iterable[Any]) -> bool:
    """Return whether columns are those of a table of corrections."""
    names = set(columns)
    return names >= IMPORTED_COLUMNS or names >= PAGE_COLUMNS


def is_guarded(columns: Iterable[Any]) -> bool:
    """Return whether columns are those of a table for spreadsheets: of corrections or of questions."""
    return is_corrections(columns) or set(columns) >= QUESTION_COLUMNS


def unguarded(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with every text as it was before a `'` kept it from being a formula."""
    return table.map(lambda cell: without_guard(cell) if isinstance(cell, str) else cell)
