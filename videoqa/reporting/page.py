"""Renders the page of a report from `report.html.jinja` and `report.css`."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from videoqa._counted import counted
from videoqa._text_normalization import without_controls
from videoqa.evaluation.row_marks import NO_TYPE
from videoqa.evaluation.score_fields import (
    CALIBRATION_FIELDS,
    COLUMNS,
    FLOORS,
    FURTHER,
    PAIR_FIELDS,
    PLAIN,
    REVERSED,
    REVERSED_FIELDS,
    SCORE_FIELDS,
    TRUST_FIELDS,
    ScoreField,
    known_fields,
)
from videoqa.reporting.charts import Chart
from videoqa.reporting.clip_evidence import evidence_bars
from videoqa.reporting.clips import ShownClip
from videoqa.reporting.order_tables import order_tables
from videoqa.reporting.verdict import interval_text, percent, points, verdict

LADDER = ("accuracy", *reversed(FLOORS), "share_in_vocabulary")
SHOWN_ENTRIES = 150
"""Longest table of types or classes; those with the fewest rows are left out of a longer one."""


@dataclass(frozen=True)
class ReportContent:
    """The content of a report.

    Attributes:
        name: name of the run.
        scores: result of `evaluate`.
        metrics: `metrics.json` of the model folder.
        config: the model's configuration as nested dicts.
        charts: of the scores.
        best, worst, unfamiliar: clips with their frames.
        unreadable: video id and error of videos that could not be read.
    """

    name: str
    scores: Mapping[str, Any]
    metrics: Mapping[str, Any]
    config: Mapping[str, Mapping[str, Any]]
    charts: Sequence[Chart]
    best: Sequence[ShownClip]
    worst: Sequence[ShownClip]
    unfamiliar: Sequence[ShownClip]
    unreadable: Sequence[tuple[str, str]]


def build_page(content: ReportContent) -> str:
    """Return the HTML document; all text that comes from data is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: value if hasattr(value, "__html__") else without_controls(str(value)),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "cell": _cell, "counted": counted, "data_url": _data_url, "interval": interval_text,
        "percent": percent,
    }  # fmt: skip
    scores = content.scores
    task = scores["task"]
    kind, sentences = verdict(scores, sees_video=content.config["model"]["video_branch"] != "none")
    return environment.get_template("report.html.jinja").render(
        vars(content),
        task=task,
        kind=kind,
        sentences=sentences,
        fields=SCORE_FIELDS,
        ladder=known_fields(LADDER, task, [scores]),
        further=known_fields(FURTHER, task, [scores]),
        pairs=_table_of(scores, PAIR_FIELDS, "num_pairs") if scores.get("num_pairs") else None,
        order=order_tables(scores["order"]) if scores.get("order") else [],
        trust=_trust_table(scores),
        calibration=_calibration(scores),
        in_reverse=_table_of(scores, REVERSED_FIELDS) if scores.get("view") == REVERSED else None,
        columns=lambda entries: known_fields(COLUMNS, task, entries),
        most_rows=_most_rows,
        no_type=NO_TYPE,
        evidence_bars=evidence_bars,
    )


def _data_url(image: bytes) -> str:
    """Return a PNG or JPEG as a `data:` URL."""
    kind = "png" if image.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(image).decode()}"


def _cell(scores: Mapping[str, Any], field: str) -> str:
    """Return a score as text for a table, in per cent without the "%"."""
    shown = points if field.startswith("video_gain") else percent
    value = scores.get(field)
    if field in PLAIN and value is not None:
        return f"{value:.2f}"
    cell = interval_text(value, shown) if field.endswith("_interval") else shown(value)
    return cell.removesuffix(" %")


def _table_of(
    scores: Mapping[str, Any], fields: Mapping[str, ScoreField], counted: str = "num_rows"
) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Return the headings of a table and its rows: types and groups that have `counted`, then all rows."""
    headings = {"name": "type", "num_rows": "rows"} | {name: field.column for name, field in fields.items()}
    parts = ("by_group",) if scores["task"] == "action" else ("by_question_type", "by_group")
    entries = [
        (name or "(none)", each)
        for part in parts
        for name, each in _most_rows(scores[part]).items()
        if each.get(counted)
    ]
    rows = [
        {"name": name}
        | {
            field: str(each.get(field, 0)) if field.startswith("num_") else _cell(each, field)
            for field in ("num_rows", *fields)
        }
        for name, each in [*entries, ("all", scores)]
    ]
    return headings, rows


def _trust_table(scores: Mapping[str, Any]) -> tuple[dict[str, str], list[dict[str, str]]] | None:
    """Return the table of what the model says of its own answers; None if it cannot judge."""
    known = known_fields(TRUST_FIELDS, scores["task"], [scores])
    return _table_of(scores, {name: TRUST_FIELDS[name] for name in known}) if known else None


def _calibration(scores: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the names and values of the scores of the probabilities, before and after the temperature."""
    found = []
    for field in known_fields(CALIBRATION_FIELDS, scores["task"], [scores]):
        text, before = _shown(scores[field], field), scores.get(f"{field}_before")
        text = (
            text
            if before in (None, scores[field])
            else f"{text}, without the temperature {_shown(before, field)}"
        )
        found.append((CALIBRATION_FIELDS[field].column, text))
    return found


def _shown(value: float, field: str) -> str:
    return f"{value:.3f}" if field in PLAIN else percent(value)


def _most_rows(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the `SHOWN_ENTRIES` entries with the most rows, in their original order."""
    kept = set(sorted(entries, key=lambda name: (-entries[name]["num_rows"], name))[:SHOWN_ENTRIES])
    return {name: each for name, each in entries.items() if name in kept}
