"""The tables about the order of the frames in a report."""

from collections.abc import Mapping
from typing import Any

from videoqa._counted import counted
from videoqa.evaluation.score_fields import BALANCED, ORDER_FIELDS
from videoqa.reporting.verdict import interval_text, percent

Table = tuple[str, dict[str, str], list[dict[str, str]]]
"""A caption, the headings of the columns, and the rows; the first column names its row."""


def order_tables(order: Mapping[str, Any]) -> list[Table]:
    """Return the tables of `order_scores`: all rows with intervals, and each pair of opposites if several."""
    if not order["num_rows"]:
        return []
    headings = {"name": "clips", "score": "score", "interval": "95 % interval"}
    headings |= {"balanced": "balanced", "balanced_interval": "95 % interval"}
    rows = counted(order["num_rows"], "row")
    caption = f"Per cent of {rows} whose answer has an opposite."
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
    """Return the name of a score, its value and interval, and both with each answer weighing the same."""
    row = {
        "name": ORDER_FIELDS[field].name,
        "score": _cell(order[field]),
        "interval": _interval(order[f"{field}_interval"]),
        "balanced": "",
        "balanced_interval": "",
    }
    if field not in BALANCED:
        return row
    balanced = f"balanced_{field}"
    return row | {
        "balanced": _cell(order[balanced]),
        "balanced_interval": _interval(order[f"{balanced}_interval"]),
    }


def _interval(value: list[float] | None) -> str:
    return interval_text(value).removesuffix(" %")


def _cell(value: float | None) -> str:
    return percent(value).removesuffix(" %")
