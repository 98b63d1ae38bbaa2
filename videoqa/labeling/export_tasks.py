"""`export_tasks`: rows to tasks that people answer, in the files of the service where they do."""

import math
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any, Unpack

import pandas as pd

from videoqa._checks import Refusal, check_directory, refusal
from videoqa._counted import counted
from videoqa._files import files_of_folder, write_text
from videoqa._text_normalization import matching_form
from videoqa.config import LabelExportConfig
from videoqa.config.keywords import LabelExportOptions, shows_options
from videoqa.labeling.candidate_rows import Candidate, read_candidates
from videoqa.labeling.label_studio_files import label_studio_config, label_studio_tasks
from videoqa.labeling.making_tasks import id_of_row, make_tasks
from videoqa.labeling.mturk_files import cost_line, mturk_batch, mturk_form
from videoqa.labeling.selecting import notes_on_measure, select_rows
from videoqa.labeling.source_rows import source_rows
from videoqa.labeling.table_files import tasks_table
from videoqa.labeling.tasks import Task, TaskFile, read_tasks, write_tasks

PLAYED = (".mp4", ".webm", ".ogv", ".mov", ".m4v")
"""Files that browsers may play."""
SHARE_KNOWN = 0.1


@shows_options(LabelExportOptions)
def export_tasks(
    source: str | os.PathLike[str] | pd.DataFrame | None = None,
    *,
    out: str | os.PathLike[str],
    data: str | os.PathLike[str] | pd.DataFrame | None = None,
    videos: str | os.PathLike[str] | None = None,
    known: str | os.PathLike[str] | pd.DataFrame | None = None,
    asked: Sequence[str | os.PathLike[str]] = (),
    **options: Unpack[LabelExportOptions],
) -> dict[str, Any]:
    """Choose rows, make tasks of them, and write the files that a service or a person takes.

    Args:
        source: what a model thinks of the rows: its folder, or the CSV file that `predict` or `evaluate`
            wrote; None: nothing, for rows chosen without a model.
        out: folder for the files; made if need be, with no tasks in it yet. `tasks.json`, which stays here,
            is always written; for Mechanical Turk `form.html` and `batch.csv`, for Label Studio `config.xml`
            and `import.json`, else `tasks.csv`, to be filled in.
        data: annotations, whose answers may be empty; with a model's folder the rows that it answers.
        videos: folder of the videos.
        known: annotations whose answers are known to be right: tasks of them are mixed among the others.
        asked: files of tasks of earlier exports, or their folders: what they ask is not asked again.
        options: the fields of `LabelExportConfig`, of which `select` must be given.

    Returns:
        JSON-ready dict: "out", "files", "num_tasks", "num_known", "num_videos", "kind", "select",
        "tasks_sha256", "cost" (a sentence, of Mechanical Turk) and "notes".

    Raises:
        FileNotFoundError: a file is missing.
        FileExistsError: `out` has tasks.
        ValueError: an option, `out` is a file, or no row that can be chosen so.

    Example:
        >>> done = export_tasks(data="my.csv", select="random", limit=2, format="csv", out="tasks")
        >>> done["files"]
        ['tasks.csv', 'tasks.json']
    """
    config = LabelExportConfig(**options)
    folder = _out_folder(out)
    before = {task.id for path in asked for task in read_tasks(path).tasks}
    answered = _known_rows(known, config, videos)
    rows, about = source_rows(source, data, videos)  # last of what is read: a model may take long
    config = _with_kind(config, rows, answered)
    new, notes = _not_asked(rows, before, config.kind or "")
    chosen = select_rows(new, config.select, seed=config.seed)
    if config.kind == "verify":
        chosen, notes = _with_answers(chosen, notes)
    offered = [*rows, *answered]  # known tasks would be told by choices that others of their type lack
    made = make_tasks(chosen, config, offered=offered, videos=videos)
    tasks = _with_known(made, answered, offered, config, videos)
    random.Random(f"order {config.seed}").shuffle(tasks)
    when = {"made": datetime.now(UTC).isoformat(timespec="seconds")}
    how = {name: getattr(config, name) for name in ("select", "seed", "kind", "num_assignments")}
    file = TaskFile(tuple(tasks), {**about, **when, **how})
    names = _write(folder, file, config.format)
    cost = cost_line(len(tasks), config.num_assignments, config.reward, config.fee)
    return {
        "out": str(out),
        "files": names,
        "num_tasks": len(tasks),
        "num_known": sum(task.is_known for task in tasks),
        "num_videos": len({task.video for task in tasks}),
        "kind": config.kind,
        "select": config.select,
        "tasks_sha256": file.sha256,
        "cost": cost if config.format == "mturk" else "",
        "notes": [
            *notes,
            *notes_on_measure(new, config.select),
            *_notes_on_tasks(tasks, rows, config.format),
        ],
    }


