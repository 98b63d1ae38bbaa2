"""The file of tasks: what people are asked, kept beside what they must not see, and checked on reading."""

import dataclasses
import functools
import hashlib
import json
import math
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videoqa._checks import Refusal, check_choice, check_file, check_integer
from videoqa._files import write_text
from videoqa._manifest import read_json
from videoqa._text_normalization import matching_form, shown_answer
from videoqa.config import LABEL_KINDS

FORMAT, VERSION = "videoqa tasks", 1
YES, NO = "yes", "no"
MOST_TASKS = 1_000_000
LONGEST_ANSWER = 200
"""Characters of an answer; a longer one is none that a model could choose."""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that a person is asked to do.

    Attributes:
        id: 16 hexadecimal digits; tells nothing of the task.
        kind: one of `LABEL_KINDS`.
        video: as the annotation table names it.
        question: of "answer" and "verify"; "" else.
        question_type: scores and agreement are given by type.
        choices: the answers to choose from, in the order in which they are shown.
        ranked: the model's answers, the most probable first, each with its probability or None.
        known_answer: the right answer, if it is known, to see who answers well; None: nobody knows it.
        answer: the one to verify.
        num_questions: to be written, of "write".
        start_seconds, end_seconds: the part of the video that is meant; None: from its start, to its end.
        video_url: where people's browsers find the video.
        corrects: `question_id` of the row that the answer is for.
        group: of that row; "": it has none.
    """

    id: str
    kind: str
    video: str
    question: str = ""
    question_type: str = ""
    choices: tuple[str, ...] = ()
    ranked: tuple[tuple[str, float | None], ...] = ()
    known_answer: str | None = None
    answer: str = ""
    num_questions: int = 0
    start_seconds: float | None = None
    end_seconds: float | None = None
    video_url: str = ""
    corrects: str = ""
    group: str = ""

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, LABEL_KINDS)
        for name in ("id", "video", *(("question",) if self.kind in ("answer", "verify") else ())):
            if not getattr(self, name).strip():
                raise Refusal(name, "be filled", getattr(self, name))
        if len({matching_form(choice) for choice in self.choices}) < len(self.choices):
            raise Refusal("choices", "be different answers", self.choices)
        if self.kind == "verify" and not shown_answer(self.answer):
            raise Refusal("answer", "be the answer to verify", self.answer)
        if self.kind == "write":
            check_integer("num_questions", self.num_questions, minimum=1, maximum=20)
        check_part(self.start_seconds, self.end_seconds)

    @property
    def is_known(self) -> bool:
        """Whether the right answer is known."""
        return self.known_answer is not None

    @property
    def model_answer(self) -> str:
        """The model's best answer; "" if no model was asked."""
        return self.ranked[0][0] if self.ranked else ""

    @property
    def shown_choices(self) -> tuple[str, ...]:
        """The answers to choose from, with those that follow from the kind."""
        return (YES, NO) if self.kind == "verify" else self.choices


@dataclass(frozen=True)
class TaskFile:
    """Tasks and where they come from.

    Attributes:
        tasks: in the order in which they are given out.
        about: JSON-ready: "made" (time, UTC), "select", "seed", "num_assignments", "model" and
            "model_sha256" ("" without a model), "task" ("open_ended" or "action").
    """

    tasks: tuple[Task, ...]
    about: Mapping[str, Any]

    def __post_init__(self) -> None:
        if not self.tasks:
            raise Refusal("tasks", "hold at least one task", [])
        ids = [task.id for task in self.tasks]
        if len(set(ids)) < len(ids):
            twice = next(each for each in ids if ids.count(each) > 1)
            raise Refusal("tasks", "have different ids", twice)

    @functools.cached_property
    def sha256(self) -> str:
        """The sha256 of all that the file says, by which answers are known to be to these tasks."""
        head = {"about": dict(self.about), "format": FORMAT}
        digest = hashlib.sha256(f'{_sorted_json(head)[:-1]}, "tasks": '.encode("ascii"))
        for number, task in enumerate(self.tasks):  # one by one, so that their texts are not there at once
            digest.update(f"{', ' if number else '['}{_sorted_json(_compact(task))}".encode("ascii"))
        digest.update(f'], "version": {VERSION}}}'.encode("ascii"))
        return digest.hexdigest()

    def _content(self) -> dict[str, Any]:
        head = {"format": FORMAT, "version": VERSION, "about": dict(self.about)}
        return {**head, "tasks": [_compact(task) for task in self.tasks]}


def _sorted_json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=True, allow_nan=False)


