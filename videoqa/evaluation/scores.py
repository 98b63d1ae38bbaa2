"""Formats scores as a plain-text table for a terminal."""

from collections.abc import Mapping
from typing import Any

from videoqa.evaluation.class_metrics import classes_not_tested
from videoqa.evaluation.frame_scores import frame_lines
from videoqa.evaluation.row_marks import NO_TYPE
from videoqa.evaluation.score_fields import COLUMNS, FURTHER, SCORE_FIELDS, known_fields

LINE_CHARACTERS = 110
FEWEST_NAME_CHARACTERS = 12
SIGNED = ("video_gain", "video_gain_interval")


def format_score_table(scores: Mapping[str, Any]) -> str:
    """Return the scores of `score_table` as text: a line per question type and group, the total last.

    Scores are per cent with two decimals, intervals with one, gains are signed points, a missing score is a
    dash. Columns that do not apply are left out, and so are types and groups without rows. Actions have no
    question types. Below the table are further scores of the total, scores per frame, and the numbers of
    failed videos and left-out rows, if any.
    """
    is_action = scores.get("task") == "action"
    fields = [name for name in COLUMNS if name != "video_gain_interval"]  # printed below the table
    fields = known_fields(fields, scores.get("task"), [scores])
    sections = [
        [_cells(name, entry, fields) for name, entry in scores.get(part, {}).items() if entry["num_rows"]]
        for part in (("by_group",) if is_action else ("by_question_type", "by_group"))
    ]
    sections = [[["type", "rows", *(SCORE_FIELDS[field].column for field in fields)]], *sections]
    sections.append([_cells("all", scores, fields)])
    widths = [max(map(len, column)) for column in zip(*sum(sections, []), strict=True)]
    left = LINE_CHARACTERS - sum(widths[1:]) - 2 * (len(widths) - 1)
    widths[0] = min(widths[0], max(FEWEST_NAME_CHARACTERS, left))
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    blocks = ["\n".join(justified(line, widths) for line in section) for section in sections if section]
    return "\n".join([f"\n{rule}\n".join(blocks), *_further_lines(scores)])


def _further_lines(scores: Mapping[str, Any]) -> list[str]:
    """Return the lines below the table."""
    known = known_fields(FURTHER, scores.get("task"), [scores])
    found = [f"{SCORE_FIELDS[field].column} {_percent(scores[field])}" for field in known]
    lines = [""]
    for text in found:
        fits = lines[-1] and len(lines[-1]) + len(text) < LINE_CHARACTERS
        lines[-1:] = [f"{lines[-1]}   {text}"] if fits else [*filter(None, lines[-1:]), text]
    if scores.get("video_gain_interval"):
        lines.append(f"95 % interval of the gain, by video: {_percent(scores['video_gain_interval'], True)}")
    lines.append(classes_not_tested(scores))
    if scores.get("frames"):
        lines += frame_lines(scores["frames"])
    if scores["num_failed_videos"]:
        text = "videos that could not be read (their rows count as wrong)"
        lines.append(f"{text}: {scores['num_failed_videos']}")
    if scores.get("absent_rows"):
        lines.append(f"rows left out because their video is not there: {scores['absent_rows']}")
    return list(filter(None, lines))


def _cells(name: str, scores: Mapping[str, Any], fields: list[str]) -> list[str]:
    numbers = [_percent(scores[field], field in SIGNED) for field in fields]
    return [name if name != NO_TYPE else "(none)", str(scores["num_rows"]), *numbers]


def _percent(value: float | list[float] | None, signed: bool = False) -> str:
    if value is None:
        return "-"
    sign = "+" if signed else ""
    if isinstance(value, list):
        return " to ".join(f"{100 * end:{sign}.1f}" for end in value)
    return f"{100 * value:{sign}.2f}"


def justified(cells: list[str], widths: list[int]) -> str:
    """Return one line of a table: the name left-justified and cut to its width, the rest right-justified."""
    name = cells[0] if len(cells[0]) <= widths[0] else cells[0][: widths[0] - 1] + "…"
    numbers = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
    return "  ".join([name.ljust(widths[0]), *numbers])
