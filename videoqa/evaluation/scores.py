"""Formats scores as a plain-text table for a terminal."""

import textwrap
from collections.abc import Mapping
from typing import Any

from videoqa._counted import counted
from videoqa.evaluation.class_metrics import classes_not_tested
from videoqa.evaluation.frame_scores import frame_lines
from videoqa.evaluation.row_marks import NO_TYPE
from videoqa.evaluation.score_fields import (
    BALANCED,
    CALIBRATION_FIELDS,
    COLUMNS,
    FURTHER,
    ORDER_FIELDS,
    PAIR_FIELDS,
    PLAIN,
    REVERSED,
    REVERSED_FIELDS,
    SCORE_FIELDS,
    TRUST_FIELDS,
    ScoreField,
    known_fields,
)

LINE_CHARACTERS = 110
FEWEST_NAME_CHARACTERS = 12
ABOUT_REVERSED = (
    "Every clip was shown with its frames in reverse order. An answer is order-dependent if it differs from "
    'the one to the clip forwards. What is right in reverse is {}: "answer of forwards" is the share of rows '
    "that get the answer annotated for the clip as it is."
)
ABOUT_ORDER = "Clips forwards, backwards and shuffled, of answers with an opposite"
ORDER_HEADINGS = ("all rows", "95 % interval", "balanced", "95 % interval")
LEFT_OUT_OF_ORDER = "rows left out here because the model cannot give the answer or its opposite"
SIGNED = ("video_gain", "video_gain_interval")


def format_score_table(scores: Mapping[str, Any]) -> str:
    """Return the scores of `score_table` as text: a line per question type and group, the total last.

    Scores are per cent with two decimals, intervals with one, gains are signed points, a missing score is a
    dash. Columns that do not apply are left out, and so are types and groups without rows. Actions have no
    question types. Below the table are further scores of the total, scores per frame, those of pairs, and the
    numbers of failed videos and left-out rows, if any. Of clips in reverse only `REVERSED_FIELDS` are shown.
    """
    if scores.get("view") == REVERSED:
        known = "known of opposites only" if scores.get("order") else "not known"
        lines = [
            *textwrap.wrap(ABOUT_REVERSED.format(known), LINE_CHARACTERS),
            "",
            *_table(scores, REVERSED_FIELDS),
        ]
        return "\n".join([*lines, *_order_lines(scores), *_counts(scores)])
    names = known_fields(COLUMNS, scores.get("task"), [scores])
    fields = {name: SCORE_FIELDS[name] for name in names if name != "video_gain_interval"}  # stands below
    lines = [*_table(scores, fields), *_further_lines(scores)]
    if scores.get("num_pairs"):
        lines += ["", "Pairs of clips that show the same things in another order, both of them right:"]
        lines += _table(scores, PAIR_FIELDS, number="num_pairs")
    lines += _trust_lines(scores)
    lines += _order_lines(scores)
    return "\n".join([*lines, *_counts(scores)])


def _table(
    scores: Mapping[str, Any], fields: Mapping[str, ScoreField], number: str = "num_rows"
) -> list[str]:
    """Return the lines of a table: of each type and group with any of `number` its fields, the total last."""
    parts = ("by_group",) if scores.get("task") == "action" else ("by_question_type", "by_group")
    sections = [
        [_cells(name, entry, fields) for name, entry in scores.get(part, {}).items() if entry.get(number)]
        for part in parts
    ]
    sections = [[["type", "rows", *(field.column for field in fields.values())]], *sections]
    sections.append([_cells("all", scores, fields)])
    widths = [max(map(len, column)) for column in zip(*sum(sections, []), strict=True)]
    left = LINE_CHARACTERS - sum(widths[1:]) - 2 * (len(widths) - 1)
    widths[0] = min(widths[0], max(FEWEST_NAME_CHARACTERS, left))
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    blocks = ["\n".join(justified(line, widths) for line in section) for section in sections if section]
    return f"\n{rule}\n".join(blocks).split("\n")


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
    return list(filter(None, lines))