def _out_folder(out: str | os.PathLike[str]) -> Path:
    folder = Path(out)
    if folder.exists():
        check_directory("out", folder)
    _check_holds_no_tasks(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _check_holds_no_tasks(folder: Path) -> None:
    if (folder / "tasks.json").exists():
        advice = "Answers belong to the tasks that were given out: name another folder."
        raise FileExistsError(refusal("out", "hold no tasks.json yet", str(folder), advice))


def _with_kind(
    config: LabelExportConfig, rows: list[Candidate], answered: list[Candidate]
) -> LabelExportConfig:
    """Return the options with the kind that the rows have; refuse one that they cannot have."""
    has_question = [bool(row.question) for row in rows]
    kind = config.kind or ("answer" if any(has_question) else "label")
    if kind == "answer" and not all(has_question):
        what = f"{has_question.count(False):,} of {len(rows):,} rows have no question"
        raise Refusal("kind", f"be another one: {what}", kind)
    if kind == "label" and any(has_question):
        raise Refusal(
            "kind", "be another one: the rows have questions", kind, "Answers to them are 'answer'."
        )
    wanted = "a question" if kind in ("answer", "verify") else "no question"
    if any(bool(row.question) is not (wanted == "a question") for row in answered):
        raise Refusal("known", f"have {wanted} in each row: tasks are of one kind", kind)
    return replace(config, kind=kind)


def _not_asked(rows: list[Candidate], before: set[str], kind: str) -> tuple[list[Candidate], list[str]]:
    """Return the rows whose task is none of earlier ones, by its id, and what is to be said of the others."""
    new = [row for row in rows if id_of_row(row, kind) not in before]
    number = len(rows) - len(new)
    if rows and not new:
        raise Refusal(f"`asked` must leave a row to ask about. Received: tasks of all {len(rows):,}.")
    verb = "was" if number == 1 else "were"
    return new, [f"{counted(number, 'row')} that {verb} asked before {verb} left out."] if number else []


def _with_answers(rows: list[Candidate], notes: list[str]) -> tuple[list[Candidate], list[str]]:
    """Return the rows that have an answer to verify, and the notes with one on the others."""
    found = [row for row in rows if row.truth and row.question]
    if not found:
        raise Refusal("kind", "be another one: no row has a question and an answer to verify", "verify")
    number = len(rows) - len(found)
    verb = "was" if number == 1 else "were"
    note = f"{counted(number, 'row')} without a question and an answer to verify {verb} left out."
    return found, [*notes, note] if number else notes


def _known_rows(
    known: str | os.PathLike[str] | pd.DataFrame | None,
    config: LabelExportConfig,
    videos: str | os.PathLike[str] | None,
) -> list[Candidate]:
    """Return the rows whose answers are right for certain; none if none are named."""
    if known is None:
        if config.num_known:
            raise Refusal("known", "name annotations, if `num_known` says how many of them", None)
        return []
    if config.kind == "write":
        raise Refusal("known", "be left out: tasks of this kind have no known answer", config.kind)
    answered = [row for row in read_candidates(known, videos, name="known") if row.truth]
    if not answered:
        raise Refusal("known", "have rows with answers", "no row with one")
    return answered


def _with_known(
    tasks: list[Task],
    answered: list[Candidate],
    offered: list[Candidate],
    config: LabelExportConfig,
    videos: str | os.PathLike[str] | None,
) -> list[Task]:
    """Return as many tasks as are wanted, and those of known answer, which nobody is asked twice."""
    if not answered:
        return tasks[: config.limit]
    found = make_tasks(
        select_rows(answered, "random", seed=config.seed), config, offered=offered, videos=videos, known=True
    )
    number = config.num_known
    if number is None:
        number = math.ceil(len(tasks[: config.limit]) * SHARE_KNOWN)
    made = {task.id: task for task in tasks}
    found = [_as_asked(task, made.get(task.id)) for task in found[:number]]
    ids = {task.id for task in found}
    return [*[task for task in tasks if task.id not in ids][: config.limit], *found]


def _as_asked(known: Task, task: Task | None) -> Task:
    """Return a task of known answer as the same is asked otherwise, with what the model thinks of it."""
    if task is None or known.ranked:
        return known
    right = matching_form(known.known_answer or "")
    is_shown = right in map(matching_form, task.choices)
    return replace(task, known_answer=known.known_answer) if is_shown else known


def _write(folder: Path, file: TaskFile, format: str) -> list[str]:
    """Write the files, all or none, and return their names."""
    contents: dict[str, Callable[[], str]] = {
        "mturk": {"form.html": mturk_form, "batch.csv": lambda: mturk_batch(file)},
        "labelstudio": {
            "config.xml": lambda: label_studio_config(file),
            "import.json": lambda: label_studio_tasks(file),
        },
        "csv": {"tasks.csv": lambda: tasks_table(file)},
    }[format]
    with files_of_folder(folder, last="tasks.json") as parts:
        for name, content in contents.items():
            write_text(parts / name, content())
        write_tasks(parts / "tasks.json", file)
        _check_holds_no_tasks(folder)  # another export may have been faster
    return [*contents, "tasks.json"]


def _notes_on_tasks(tasks: list[Task], rows: list[Candidate], format: str) -> list[str]:
    notes = []
    test_videos = {row.video for row in rows if row.split == "test"}
    number = sum(task.video in test_videos and not task.is_known for task in tasks)
    if number:
        verb = "is" if number == 1 else "are"
        notes.append(
            f"{counted(number, 'task')} {verb} about videos of the test split: a model that learns from the "
            "answers cannot be scored on them."
        )
    known, others = (
        {bool(task.ranked) for task in tasks if task.is_known is is_it} for is_it in (True, False)
    )
    if format == "labelstudio" and known and others and known != others:
        notes.append(
            "Tasks of known answer can be told from the others: some have a prediction, some have none. "
            "Give --known as the predictions of the same model."
        )
    odd = {task.video for task in tasks if PurePath(task.video).suffix.lower() not in PLAYED}
    if format == "csv" or not odd:
        return notes
    verb = "video is no file" if len(odd) == 1 else "videos are no files"
    played = ", ".join(PLAYED)
    return [
        *notes,
        f"{len(odd):,} {verb} that browsers play ({played}), such as {min(odd)!r}: convert them first.",
    ]
