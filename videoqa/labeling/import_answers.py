"""`import_answers`: files of results to a table of corrections that `train` reads."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from videoqa._checks import Refusal, check_directory, refusal
from videoqa._files import write_text
from videoqa._tables import csv_text, spreadsheet_safe
from videoqa.config import LabelImportConfig
from videoqa.labeling.aggregating import LABELLED, aggregate
from videoqa.labeling.collecting import Collected, Outcomes, is_corrections_of_page, read_results
from videoqa.labeling.corrections import (
    add_corrections,
    check_corrections,
    rows_of_page,
    rows_of_tasks,
    rows_written,
)
from videoqa.labeling.model_answers import source_name
from videoqa.labeling.rest import rest_of_tasks, write_rest
from videoqa.labeling.result_paths import (
    PathOrPaths,
    check_out,
    distinct_files,
    new_report_folder,
    result_files,
)
from videoqa.labeling.table_results import read_page
from videoqa.labeling.tasks import read_tasks
from videoqa.labeling.trust_in_models import trust_table, untested_workers

KNOWN_ACCURACY = 0.5
"""Share of known tasks below which a worker is to be looked at."""
NOT_AS_KNOWN = "most answer otherwise than is known"
REPORT_FILES = ("tasks.csv", "workers.csv", "trust.csv")


def import_answers(
    results: PathOrPaths,
    *,
    out: str | os.PathLike[str],
    tasks: str | os.PathLike[str] | None = None,
    min_certainty: float = LabelImportConfig.min_certainty,
    min_assignments: int = LabelImportConfig.min_assignments,
    min_confidence: float = LabelImportConfig.min_confidence,
    report: str | os.PathLike[str] | None = None,
    rest: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    """Join people's answers to one for each task, and add them to a table of corrections.

    Answers of several files to the same tasks are joined: give the files together.

    Args:
        results: files of Mechanical Turk (CSV), of Label Studio (JSON or CSV), filled-in `tasks.csv`,
            folders of `videoqa label serve`, answers that a model gave (.jsonl), or corrections that a page
            collected. The same file given twice counts once.
        out: the table, CSV; rows are added after those that it has, which are never changed.
        tasks: the `tasks.json` that the answers are to, or its folder; None: `results` are corrections of
            pages only.
        min_certainty: probability, by Dawid and Skene's model, below which a task stays unlabelled.
        min_assignments: answers below which a task stays unlabelled.
        min_confidence: answers of a model that was less sure than this are left out.
        report: folder for `tasks.csv` and `workers.csv`, and `trust.csv` of models with a confidence,
            written new; None: none.
        rest: new CSV file for the tasks that stay unlabelled, as annotations with the likeliest answer, of
            which `export_tasks` makes tasks for people; None: none.

    Returns:
        JSON-ready dict: "num_rows" read and "outcomes", how many had which; "places" of those that were not
        used; "left_out", questions of rows that were used which cannot be, and why; "num_files_read_before",
        files that were given twice; "num_tasks", "states" of the tasks; "added", "already_there",
        "changed_since" (already there, with another answer than now); "agreement", Krippendorff's alpha by
        question type; "workers" and "tasks", tables; "trust" and "untested", `trust_table` and
        `untested_workers`; "num_rest" of the tasks in `rest`; "look_at_workers" and "look_at_tasks", whom and
        what to look at.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file that cannot be used, results of another export, or `out` is another kind of file.
    """
    config = LabelImportConfig(min_certainty, min_assignments, min_confidence)
    paths, target = result_files(results), Path(out)
    check_out(target, [*paths, *([] if tasks is None else [tasks])])
    check_corrections(target)
    if rest is not None:
        _check_rest(Path(rest), target, tasks)
    others = [target, *([] if rest is None else [rest])]
    folder = None if report is None else new_report_folder(report, REPORT_FILES, others)
    distinct = distinct_files(paths)
    pages = [path for path in distinct if is_corrections_of_page(path)]
    given = [path for path in distinct if path not in pages]
    if given and tasks is None:
        raise Refusal("tasks", "name the tasks.json that the answers are to", None)
    rows, summary = _imported(given, tasks, config)
    page = [(row, path.name) for path in pages for row in read_page(path)]
    outcomes: Outcomes = summary["outcomes"]
    page_rows = rows_of_page(page, min_certainty, outcomes)
    summary |= {"outcomes": dict(sorted(outcomes.counts.items())), "places": outcomes.places}
    summary["num_rows"] = outcomes.counts.total()
    summary["num_files_read_before"] = len(paths) - len(distinct)
    added, there, changed = add_corrections(target, rows + page_rows)
    summary |= {"added": added, "already_there": there, "changed_since": changed, "out": str(out)}
    if folder is not None:
        _write_report(folder, summary)
    left = summary.pop("rest")
    summary["num_rest"] = len(left)
    if rest is not None:
        write_rest(Path(rest), left)
    return summary


def _imported(
    paths: list[Path], tasks: str | os.PathLike[str] | None, config: LabelImportConfig
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the rows that follow from results of tasks, and a summary."""
    empty = pd.DataFrame()
    if not paths or tasks is None:
        summary: dict[str, Any] = {"outcomes": Outcomes(), "left_out": {}, "num_tasks": 0, "states": {}}
        summary |= {
            "agreement": {},
            "workers": empty,
            "tasks": empty,
            "trust": empty,
            "untested": [],
            "rest": empty,
        }
        return [], summary | {"look_at_workers": [], "look_at_tasks": []}
    collected = Collected(read_tasks(tasks), config.min_confidence)
    for source, path in enumerate(paths):
        collected.add(read_results(path), source)
    collected.check_some_used(", ".join(path.name for path in paths))
    check_confidence(collected, config)
    found = aggregate(collected, min_certainty=config.min_certainty, min_assignments=config.min_assignments)
    names = [source_name(path) for path in paths]
    rows = rows_of_tasks(collected, found, names) + rows_written(collected, names)
    table = _named_tasks(collected, found.tasks)
    suspicious = found.workers["is_suspicious"] | (found.workers["known_accuracy"] < KNOWN_ACCURACY)
    summary = {
        "outcomes": collected.outcomes,
        "left_out": dict(collected.left_out),
        "num_tasks": len(collected.file.tasks),
        "states": found.tasks["state"].value_counts().to_dict(),
        "agreement": found.agreement,
        "workers": found.workers,
        "tasks": table,
        "trust": trust_table(collected),
        "untested": untested_workers(collected),
        "rest": rest_of_tasks(collected, found),
        "look_at_workers": found.workers["worker"][suspicious].tolist(),
        "look_at_tasks": table["task_id"][table["why_look"] != ""].tolist(),
    }
    return rows, summary