def _order_lines(scores: Mapping[str, Any]) -> list[str]:
    """Return the scores of clips in several orders of their frames, and what they say of the answers."""
    order = scores.get("order")
    if order is None:
        return []
    lines = ["", f"{ABOUT_ORDER}, {counted(order['num_rows'], 'row')}:"]
    if order["num_rows"]:
        table = [["", *ORDER_HEADINGS], *(_order_cells(order, field) for field in ORDER_FIELDS)]
        lines += _ruled(table)
    if len(order["by_opposites"]) > 1:
        heads = ["balanced", "rows", *(field.column for field in ORDER_FIELDS.values())]
        fields = {
            f"balanced_{name}" if name in BALANCED else name: field for name, field in ORDER_FIELDS.items()
        }
        entries = [_cells(name, each, fields) for name, each in order["by_opposites"].items()]
        lines += ["", *_ruled([heads, *entries])]
    if order["num_left_out"]:
        lines.append(f"{LEFT_OUT_OF_ORDER}: {order['num_left_out']}")
    return [*lines, *textwrap.wrap(order["conclusion"], LINE_CHARACTERS)]


def _order_cells(order: Mapping[str, Any], field: str) -> list[str]:
    """Return the name of a score, its value and interval, and both with each answer weighing the same."""
    names = [field, f"{field}_interval", f"balanced_{field}", f"balanced_{field}_interval"]
    note = ORDER_FIELDS[field].note
    name = ORDER_FIELDS[field].name + (f" ({note})" if note else "")
    return [name, *(_percent(order[each]) if each in order else "" for each in names)]


def _ruled(table: list[list[str]]) -> list[str]:
    """Return the lines of a table with a rule below its headings."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    left = LINE_CHARACTERS - sum(widths[1:]) - 2 * (len(widths) - 1)
    widths[0] = min(widths[0], max(FEWEST_NAME_CHARACTERS, left))
    head, *lines = (justified(line, widths).rstrip() for line in table)
    return [head, "-" * len(head), *lines]


def _trust_lines(scores: Mapping[str, Any]) -> list[str]:
    """Return what the model says of its own answers, and how far that can be relied on."""
    lines = []
    if any(scores.get(field) is not None for field in TRUST_FIELDS):
        known = known_fields(TRUST_FIELDS, scores.get("task"), [scores])
        lines += ["", "What the model says of its own answers:"]
        lines += _table(scores, {name: TRUST_FIELDS[name] for name in known})
    if scores.get("share_reliable") is not None and "min_probability" in scores:
        familiarity, probability = scores["min_familiarity"], scores["min_probability"]
        lines.append(
            f"reliable: familiarity of {familiarity:g} or more, probability of {probability:g} or more"
        )
    for field in known_fields(CALIBRATION_FIELDS, scores.get("task"), [scores]):
        line = f"{CALIBRATION_FIELDS[field].column} {_cell(field, scores[field])}"
        before = scores.get(f"{field}_before")
        lines.append(
            line
            if before in (None, scores[field])
            else f"{line} (without the temperature {_cell(field, before)})"
        )
    return lines


def _counts(scores: Mapping[str, Any]) -> list[str]:
    """Return the lines that count rows and videos that were not as they should be."""
    lines = []
    if scores.get("num_rows_without_pair"):
        text = "rows with a pair of which no other clip here is asked the same"
        lines.append(f"{text}: {scores['num_rows_without_pair']}")
    if scores["num_failed_videos"]:
        text = "videos that could not be read (their rows count as wrong)"
        lines.append(f"{text}: {scores['num_failed_videos']}")
    if scores.get("absent_rows"):
        lines.append(f"rows left out because their video is not there: {scores['absent_rows']}")
    return lines


def _cells(name: str, scores: Mapping[str, Any], fields: Mapping[str, ScoreField]) -> list[str]:
    numbers = [
        str(scores.get(field, 0)) if field.startswith("num_") else _cell(field, scores.get(field))
        for field in fields
    ]
    return [name if name != NO_TYPE else "(none)", str(scores["num_rows"]), *numbers]


def _cell(field: str, value: Any) -> str:
    if field in PLAIN:
        return "-" if value is None else f"{value:.{2 if value >= 1 else 3}f}"
    return _percent(value, field in SIGNED)


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
