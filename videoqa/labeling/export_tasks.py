"""`export_tasks`: rows to tasks that people answer, in the files of the service where they do."""

import math
import os
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any

import pandas as pd

from videoqa._checks import Refusal, check_choice, check_directory, check_integer, check_number, refusal
from videoqa._files import files_of_folder, write_text
from videoqa._manifest import MANIFEST, file_sha256
from videoqa._tables import csv_text, spreadsheet_safe
from videoqa.config import LABEL_FORMATS, LABEL_KINDS, LABEL_SELECTIONS
from videoqa.labeling.candidate_rows import Candidate, read_candidates
from videoqa.labeling.label_studio_files import label_studio_config, label_studio_tasks
from videoqa.labeling.making_tasks import check_url_prefix, make_tasks
from videoqa.labeling.mturk_files import cost_line, mturk_batch, mturk_form
from videoqa.labeling.selecting import select_rows
from videoqa.labeling.tasks import Task, TaskFile, write_tasks

PLAYED = (".mp4", ".webm", ".ogv", ".mov", ".m4v")
"""Files that browsers may play."""
SHARE_KNOWN = 0.1


def export_tasks(
    source: str | os.PathLike[str] | pd.DataFrame | None = None,
    *,
    out: str | os.PathLike[str],
    select: str,
    data: str | os.PathLike[str] | pd.DataFrame | None = None,
    videos: str | os.PathLike[str] | None = None,
    limit: int | None = None,
    kind: str | None = None,
    format: str = "mturk",
    video_url_prefix: str | None = None,
    known: str | os.PathLike[str] | pd.DataFrame | None = None,
    num_known: int | None = None,
    num_choices: int = 4,
    num_questions: int = 3,
    num_assignments: int = 5,
    reward: float = 0.1,
    fee: float = 0.2,
    seed: int = 0,
) -> dict[str, Any]:
    """Choose rows, make tasks of them, and write the files that a service or a person takes.

    Args:
        source: what a model thinks of the rows: its folder, or the CSV file that `predict` or `evaluate`
            wrote; None: nothing, for rows chosen without a model.
        out: folder for the files; made if need be, with no tasks in it yet.
        select: one of `LABEL_SELECTIONS`, see `select_rows`.
        data: annotations, whose answers may be empty; with a model's folder the rows that it answers.
        videos: folder of the videos.
        limit: tasks at most, the known ones not counted; None: all.
        kind: one of `LABEL_KINDS`; None: "answer" for questions, "label" for actions.
        format: "mturk": `form.html` and `batch.csv`; "labelstudio": `config.xml` and `import.json`; "csv":
            `tasks.csv`, to be filled in. `tasks.json`, which stays here, is always written.
        video_url_prefix: address of the folder of the videos, for people's browsers.
        known: annotations whose answers are known to be right: tasks of them are mixed among the others.
        num_known: how many of these; None: one for ten other tasks.
        num_choices: answers to choose from.
        num_questions: to be written for each video, of kind "write".
        num_assignments: people to ask about each task.
        reward: dollars for each assignment, for the cost.
        fee: the service's share on top.
        seed: of the choice, the order of the tasks and that of their choices.

    Returns:
        JSON-ready dict: "out", "files", "num_tasks", "num_known", "num_videos", "kind", "select",
        "tasks_sha256", "cost" (a sentence, of Mechanical Turk) and "notes".

    Raises:
        FileNotFoundError: a file is missing.
        FileExistsError: `out` has tasks.
        ValueError: an option, or no row that can be chosen so.
    """
    check_choice("select", select, LABEL_SELECTIONS)
    check_choice("format", format, LABEL_FORMATS)
    if kind is not None:
        check_choice("kind", kind, LABEL_KINDS)
    for name, value in (("limit", limit), ("num_known", num_known)):
        if value is not None:
            check_integer(name, value, minimum=0 if name == "num_known" else 1)
    check_integer("num_choices", num_choices, minimum=2, maximum=50)
    check_integer("num_questions", num_questions, minimum=1, maximum=20)
    check_integer("num_assignments", num_assignments, minimum=1)
    check_number("reward", reward, minimum=0)
    check_number("fee", fee, minimum=0)
    prefix = check_url_prefix(video_url_prefix, needed=format != "csv")
    folder = _out_folder(out)
    rows, about = _rows(source, data, videos)
    kind = kind or ("label" if not any(row.question for row in rows) else "answer")
    _check_kind(kind, rows)
    chosen = select_rows(rows, select, None if kind == "write" else limit, seed)
    known_rows = [] if known is None else [row for row in read_candidates(known, videos) if row.truth]
    shared: dict[str, Any] = {
        "num_choices": num_choices,
        "url_prefix": prefix,
        "videos": videos,
        "seed": seed,
    }
    made = make_tasks(chosen, kind, others=rows, num_questions=num_questions, **shared)[:limit]
    tasks = _with_known(made, known_rows, rows, kind, num_known, shared)
    about |= {"made": datetime.now(UTC).isoformat(timespec="seconds"), "select": select, "seed": seed}
    file = TaskFile(tuple(tasks), {**about, "kind": kind, "num_assignments": num_assignments})
    names = _write(folder, file, format)
    num_videos = len({task.video for task in tasks})
    return {
        "out": str(out),
        "files": names,
        "num_tasks": len(tasks),
        "num_known": sum(task.is_known for task in tasks),
        "num_videos": num_videos,
        "kind": kind,
        "select": select,
        "tasks_sha256": file.sha256,
        "cost": cost_line(len(tasks), num_assignments, reward, fee) if format == "mturk" else "",
        "notes": _notes(tasks, format),
    }


