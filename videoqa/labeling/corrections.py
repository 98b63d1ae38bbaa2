"""The table of corrections: annotation rows with where they come from; rows are added, never changed."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from videoqa._checks import Refusal
from videoqa._files import write_bytes
from videoqa._tables import csv_text, spreadsheet_safe, without_guard
from videoqa._text_normalization import collapse_spaces, matching_form, shown_answer
from videoqa.labeling.aggregating import LABELLED, UNCERTAIN, Aggregated
from videoqa.labeling.collecting import READ_BEFORE, USED, Collected, Outcomes
from videoqa.labeling.locked_file import locked
from videoqa.labeling.result_rows import LONGEST_CELL
from videoqa.labeling.tasks import LONGEST_ANSWER, YES, Task, TaskFile, stable_id
from videoqa.labeling.typed_texts import NO_WORDS, TOO_LONG, holds_answer, seen_text

ANNOTATION_COLUMNS = ("video", "start_seconds", "end_seconds", "question", "answer", "question_type", "group")
PROVENANCE_COLUMNS = (
    *("source", "kind", "num_assignments", "agreement", "certainty", "model_answer", "model"),
    *("model_sha256", "corrects", "answered_at", "task_id", "tasks_sha256", "row_id"),
)
COLUMNS = (*ANNOTATION_COLUMNS, *PROVENANCE_COLUMNS)
"""Of the table. `answer` is the label of an action; `corrects` the `question_id` of the row that was asked
about, `row_id` the same for the same task, or the same correction, so that nothing is added twice."""


def rows_of_tasks(collected: Collected, found: Aggregated, sources: list[str]) -> list[dict[str, Any]]:
    """Return the rows that follow from the labelled tasks, in the order of the tasks."""
    rows, file = [], collected.file
    of_task: defaultdict[int, set[int]] = defaultdict(set)
    for task_number, source in zip(collected.tasks, collected.sources, strict=True):
        of_task[task_number].add(source)
    labelled = found.tasks[found.tasks["state"] == LABELLED]
    for number, row in zip(labelled.index.tolist(), labelled.to_dict("records"), strict=True):
        task = file.tasks[number]
        if task.is_known or (task.kind == "verify" and row["answer"] != YES):
            continue
        rows.append(
            _row(task, file)
            | {
                "question": task.question,
                "answer": _answer(task, str(row["answer"])),
                "source": " | ".join(sources[each] for each in sorted(of_task[number])),
                "num_assignments": row["num_assignments"],
                "agreement": round(row["agreement"], 4),
                "certainty": round(row["certainty"], 4),
                "answered_at": collected.last_times[number],
                "row_id": task.id,
            }
        )
    return rows


def rows_written(collected: Collected, sources: list[str]) -> list[dict[str, Any]]:
    """Return the questions that people wrote, each with the answer of its writer, whom nobody has checked."""
    rows = []
    for number, worker, question, answer, source, time in collected.written:
        task = collected.file.tasks[number]
        writer = matching_form(collected.worker_names[worker])
        rows.append(
            _row(task, collected.file)
            | {
                "question": question,
                "answer": shown_answer(answer),
                "question_type": "",
                "source": sources[source],
                "num_assignments": 1,
                "answered_at": time,
                "row_id": stable_id(task.id, writer, matching_form(question)),
            }
        )
    return rows


def rows_of_page(
    corrections: Iterable[tuple[dict[str, str], str]], min_certainty: float, outcomes: Outcomes
) -> list[dict[str, Any]]:
    """Return a row for each clip and question that a page's visitors corrected.

    Args:
        corrections: each as the page wrote it, and the name of its file. What is there twice counts once.
        min_certainty: share of the corrections of one question that must agree.
        outcomes: where it is counted what became of each.
    """
    rows = []
    for (clip, question), given in _page_groups(corrections, outcomes).items():
        counts = Counter(matching_form(row["answer"]) for row, _ in given)
        answer, number = counts.most_common(1)[0]
        is_tied = sum(count == number for count in counts.values()) > 1
        is_used = not is_tied and number / len(given) >= min_certainty
        for row, _ in given:
            outcomes.count(USED if is_used else UNCERTAIN, row["place"])
        if not is_used:
            continue
        first = next(row for row, _ in given if matching_form(row["answer"]) == answer)
        rows.append(
            {
                "video": first["video"],
                "question": seen_text(first["question"]),
                "answer": shown_answer(seen_text(first["answer"]))
                if question
                else seen_text(first["answer"]),
                "source": " | ".join(dict.fromkeys(source for _, source in given)),
                "kind": "answer" if question else "label",
                "num_assignments": len(given),
                "agreement": round(number / len(given), 4),
                "model_answer": first["model_answer"],
                "model": first.get("model", ""),
                "model_sha256": first.get("model_sha256", ""),
                "answered_at": max(row["time_utc"] for row, _ in given),
                "row_id": stable_id(clip, question),
            }
        )
    return rows


def _page_groups(
    corrections: Iterable[tuple[dict[str, str], str]], outcomes: Outcomes
) -> dict[tuple[str, str], list[tuple[dict[str, str], str]]]:
    """Return the corrections of each clip and question that can be used, and count the others."""
    groups: defaultdict[tuple[str, str], list[tuple[dict[str, str], str]]] = defaultdict(list)
    seen = set()
    for row, source in corrections:
        content = stable_id(*(row.get(name, "") for name in sorted(row) if name != "place"))
        if content in seen:
            outcomes.count(READ_BEFORE, row["place"])
        elif not row["video"]:
            outcomes.count("without a video", row["place"])
        elif not holds_answer(row["answer"]):
            outcomes.count(NO_WORDS, row["place"])
        elif len(row["answer"]) > LONGEST_ANSWER:
            outcomes.count(TOO_LONG, row["place"])
        else:
            seen.add(content)
            groups[row["clip_sha256"] or row["video"], matching_form(row["question"])].append((row, source))
    return groups


def add_corrections(path: Path, rows: list[dict[str, Any]]) -> tuple[int, int, int]:
    """Write corrections to a table, see `add_rows`."""
    return add_rows(path, rows, COLUMNS, "corrections")


def add_rows(
    path: Path, rows: list[dict[str, Any]], columns: tuple[str, ...], what: str
) -> tuple[int, int, int]:
    """Write rows to a table, after those that it has, which stay byte for byte.

    Args:
        path: the table; made if it does not exist.
        rows: with columns among `columns`.
        columns: of the table; `answer` and `row_id`, which no two rows share, are among them.
        what: the table is of, for messages.

    Returns:
        How many rows were added, how many were there already, and how many of these say otherwise now.

    Raises:
        ValueError: the file exists and is another kind of table, or its folder cannot be written to.
    """
    with locked(path, wait=True):
        there = {
            row["row_id"]: matching_form(without_guard(row["answer"]))
            for row in existing_rows(path, columns, what)
        }
        return _add_locked(path, rows, columns, there)


def _add_locked(
    path: Path, rows: list[dict[str, Any]], columns: tuple[str, ...], there: dict[str, str]
) -> tuple[int, int, int]:
    before = path.read_bytes() if path.exists() else b""
    new = [row for row in rows if row["row_id"] not in there]
    other = sum(
        there[row["row_id"]] != matching_form(str(row["answer"])) for row in rows if row["row_id"] in there
    )
    if new or not before:
        table = pd.DataFrame([[row.get(name, "") for name in columns] for row in new], columns=list(columns))
        table = table.astype(object).where(table.notna(), "")
        with spreadsheet_safe(True):
            text = csv_text(table, header=not before, lineterminator="\n")
        if before and not before.endswith(b"\n"):
            before += b"\n"
        write_bytes(path, before + text.encode("utf-8", "backslashreplace"), durable=True)
    return len(new), len(rows) - len(new), other


def check_corrections(path: Path) -> None:
    """Refuse to add to a file that is no table of corrections."""
    existing_rows(path, COLUMNS, "corrections")


def existing_rows(path: Path, columns: tuple[str, ...], what: str) -> list[dict[str, str]]:
    """Return the rows of a table; none if there is no file.

    Raises:
        ValueError: a file without exactly these columns, with a row of another length, or not in UTF-8.
    """
    if not path.exists():
        return []
    csv.field_size_limit(LONGEST_CELL)
    try:
        rows = csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))
    except UnicodeDecodeError as error:
        raise Refusal("out", "be a CSV file in UTF-8", str(path), "Save it as UTF-8.") from error
    found = []
    try:
        if list(rows.fieldnames or ()) != list(columns):
            requirement = f"be a new file, or a table of {what} to add to"
            advice = "Name another file: what is there is never overwritten."
            raise Refusal("out", requirement, str(path), advice)
        for row in rows:
            if None in row or None in row.values():
                requirement = f"have {len(columns)} cells in each row; line {rows.line_num} has not"
                raise Refusal("out", requirement, str(path), "Mend that line, or name a new file.")
            found.append(row)
    except csv.Error as error:
        raise Refusal("out", f"be a CSV file; line {rows.line_num + 1}: {error}", str(path)) from error
    return found


def _row(task: Task, file: TaskFile) -> dict[str, Any]:
    about: Mapping[str, Any] = file.about
    return {
        "video": task.video,
        "start_seconds": task.start_seconds,
        "end_seconds": task.end_seconds,
        "question_type": task.question_type,
        "group": task.group,
        "kind": task.kind,
        "model_answer": task.model_answer,
        "model": about.get("model", ""),
        "model_sha256": about.get("model_sha256", ""),
        "corrects": task.corrects,
        "task_id": task.id,
        "tasks_sha256": file.sha256,
    }


def _answer(task: Task, answer: str) -> str:
    """Return an answer as the annotation table shows it; labels keep their capitals."""
    if task.kind == "verify":
        return shown_answer(task.answer) if task.question else task.answer
    return collapse_spaces(answer) if task.kind == "label" else shown_answer(answer)
