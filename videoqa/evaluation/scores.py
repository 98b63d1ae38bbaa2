"""Scores as a plain-text table for a terminal."""

from collections.abc import Mapping
from typing import Any

from videoqa.evaluation.metrics import NO_TYPE

SCORE_COLUMNS = {
    "accuracy": "accuracy",
    "majority_accuracy": "majority",
    "majority_per_type_accuracy": "per-type majority",
    "blind_accuracy": "blind",
    "video_gain": "gain",
    "share_in_vocabulary": "in vocabulary",
}
"""Field of the scores -> heading of its column, in order."""


def format_score_table(scores: Mapping[str, Any]) -> str:
    """Return the scores of `score_table` as lines of text: one per question type and the total last.

    Scores are per cent with two decimals, the gain in signed points, an absent score a dash. Types
    without evaluated rows are left out. A last line counts the videos that failed, if any did.
    """
    lines = [["type", "rows", *SCORE_COLUMNS.values()]]
    types = scores.get("by_question_type", {})
    lines += [
        _cells(name if name != NO_TYPE else "(none)", types[name])
        for name in types
        if types[name]["num_rows"]
    ]
    lines.append(_cells("all", scores))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = [_justify(line, widths) for line in lines]
    rule = "-" * len(text[0])
    table = [text[0], rule, *text[1:-1], *([rule] if len(text) > 2 else []), text[-1]]
    if scores["num_failed_videos"]:
        table.append(
            f"videos that could not be read (their rows count as wrong): {scores['num_failed_videos']}"
        )
    return "\n".join(table)


def _cells(name: str, scores: Mapping[str, Any]) -> list[str]:
    return [name, str(scores["num_rows"]), *(_percent(scores[field], field) for field in SCORE_COLUMNS)]


def _percent(value: float | None, field: str) -> str:
    if value is None:
        return "-"
    return f"{100 * value:+.2f}" if field == "video_gain" else f"{100 * value:.2f}"


def _justify(cells: list[str], widths: list[int]) -> str:
    """Return one line: the name to the left, numbers to the right."""
    numbers = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
    return "  ".join([cells[0].ljust(widths[0]), *numbers])
