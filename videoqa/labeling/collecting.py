"""Checks every row of the results against the tasks, and counts what cannot be used."""

import functools
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from videoqa._checks import Refusal
from videoqa._text_normalization import collapse_spaces, matching_form, without_controls
from videoqa.labeling.label_studio_results import (
    is_label_studio,
    read_label_studio_csv,
    read_label_studio_json,
)
from videoqa.labeling.model_answers import SUFFIX, read_model_answers
from videoqa.labeling.mturk_results import is_mturk, read_mturk
from videoqa.labeling.page_results import is_answers_database, read_answers
from videoqa.labeling.result_rows import CANNOT_TELL, CHOICE, WRITTEN, ResultRow, open_csv, time_order
from videoqa.labeling.table_results import is_page, is_table, read_table
from videoqa.labeling.tasks import LONGEST_ANSWER, Task, TaskFile
from videoqa.labeling.typed_texts import NO_WORDS, TOO_LONG, holds_answer, seen_text, why_unusable

USED, CANNOT_TELL_ROW = "used", "cannot tell"
REJECTED, UNFINISHED = "rejected or skipped", "unfinished"
OTHER_EXPORT, UNKNOWN_TASK = "of another export", "of an unknown task"
OUTSIDE = "outside the choices"
SAME_QUESTION = "the same question twice"
NO_WORKER, REPEATED, READ_BEFORE = "without a worker", "a second answer by one worker", "read before"
UNSURE = "less sure than --min-confidence"
MOST_PLACES = 5
"""Rows of each outcome that are named."""
LONGEST_TIME = 40
"""Characters of a time that are kept."""


def _numbers() -> "array[int]":
    """Return an empty column of numbers, which takes 4 bytes for each."""
    return array("i")


