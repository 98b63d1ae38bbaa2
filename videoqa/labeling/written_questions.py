"""The questions that people wrote, each once, and what others found when they checked the answers."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from videoqa._text_normalization import matching_form, shown_answer
from videoqa.labeling.aggregating import LABELLED, Aggregated
from videoqa.labeling.collecting import Collected
from videoqa.labeling.result_rows import time_order
from videoqa.labeling.tasks import YES, Task, stable_id

UNCHECKED, RIGHT, WRONG, UNDECIDED = "not checked", "right", "wrong", "undecided"
SEVERAL_RIGHT = "another answer is right too"
STATES = (RIGHT, WRONG, UNDECIDED, SEVERAL_RIGHT, UNCHECKED)
"""What becomes of a question: only those of `RIGHT` are rows of the table, once any was checked."""
Asked = tuple[str, ...]
"""Video, its seconds and a question as it is compared: two with the same one are the same question."""


@dataclass
class Question:
    """A question about a video with its answer.

    Attributes:
        video, start_seconds, end_seconds, group: as its task has them.
        question: as it was first written.
        answer: as the annotation table shows it.
        question_type: of the task that checks it; "": of a question that was written.
        writers: who wrote it, each once; (): it came from elsewhere.
        sources: files with it or with a check of it.
        written_at: when it was written first; "": unknown.
        state: one of `STATES`.
        num_assignments: people who checked it.
        agreement: share of these who say what is found.
        certainty: by Dawid and Skene's model.
        checked_at: when it was checked last.
    """

    video: str
    start_seconds: float | None
    end_seconds: float | None
    group: str
    question: str
    answer: str
    question_type: str = ""
    writers: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    written_at: str = ""
    state: str = UNCHECKED
    num_assignments: int = 0
    agreement: float | None = None
    certainty: float | None = None
    checked_at: str = ""

    @property
    def asked(self) -> Asked:
        """What is the same of two that ask the same."""
        return asked_of(self.video, self.start_seconds, self.end_seconds, self.question)

    @property
    def key(self) -> tuple[Asked, str]:
        """What is the same of two that ask the same and answer alike."""
        return self.asked, matching_form(self.answer)

    @property
    def row_id(self) -> str:
        """The same for the same question and answer, so that nothing is added twice."""
        return stable_id(*self.key)


def asked_of(video: str, start: float | None, end: float | None, question: str) -> Asked:
    """Return what is the same of two questions that ask the same."""
    seconds = (None if each is None else float(each) for each in (start, end))
    return (video, *map(str, seconds), matching_form(question))


def key_of(task: Task, question: str = "", answer: str = "") -> tuple[Asked, str]:
    """Return the `key` of a task's question and answer, or of those that were written."""
    return _question(task, question or task.question, answer or task.answer).key


def writers_of(collected: Collected) -> dict[tuple[Asked, str], set[str]]:
    """Return who wrote each question with its answer."""
    writers: defaultdict[tuple[Asked, str], set[str]] = defaultdict(set)
    for number, worker, question, answer, _, _ in collected.written:
        key = key_of(collected.file.tasks[number], question, answer)
        writers[key].add(collected.worker_names[worker])
    return writers


def questions_of(collected: Collected, found: Aggregated, sources: list[str]) -> list[Question]:
    """Return the questions that were written or checked, each once, in the order of the results.

    Args:
        collected: answers to tasks of kind "write" and "verify".
        found: what people say of those that they checked.
        sources: names of the files.
    """
    questions: dict[tuple[Asked, str], Question] = {}
    for number, worker, text, answer, source, time in collected.written:
        made = _question(collected.file.tasks[number], text, answer)
        question = questions.setdefault(made.key, made)
        _add(question.writers, collected.worker_names[worker])
        _add(question.sources, sources[source])
        question.written_at = min(filter(None, (question.written_at, time)), key=time_order, default="")
    of_task: defaultdict[int, list[int]] = defaultdict(list)
    for place, number in enumerate(collected.tasks):
        of_task[number].append(place)
    for number, row in zip(found.tasks.index.tolist(), found.tasks.to_dict("records"), strict=True):
        task = collected.file.tasks[number]
        if task.is_known:
            continue
        made = _question(task, task.question, task.answer)
        question = questions.setdefault(made.key, made)
        question.question_type = task.question_type
        question.state = _state(row)
        question.num_assignments = row["num_assignments"]
        question.agreement, question.certainty = row["agreement"], row["certainty"]
        for place in of_task[number]:
            _add(question.sources, sources[collected.sources[place]])
        question.checked_at = max(question.checked_at, collected.last_times[number], key=time_order)
    _part_contradictions(questions.values())
    return list(questions.values())


def contradictions(questions: Iterable[Question]) -> list[list[Question]]:
    """Return the questions that have several answers, none of which people found wrong."""
    groups: defaultdict[Asked, list[Question]] = defaultdict(list)
    for question in questions:
        if question.state != WRONG:
            groups[question.asked].append(question)
    return [group for group in groups.values() if len(group) > 1]


def _part_contradictions(questions: Iterable[Question]) -> None:
    """Mark the questions of which several answers were found right: a row can have only one."""
    groups: defaultdict[Asked, list[Question]] = defaultdict(list)
    for question in questions:
        if question.state == RIGHT:
            groups[question.asked].append(question)
    for group in groups.values():
        if len(group) > 1:
            for question in group:
                question.state = SEVERAL_RIGHT


def _question(task: Task, text: str, answer: str) -> Question:
    return Question(
        video=task.video,
        start_seconds=task.start_seconds,
        end_seconds=task.end_seconds,
        group=task.group,
        question=text,
        answer=shown_answer(answer),
    )


def _state(row: dict[Any, Any]) -> str:
    if row["state"] != LABELLED:
        return UNDECIDED
    return RIGHT if row["answer"] == YES else WRONG


def _add(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)