def _out_folder(out: str | os.PathLike[str]) -> Path:
    folder = Path(out)
    if (folder / "tasks.json").exists():
        advice = "Answers belong to the tasks that were given out: name another folder."
        raise FileExistsError(refusal("out", "hold no tasks.json yet", str(out), advice))
    folder.mkdir(parents=True, exist_ok=True)
    return check_directory("out", folder)


def _rows(source: Any, data: Any, videos: Any) -> tuple[list[Candidate], dict[str, Any]]:
    """Return the rows, and what is to be said of the model."""
    about: dict[str, Any] = {"model": "", "model_sha256": ""}
    if source is None:
        if data is None:
            raise Refusal(
                "data", "name annotations where neither a model nor its predictions are given", None
            )
        return read_candidates(data, videos), about
    if isinstance(source, pd.DataFrame) or not Path(source).is_dir():
        if data is not None:
            advice = "Name the model's folder as well as --data, or its predictions alone."
            raise Refusal("data", "be left out beside a file of predictions", data, advice)
        if not isinstance(source, pd.DataFrame):
            about["model"] = PurePath(source).parent.name
        return read_candidates(source, videos), about
    if (Path(source) / MANIFEST).is_file():
        about = {"model": Path(source).absolute().name, "model_sha256": file_sha256(Path(source) / MANIFEST)}
    return read_candidates(_answered(source, data, videos), videos), about


def _answered(model: Any, data: Any, videos: Any) -> pd.DataFrame:
    """Return a model's predictions for annotated rows, with the annotated answers."""
    from videoqa.answering.ask import load
    from videoqa.answering.predict import predict
    from videoqa.data.annotations import read_questions

    loaded = load(model)
    table = predict(loaded, videos, data=data)
    if data is not None:
        asked = read_questions(data, videos, task=loaded.task)
        table = table.assign(truth=asked["answer"].tolist(), question_type=asked["question_type"].tolist())
    return table


def _check_kind(kind: str, rows: list[Candidate]) -> None:
    if kind == "answer" and not all(row.question for row in rows):
        raise Refusal("kind", "be another one: there are rows without a question", kind)
    if kind == "verify" and not any(row.truth and row.question for row in rows):
        raise Refusal("kind", "be another one: no row has a question and an answer to verify", kind)


def _with_known(
    tasks: list[Task],
    known: list[Candidate],
    rows: list[Candidate],
    kind: str,
    number: int | None,
    shared: dict[str, Any],
) -> list[Task]:
    """Return the tasks with those of known answer among them, in an order of chance."""
    random_order = random.Random(f"order {shared['seed']}")
    mixed = list(tasks)
    if known:
        if kind not in ("answer", "label"):
            raise Refusal("known", "be left out: tasks of this kind have no known answer", kind)
        number = math.ceil(len(tasks) * SHARE_KNOWN) if number is None else number
        found = make_tasks(
            select_rows(known, "random", number, shared["seed"]), kind, others=rows, known=True, **shared
        )
        ids = {task.id for task in found}
        mixed = [*(task for task in tasks if task.id not in ids), *found]
    random_order.shuffle(mixed)
    return mixed


def _write(folder: Path, file: TaskFile, format: str) -> list[str]:
    """Write the files, all or none, and return their names."""
    contents: dict[str, Callable[[], str]] = {
        "mturk": {"form.html": mturk_form, "batch.csv": lambda: mturk_batch(file)},
        "labelstudio": {
            "config.xml": lambda: label_studio_config(file),
            "import.json": lambda: label_studio_tasks(file),
        },
        "csv": {"tasks.csv": lambda: _table(file)},
    }[format]
    with files_of_folder(folder, last="tasks.json") as parts:
        for name, content in contents.items():
            write_text(parts / name, content())
        write_tasks(parts / "tasks.json", file)
    return [*contents, "tasks.json"]


def _table(file: TaskFile) -> str:
    """Return the tasks as a table to fill in."""
    most = max(task.num_questions for task in file.tasks)
    written = [f"{name}_{place}" for place in range(1, most + 1) for name in ("question", "answer")]
    columns = ["task_id", "tasks_sha256", "video", "start_seconds", "end_seconds", "video_url"]
    columns += written if most else ["question", "choices", "answer_to_verify", "answer"]
    rows = []
    for task in file.tasks:
        row: dict[str, Any] = {name: getattr(task, name, "") for name in columns}
        row |= {"task_id": task.id, "tasks_sha256": file.sha256, "choices": " | ".join(task.shown_choices)}
        row |= {"answer_to_verify": task.answer, "answer": ""}
        rows.append(["" if row.get(name) is None else row[name] for name in columns])
    table = pd.DataFrame(rows, columns=columns, dtype=object).assign(worker="")
    with spreadsheet_safe(True):
        return csv_text(table, lineterminator="\n")


def _notes(tasks: list[Task], format: str) -> list[str]:
    odd = {task.video for task in tasks if PurePath(task.video).suffix.lower() not in PLAYED}
    if format == "csv" or not odd:
        return []
    verb = "video is no file" if len(odd) == 1 else "videos are no files"
    played = ", ".join(PLAYED)
    return [f"{len(odd):,} {verb} that browsers play ({played}), such as {min(odd)!r}: convert them first."]
