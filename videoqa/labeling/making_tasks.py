"""Turns rows into tasks: what is asked, and the answers to choose from."""

import os
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePath
from urllib.parse import quote

from videoqa._checks import Refusal
from videoqa._text_normalization import matching_form
from videoqa.config import LabelExportConfig
from videoqa.labeling.candidate_rows import Candidate
from videoqa.labeling.tasks import LONGEST_ANSWER, NO, YES, Task, stable_id

MOST_LABELS = 20
"""Up to so many labels all are shown, whatever the model thinks."""


def make_tasks(
    rows: Sequence[Candidate],
    config: LabelExportConfig,
    *,
    offered: Iterable[Candidate],
    videos: str | os.PathLike[str] | None = None,
    known: bool = False,
) -> list[Task]:
    """Return a task for each row, or of kind "write" for each video.

    Args:
        rows: what to ask about.
        config: how, with a kind.
        offered: rows whose answers are offered beside the model's, the most frequent of a type first.
        videos: folder of the videos; None: the rows name the videos as its files.
        known: the rows' annotated answers are right, and show who answers well. To be checked, every second
            gets a wrong one.
    """
    kind = config.kind or ""
    frequent = _frequent_answers(offered)
    tasks: dict[str, Task] = {}
    for place, row in enumerate(rows):
        right = row.truth
        if kind == "verify" and known:
            row, right = _known_check(row, frequent[row.question_type], place)
        ident = id_of_row(row, kind)
        task = Task(
            id=ident,
            kind=kind,
            video=row.video,
            question="" if kind == "write" else row.question,
            question_type="" if kind == "write" else row.question_type,
            answer=row.truth if kind == "verify" else "",
            num_questions=config.num_questions if kind == "write" else 0,
            start_seconds=row.start_seconds,
            end_seconds=row.end_seconds,
            video_url=_url(row, config.video_url_prefix, videos) if config.video_url_prefix else "",
            corrects="" if kind == "write" else row.row_id,
            group=row.group,
        )
        if kind in ("answer", "label"):
            task = _with_choices(task, row, frequent[row.question_type], config)
        task = replace(task, known_answer=right) if known else task
        tasks.setdefault(ident, task)
    return list(tasks.values())


def id_of_row(row: Candidate, kind: str) -> str:
    """Return the id of the task about a row, by what a person is asked."""
    asked = {"verify": (row.question, row.truth), "write": ()}.get(kind, (row.question,))
    return stable_id(kind, row.video, row.start_seconds, row.end_seconds, *asked)


def _known_check(row: Candidate, frequent: list[str], place: int) -> tuple[Candidate, str]:
    """Return a row to check and what is right to say; every second has another answer of its type."""
    others = [each for each in frequent if matching_form(each) != matching_form(row.truth)]
    return (row, YES) if place % 2 or not others else (replace(row, truth=others[0]), NO)


def _frequent_answers(rows: Iterable[Candidate]) -> dict[str, list[str]]:
    """Return the annotated and the model's answers to each question type, the most frequent first."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    shown: dict[str, str] = {}
    for row in rows:
        for answer in (row.truth, *(answer for answer, _ in row.ranked)):
            if answer:
                form = matching_form(answer)
                shown.setdefault(form, answer)
                counts[row.question_type][form] += 1
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, each in counts.items():
        found[name] = [shown[form] for form, _ in each.most_common()]
    return found


def _with_choices(task: Task, row: Candidate, frequent: list[str], config: LabelExportConfig) -> Task:
    """Return the task with the model's answers, the annotated one and frequent ones, in a random order.

    One that is longer than `LONGEST_ANSWER` is left out: whoever chose it would give no answer.
    """
    num_choices = config.num_choices
    if task.kind == "label" and len(frequent) <= MOST_LABELS:
        num_choices = max(num_choices, len(frequent))
    wanted = [*([row.truth] if row.truth else []), *(answer for answer, _ in row.ranked), *frequent]
    choices: dict[str, str] = {}
    for answer in wanted:
        if len(choices) < num_choices and len(answer) <= LONGEST_ANSWER:
            choices.setdefault(matching_form(answer), answer)
    order = list(choices.values())
    random.Random(f"{config.seed} {task.id}").shuffle(order)
    return replace(task, choices=tuple(order), ranked=row.ranked)


def _url(row: Candidate, prefix: str, videos: str | os.PathLike[str] | None) -> str:
    """Return the address of a row's clip, with the seconds that are meant."""
    path = PurePath(row.video)
    if path.is_absolute() and videos is not None and path.is_relative_to(os.path.abspath(videos)):
        path = path.relative_to(os.path.abspath(videos))
    if path.is_absolute() or ".." in path.parts:
        advice = "Name with --videos the folder that the address is of."
        raise Refusal("video", "be a file below the folder of the videos", row.video, advice)
    url = prefix + quote(path.as_posix())
    if row.start_seconds is None and row.end_seconds is None:
        return url
    end = "" if row.end_seconds is None else f",{row.end_seconds:g}"
    return f"{url}#t={row.start_seconds or 0:g}{end}"