def check_confidence(collected: Collected, config: LabelImportConfig) -> None:
    """Refuse a confidence to reach where no answer has one."""
    if config.min_confidence and not collected.stated:
        advice = "No answer here has a confidence; those of `videoqa label ask` have."
        raise Refusal("min_confidence", "be left out", config.min_confidence, advice)


def _named_tasks(collected: Collected, found: pd.DataFrame) -> pd.DataFrame:
    """Return the table of tasks with what was asked, and why a task is to be looked at."""
    tasks = [collected.file.tasks[number] for number in found.index.tolist()]
    table = found.reset_index(drop=True)
    shown = pd.DataFrame(
        {
            "task_id": [task.id for task in tasks],
            "video": [task.video for task in tasks],
            "question": [task.question for task in tasks],
            "model_answer": [task.model_answer for task in tasks],
        }
    )
    is_told = table["num_assignments"] > table["num_cannot_tell"]
    is_otherwise = np.array([task.is_known for task in tasks], bool) & is_told & (table["agreement"] < 0.5)
    table["why_look"] = table["state"].where(table["state"] != LABELLED, "")
    table.loc[is_otherwise, "why_look"] = NOT_AS_KNOWN
    return shown.join(table)


def _check_rest(path: Path, out: Path, tasks: Any) -> None:
    if path.exists() or path.resolve() == out.resolve():
        advice = "Name another file: what is there is never overwritten."
        raise FileExistsError(refusal("rest", "be a new file", str(path), advice))
    if tasks is None:
        raise Refusal("rest", "be left out without tasks", str(path))
    check_directory("rest", path.absolute().parent)


def _write_report(folder: Path, summary: dict[str, Any]) -> None:
    with spreadsheet_safe(True):
        for name in REPORT_FILES:
            table = summary[name.removesuffix(".csv")]
            if name != "trust.csv" or len(table):
                write_text(folder / name, csv_text(table))