def check_part(start_seconds: float | None, end_seconds: float | None) -> None:
    """Raise `ValueError` unless a part of a video ends after it begins; None: at the video's start or end."""
    start, end = start_seconds or 0.0, math.inf if end_seconds is None else end_seconds
    if not 0 <= start < end:
        raise Refusal(
            "end_seconds", "be after `start_seconds`, both at least 0", (start_seconds, end_seconds)
        )


def stable_id(*parts: object) -> str:
    """Return an id that is the same for the same parts, and from which they cannot be read.

    It begins with a letter: of ids of hexadecimal digits alone one in some 700 is a number for a spreadsheet,
    such as `1234e15`, and is saved as another text.
    """
    text = json.dumps([str(part) for part in parts])
    return "i" + hashlib.sha256(text.encode("ascii")).hexdigest()[:15]


def write_tasks(path: str | os.PathLike[str], file: TaskFile) -> None:
    """Write tasks as JSON, with the hash of all of it."""
    content = {"sha256": file.sha256, **file._content()}
    write_text(Path(path), json.dumps(content, indent=1, ensure_ascii=True, allow_nan=False) + "\n")


def read_tasks(path: str | os.PathLike[str]) -> TaskFile:
    """Return the tasks of a file, or of the `tasks.json` in a folder.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no file of tasks, or one that was changed since it was written.
    """
    found = Path(path) / "tasks.json" if Path(path).is_dir() else Path(path)
    check_file("tasks", found, "It is the tasks.json that `videoqa label export` wrote.")
    content = read_json(found)
    if content.get("format") != FORMAT or content.get("version") != VERSION:
        received = (content.get("format"), content.get("version"))
        raise Refusal("tasks", f"be a file of format {FORMAT!r}, version {VERSION}", received)
    tasks, about = content.get("tasks"), content.get("about")
    if not isinstance(tasks, list) or not isinstance(about, dict) or len(tasks) > MOST_TASKS:
        raise Refusal("tasks", f"hold a list of at most {MOST_TASKS:,} tasks, and about them", str(found))
    file = TaskFile(tuple(_tasks(tasks, found)), about)
    try:
        is_unchanged = file.sha256 == content.get("sha256")
    except ValueError:  # NaN, which JSON does not have
        is_unchanged = False
    if not is_unchanged:
        advice = "Answers belong to the tasks as they were given out: use the file that was written then."
        raise Refusal("tasks", "be unchanged since it was written; its sha256 differs", str(found), advice)
    return file


def _tasks(items: list[Any], path: Path) -> Iterable[Task]:
    for number, item in enumerate(items, start=1):
        try:
            yield _task(item)
        except (ValueError, TypeError, OverflowError) as error:
            raise Refusal(f"{path} must hold tasks. Task {number}: {error}") from error


_FIELDS = {item.name: item for item in dataclasses.fields(Task)}
_NUMBERS = ("start_seconds", "end_seconds")


def _task(item: Any) -> Task:
    if (
        not isinstance(item, dict)
        or not set(item) <= set(_FIELDS)
        or not {"id", "kind", "video"} <= set(item)
    ):
        raise Refusal("task", f"be an object with fields among {', '.join(_FIELDS)}", item)
    values = dict(item)
    for name, value in item.items():
        if name == "choices":
            values[name] = tuple(_text(name, each) for each in _list(name, value))
        elif name == "ranked":
            values[name] = tuple(_ranked(each) for each in _list(name, value))
        elif name in _NUMBERS:
            values[name] = None if value is None else _number(name, value)
        elif name == "num_questions":
            check_integer(name, value, minimum=0)
        elif not (name == "known_answer" and value is None):
            values[name] = _text(name, value)
    return Task(**values)


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Refusal(name, "be a list", value)
    return value


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Refusal(name, "be a text", value)
    return sys.intern(value)  # most tasks share their question and choices


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise Refusal(name, "be a number", value)
    return value


def _ranked(value: Any) -> tuple[str, float | None]:
    if not isinstance(value, list) or len(value) != 2:
        raise Refusal("ranked", "hold pairs of an answer and a probability", value)
    return _text("ranked", value[0]), None if value[1] is None else _number("ranked", value[1])


def _compact(task: Task) -> dict[str, Any]:
    """Return a task as JSON, without the fields that are as usual."""
    values = {name: getattr(task, name) for name in _FIELDS}
    return {name: _plain(value) for name, value in values.items() if value != _FIELDS[name].default}


def _plain(value: Any) -> Any:
    return [_plain(each) for each in value] if isinstance(value, tuple) else value