class Outcomes:
    """What became of the rows of results.

    Attributes:
        counts: how many rows had each outcome.
        places: of each outcome but those of answers that count where the first rows with it stand.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.places: dict[str, list[str]] = {}

    def count(self, outcome: str, place: str) -> None:
        """Count a row."""
        self.counts[outcome] += 1
        if outcome not in (USED, CANNOT_TELL_ROW, UNSURE):
            places = self.places.setdefault(outcome, [])
            if len(places) < MOST_PLACES:
                places.append(place)


@dataclass
class Collected:
    """The answers that can be used, as columns, and what became of all rows.

    Nothing is kept of a row but numbers: some 150 bytes, most of them to know who answered which task.

    Attributes:
        file: the tasks.
        min_confidence: what less sure workers say is left out; of those who say nothing of it, nothing is.
        tasks: number of each answer's task.
        workers: number of each answer's worker, in `worker_names`.
        answers: number of each answer in `answer_texts`; -1: cannot tell.
        sources: number of each answer's file.
        last_times: when the last answer to each task was given, as its file has it.
        worker_names, answer_texts: the names, and the answers as they were first given.
        stated: (number of the task, number of the worker, number of the answer, confidence) of each answer
            whose worker said how sure it is, whatever became of it.
        unsure: of each task with an answer that was left out as `UNSURE` the number of one.
        written: (number of the task, number of the worker, question, answer, file, time) of "write" tasks.
        outcomes: what became of all rows.
        left_out: how many questions of rows that are used cannot be, and why.
    """

    file: TaskFile
    min_confidence: float = 0.0
    tasks: "array[int]" = field(default_factory=_numbers)
    workers: "array[int]" = field(default_factory=_numbers)
    answers: "array[int]" = field(default_factory=_numbers)
    sources: "array[int]" = field(default_factory=_numbers)
    last_times: dict[int, str] = field(default_factory=dict)
    worker_names: list[str] = field(default_factory=list)
    answer_texts: list[str] = field(default_factory=list)
    stated: list[tuple[int, int, int, float]] = field(default_factory=list)
    unsure: dict[int, int] = field(default_factory=dict)
    written: list[tuple[int, int, str, str, int, str]] = field(default_factory=list)
    outcomes: Outcomes = field(default_factory=Outcomes)
    left_out: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._number_of_task = {task.id: number for number, task in enumerate(self.file.tasks)}
        self._number_of_worker: dict[str, int] = {}
        self._number_of_answer: dict[str, int] = {}
        self._num_said = 0
        self._said: dict[int, int] = {}  # of each task and worker in one number a hash of what was said

    def add(self, rows: Iterable[ResultRow], source: int) -> None:
        """Take the rows of one file.

        Args:
            rows: of the file.
            source: number of the file.
        """
        for row in rows:
            self.outcomes.count(self._outcome(row, source), row.place)

    def number_of_answer(self, answer: str) -> int:
        """Return the number of an answer, which is a new one if no answer like it has a number."""
        number = self._number_of_answer.setdefault(matching_form(answer), len(self.answer_texts))
        if number == len(self.answer_texts):
            self.answer_texts.append(answer)
        return number

    def check_some_used(self, name: str) -> None:
        """Refuse results none of which belongs to the tasks."""
        outcomes = self.outcomes.counts
        if any(outcomes[each] for each in (USED, CANNOT_TELL_ROW, READ_BEFORE, UNSURE)):
            return
        most, _ = outcomes.most_common(1)[0] if outcomes else ("no rows", 0)
        advice = {
            OTHER_EXPORT: "They were given out with other tasks: name the tasks.json of that export.",
            UNKNOWN_TASK: "None of their tasks is in the tasks.json: name the one that was given out.",
        }.get(most, "")
        counts = ", ".join(f"{number:,} {outcome}" for outcome, number in outcomes.most_common())
        raise Refusal("results", f"hold an answer to use; {name} has rows: {counts or 'none'}", name, advice)

    def _outcome(self, row: ResultRow, source: int) -> str:
        """Return what becomes of a row, and keep its answer if it can be used."""
        if row.is_rejected:
            return REJECTED
        if not row.task and not row.is_finished:
            return UNFINISHED
        if row.tasks_sha256 and row.tasks_sha256 != self.file.sha256:
            return OTHER_EXPORT
        task = self._number_of_task.get(row.task)
        if task is None:
            return UNKNOWN_TASK
        if not row.is_finished:
            return UNFINISHED
        if not matching_form(row.worker):
            return NO_WORKER
        answer, refused = self._answer(row, task)
        if refused:
            return refused
        worker = self._worker(row.worker)
        said = hash((row.assignment, answer, row.written))
        before = self._said.setdefault(task << 32 | worker, said)
        if len(self._said) == self._num_said:
            return READ_BEFORE if before == said else REPEATED
        self._num_said = len(self._said)
        if row.how == WRITTEN:
            self._keep_written(row, task, worker, source)
            return USED
        if row.confidence is not None and answer >= 0:
            self.stated.append((task, worker, answer, row.confidence))
            if row.confidence < self.min_confidence:
                self.unsure.setdefault(task, answer)
                return UNSURE
        self.tasks.append(task)
        self.workers.append(worker)
        self.answers.append(answer)
        self.sources.append(source)
        self.last_times[task] = max(self.last_times.get(task, ""), _shown_time(row), key=time_order)
        return USED if answer >= 0 else CANNOT_TELL_ROW

    def _answer(self, row: ResultRow, number: int) -> tuple[int, str]:
        """Return the number of a row's answer, or why it cannot be used."""
        task = self.file.tasks[number]
        if task.kind == "write" or row.how == WRITTEN:
            return self._written(row, task)
        if row.how == CANNOT_TELL:
            return -1, ""
        if len(row.answer) > LONGEST_ANSWER:
            return -1, TOO_LONG
        form = matching_form(row.answer)
        choices = _by_form(task.shown_choices)
        if form not in choices and not holds_answer(row.answer):
            return -1, NO_WORDS
        if form not in choices and (row.how == CHOICE or task.kind == "verify"):
            return -1, OUTSIDE
        return self.number_of_answer(choices.get(form) or seen_text(row.answer)), ""

    def _written(self, row: ResultRow, task: Task) -> tuple[int, str]:
        if task.kind != "write":
            return -1, OUTSIDE
        reasons = [why_unusable(question, answer) for question, answer in row.written]
        return -1, NO_WORDS if not reasons else "" if "" in reasons else reasons[0]

    def _keep_written(self, row: ResultRow, task: int, worker: int, source: int) -> None:
        """Keep the questions of a row that can be used, each once, and count the others."""
        forms = set()
        for question, answer in row.written:
            reason = why_unusable(question, answer)
            if not reason and matching_form(question) in forms:
                reason = SAME_QUESTION
            if reason:
                self.left_out[reason] += 1
                continue
            forms.add(matching_form(question))
            texts = (seen_text(question), seen_text(answer))
            self.written.append((task, worker, *texts, source, _shown_time(row)))

    def worker_name(self, name: str) -> str:
        """Return a worker's name as it was first given; names that differ in case and spaces are one."""
        number = self._number_of_worker.get(matching_form(name))
        return without_controls(collapse_spaces(name)) if number is None else self.worker_names[number]

    def _worker(self, name: str) -> int:
        number = self._number_of_worker.setdefault(matching_form(name), len(self.worker_names))
        if number == len(self.worker_names):
            self.worker_names.append(without_controls(collapse_spaces(name)))
        return number


@functools.lru_cache(maxsize=1024)
def _by_form(choices: tuple[str, ...]) -> dict[str, str]:
    """Return choices by the form in which answers are compared."""
    return {matching_form(choice): choice for choice in choices}


def _shown_time(row: ResultRow) -> str:
    return without_controls(collapse_spaces(row.time[:LONGEST_TIME]))


def read_results(path: Path) -> Iterator[ResultRow]:
    """Yield the rows of a file of results, of whatever service.

    Raises:
        ValueError: no file that is known.
    """
    if is_answers_database(path):
        return read_answers(path)
    if path.suffix.lower() == ".json":
        return read_label_studio_json(path)
    if path.suffix.lower() == SUFFIX:
        return read_model_answers(path)
    names, _ = open_csv(path)
    if "row_id" in names:
        raise Refusal(
            f"{path} must be a file of results. Received: a table of corrections, which has been read."
        )
    for is_kind, read in (
        (is_label_studio, read_label_studio_csv),
        (is_mturk, read_mturk),
        (is_table, read_table),
    ):
        if is_kind(names):
            return read(path)
    raise Refusal(
        f"{path} must be a file of results: of Mechanical Turk (with the column 'HITId'), of Label Studio "
        f"(JSON, or CSV with 'annotation_id'), a filled-in tasks.csv ('task_id'), answers of a model "
        f"({SUFFIX}), or corrections of a page ('clip_sha256'). Found: {', '.join(map(repr, names))}."
    )


def is_corrections_of_page(path: Path) -> bool:
    """Return whether a file holds the corrections that a page collected."""
    is_other = path.suffix.lower() in (".json", SUFFIX) or is_answers_database(path)
    return not is_other and is_page(open_csv(path)[0])
