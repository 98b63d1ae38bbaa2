"""The tables about the order of the frames in a report."""

from collections.abc import Mapping
from typing import Any

from videoqa._counted import counted
from videoqa.evaluation.score_fields import BALANCED, ORDER_FIELDS
from videoqa.reporting.verdict import interval_text, percent

ABOUT = "Balanced: of each answer, then averaged over the answers."
Table = tuple[str, dict[str, str], list[dict[str, str]]]
"""A caption, the headings of the columns, and the rows; the first column names its row."""


def order_tables(order: Mapping[str, Any]) -> list[Table]:
    """Return the tables of `order_scores`: all rows with intervals, and each pair of opposites if several."""
    if not order["num_rows"]:
        return []
    headings = {"name": "clips", "score": "all rows", "interval": "95 % interval"}
    headings |= {"balanced": "balanced", "balanced_interval": "95 % interval"}
    rows = counted(order["num_rows"], "row")
    caption = f"Per cent of {rows} whose answer has an opposite: it is right of the clip backwards. {ABOUT}"
    tables = [(caption, headings, [_row_of(order, field) for field in ORDER_FIELDS])]
    if len(order["by_opposites"]) > 1:
        balanced = {name: f"balanced_{name}" if name in BALANCED else name for name in ORDER_FIELDS}
        names = {balanced[name]: field for name, field in ORDER_FIELDS.items()}
        headings = {"name": "opposites", "num_rows": "rows"}
        headings |= {name: field.column for name, field in names.items()}
        lines = [
            {"name": pair, "num_rows": str(each["num_rows"])} | {name: _cell(each[name]) for name in names}
            for pair, each in order["by_opposites"].items()
        ]
        tables.append(("Each pair of opposites in per cent; the accuracies are balanced.", headings, lines))
    return tables


def _row_of(order: Mapping[str, Any], field: str) -> dict[str, str]:
    """Return a score with its note, its interval, and both with each answer weighing the same."""
    named, has_balanced = ORDER_FIELDS[field], field in BALANCED
    return {
        "name": named.name + (f" ({named.note})" if named.note else ""),
        "score": _cell(order[field]),
        "interval": interval_text(order[f"{field}_interval"]),
        "balanced": _cell(order[f"balanced_{field}"]) if has_balanced else "",
        "balanced_interval": interval_text(order[f"balanced_{field}_interval"]) if has_balanced else "",
    }


def _cell(value: float | None) -> str:
    return percent(value).removesuffix(" %")
