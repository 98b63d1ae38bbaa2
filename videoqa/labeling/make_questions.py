"""`make_questions`: what people wrote, and what others checked, to a table that `train` reads."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from videoqa.config import LabelImportConfig
from videoqa.labeling.aggregating import Aggregated, aggregate
from videoqa.labeling.collecting import Collected, read_results
from videoqa.labeling.import_answers import check_confidence
from videoqa.labeling.joined_tasks import JoinedTasks
from videoqa.labeling.model_answers import source_name
from videoqa.labeling.question_report import REPORT_FILES, question_summary, write_question_report
from videoqa.labeling.question_table import QuestionTable
from videoqa.labeling.result_paths import (
    PathOrPaths,
    check_out,
    distinct_files,
    new_report_folder,
    paths_of,
    result_files,
)
from videoqa.labeling.result_rows import ResultRow
from videoqa.labeling.written_questions import key_of, questions_of, writers_of

OWN = "a check by the one who wrote the question"


def make_questions(
    results: PathOrPaths,
    *,
    tasks: PathOrPaths,
    out: str | os.PathLike[str],
    min_certainty: float = LabelImportConfig.min_certainty,
    min_assignments: int = LabelImportConfig.min_assignments,
    min_confidence: float = LabelImportConfig.min_confidence,
    report: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    """Turn questions that people wrote, and what others say of their answers, into annotations.

    With tasks of kind "write" alone, all questions are rows, to be given out for checking. With tasks of kind
    "verify", only those are rows whose answer is found right by others than their writer. Each row is judged
    by whether its question can be answered without its video, see `audit_questions`.

    Args:
        results: files of results, as `import_answers` takes them; the same file twice counts once.
        tasks: the files of tasks that they are to, or their folders, of both kinds and of several rounds.
        out: the table, CSV; rows are added after those that it has, which are never changed.
        min_certainty: probability, by Dawid and Skene's model, below which an answer is undecided.
        min_assignments: people who must have checked an answer.
        min_confidence: checks of a model that was less sure than this are left out.
        report: folder for `questions.csv`, `writers.csv` and `workers.csv`, written new; None: none.

    Returns:
        JSON-ready dict: "num_rows" of results and "outcomes", how many had which; "places" of those that were
        not used; "left_out", questions of these that cannot be used; "states" of the questions; "added",
        "already_there", "changed_since" (rows that would not be added now); "is_checked"; "audit", see
        `question_summary`; "contradictions", "writers", "workers" and "questions", tables;
        "look_at_workers" and "look_at_writers".

    Raises:
        FileNotFoundError: a file is missing.
        FileExistsError: `report` has one.
        ValueError: a file that cannot be used, results of another export, or `out` is another kind of file.
    """
    config = LabelImportConfig(min_certainty, min_assignments, min_confidence)
    joined, paths, target = JoinedTasks(paths_of(tasks)), result_files(results), Path(out)
    check_out(target, [*paths, *paths_of(tasks)])
    table = QuestionTable(target, is_checked=joined.has_checks)
    folder = None if report is None else new_report_folder(report, REPORT_FILES, [target])
    distinct = distinct_files(paths)
    collected, num_own = _collected(distinct, joined, config)
    found = aggregate(collected, min_certainty=config.min_certainty, min_assignments=config.min_assignments)
    questions = questions_of(collected, found, [source_name(path) for path in distinct])
    counts = table.add(questions)
    summary = question_summary(questions, table) | counts | {"out": str(out)}
    outcomes = dict(collected.outcomes.counts) | ({OWN: num_own} if num_own else {})
    summary |= {"num_rows": sum(outcomes.values()), "outcomes": outcomes, "places": collected.outcomes.places}
    summary |= {"left_out": dict(collected.left_out), "is_checked": joined.has_checks}
    summary |= _workers(found)
    if folder is not None:
        write_question_report(folder, summary)
    return summary


def _collected(paths: list[Path], joined: JoinedTasks, config: LabelImportConfig) -> tuple[Collected, int]:
    """Return the answers that can be used, and how many people checked what they wrote themselves."""
    collected = Collected(joined.file, config.min_confidence)

    def rows(path: Path, *, checks: bool) -> Iterator[ResultRow]:
        for row in map(joined.routed, read_results(path)):
            task = joined.by_id.get(row.task)
            if (task is not None and task.kind == "verify") == checks:
                yield row

    for source, path in enumerate(paths):
        collected.add(rows(path, checks=False), source)
    writers = writers_of(collected)
    own = 0

    def by_others(path: Path) -> Iterator[ResultRow]:
        """Yield the checks of questions that somebody else wrote, and count the rest."""
        nonlocal own
        for row in rows(path, checks=True):
            if collected.worker_name(row.worker) in writers.get(key_of(joined.by_id[row.task]), ()):
                own += 1
            else:
                yield row

    for source, path in enumerate(paths):
        collected.add(by_others(path), source)
    if not own:
        collected.check_some_used(", ".join(path.name for path in paths))
    check_confidence(collected, config)
    return collected, own


def _workers(found: Aggregated) -> dict[str, Any]:
    """Return the table of who checked, and whom to look at."""
    workers = found.workers[found.workers["num_answers"] + found.workers["num_cannot_tell"] > 0]
    return {"workers": workers, "look_at_workers": workers["worker"][workers["is_suspicious"]].tolist()}
