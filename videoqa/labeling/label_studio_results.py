"""Reads what Label Studio exports: JSON, its short form (JSON_MIN), and CSV."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from videoqa._checks import Refusal, check_columns
from videoqa.data.text_files import read_records
from videoqa.labeling.result_rows import (
    CANNOT_TELL,
    CHOICE,
    TYPED,
    WRITTEN,
    ResultRow,
    open_csv,
    written_in,
)

CANNOT_TELL_CHOICE = "I cannot tell"
OTHER_CHOICE = "another answer"
"""The two choices that every task of ours has in Label Studio."""
ANNOTATION_COLUMNS = ("annotator", "annotation_id")


def is_label_studio(names: list[str]) -> bool:
    """Return whether columns are those of Label Studio's CSV."""
    return "annotation_id" in names or ("annotator" in names and "lead_time" in names)


def read_label_studio_csv(path: Path) -> Iterator[ResultRow]:
    """Yield a row for each annotation of a CSV export."""
    names, rows = open_csv(path)
    check_columns(names, (*ANNOTATION_COLUMNS, "task_id"), str(path))
    for line, cells in rows:
        yield _flat_row(dict(zip(names, cells, strict=False)), f"line {line} of {path}")


def read_label_studio_json(path: Path) -> Iterator[ResultRow]:
    """Yield a row for each annotation of a JSON export, whole or short.

    Raises:
        ValueError: no list of tasks, or none of them has our `task_id`.
    """
    items = read_records(path)
    if not any("annotations" in item or "annotator" in item for item in items):
        advice = "In Label Studio: Export, JSON."
        raise Refusal(f"{path} must be an export of Label Studio, whose tasks have annotations. {advice}")
    for number, item in enumerate(items, start=1):
        place = f"task {number} of {path}"
        if "annotations" not in item:
            yield _flat_row({name: _shown(value) for name, value in item.items()}, place)
            continue
        data = item.get("data")
        annotations = item["annotations"]
        if not isinstance(data, dict) or not isinstance(annotations, list):
            raise Refusal(f"{path} must be an export of Label Studio; {place} has no data or annotations.")
        for annotation in annotations:
            if isinstance(annotation, dict):
                yield _annotation(annotation, data, place)


def _annotation(annotation: dict[str, Any], data: dict[str, Any], place: str) -> ResultRow:
    chosen, typed = "", {}
    results = annotation.get("result")
    for result in results if isinstance(results, list) else ():
        value = result.get("value") if isinstance(result, dict) else None
        if not isinstance(value, dict):
            continue
        if isinstance(value.get("choices"), list):
            chosen = _first(value["choices"])
        elif isinstance(value.get("text"), (list, str)):
            typed[str(result.get("from_name"))] = _first(value["text"])
    by = annotation.get("completed_by")
    worker = (by.get("email") or by.get("id")) if isinstance(by, dict) else by
    return _row(
        chosen,
        typed,
        place,
        task=_shown(data.get("task_id")),
        tasks_sha256=_shown(data.get("tasks_sha256")),
        worker=_shown(worker),
        assignment=_shown(annotation.get("id")),
        is_rejected=annotation.get("was_cancelled") is True,
        time=_shown(annotation.get("updated_at") or annotation.get("created_at")),
    )


def _flat_row(cells: dict[str, str], place: str) -> ResultRow:
    named = [name for name in cells if name == "typed" or name.startswith(("question_", "answer_"))]
    typed = {name: _listed(cells[name]) for name in named}
    return _row(
        _listed(cells.get("choice", "")),
        typed,
        place,
        task=cells.get("task_id", "").strip(),
        tasks_sha256=cells.get("tasks_sha256", "").strip(),
        worker=cells.get("annotator", "").strip(),
        assignment=cells.get("annotation_id", "").strip(),
        is_rejected=False,
        time=(cells.get("updated_at") or cells.get("created_at") or "").strip(),
    )


def _row(chosen: str, typed: dict[str, str], place: str, **known: Any) -> ResultRow:
    """Return a row of what was chosen and typed; a typed answer counts beside "another answer" only."""
    written = written_in(typed)
    how, answer = CHOICE, chosen
    if written:
        how, answer = WRITTEN, ""
    elif chosen == CANNOT_TELL_CHOICE:
        how, answer = CANNOT_TELL, ""
    elif chosen in ("", OTHER_CHOICE):
        how, answer = TYPED, typed.get("typed", "")
    is_finished = bool(answer or written or how == CANNOT_TELL)
    return ResultRow(place=place, how=how, answer=answer, written=written, is_finished=is_finished, **known)


def _first(value: Any) -> str:
    """Return the one text of a list, or a text; "" of several, which no task of ours allows."""
    if isinstance(value, list):
        return _shown(value[0]) if len(value) == 1 else ""
    return _shown(value)


def _listed(cell: str) -> str:
    """Return a cell's text, which may be a list in JSON or an object with one."""
    text = cell.strip()
    if text[:1] not in ("[", "{"):
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if isinstance(value, dict):
        value = value.get("choices", value.get("text", ""))
    return _first(value)


def _shown(value: Any) -> str:
    if isinstance(value, (list, dict)):
        return json.dumps(value)
    return "" if value is None else str(value).strip()
