"""Turns rows into tasks: what is asked, and the answers to choose from."""

import os
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePath
from urllib.parse import quote, urlsplit

from videoqa._checks import Refusal
from videoqa._text_normalization import matching_form
from videoqa.labeling.candidate_rows import Candidate
from videoqa.labeling.tasks import Task, task_id

MOST_LABELS = 20
"""Up to so many labels all are shown, whatever the model thinks."""
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")


def make_tasks(
    rows: Sequence[Candidate],
    kind: str,
    *,
    others: Iterable[Candidate] = (),
    num_choices: int = 4,
    num_questions: int = 3,
    known: bool = False,
    url_prefix: str = "",
    videos: str | os.PathLike[str] | None = None,
    seed: int = 0,
) -> list[Task]:
    """Return a task for each row, or of kind "write" for each video.

    Args:
        rows: what to ask about.
        kind: one of `LABEL_KINDS`.
        others: rows whose answers are offered beside the model's, the most frequent of a question type first.
        num_choices: answers to choose from.
        num_questions: to be written for each video.
        known: the rows' annotated answers are right, and show who answers well.
        url_prefix: address of the folder of the videos.
        videos: this folder; None: the rows name the videos as its files.
        seed: of the order of the choices, which tells nothing of the model's.
    """
    frequent = _frequent_answers([*rows, *others])
    tasks: dict[str, Task] = {}
    for row in rows:
        if kind == "verify" and not row.truth:
            continue
        asked = {"verify": (row.question, row.truth), "write": ()}.get(kind, (row.question,))
        ident = task_id(kind, row.video, row.start_seconds, row.end_seconds, *asked)
        task = Task(
            id=ident,
            kind=kind,
            video=row.video,
            question="" if kind == "write" else row.question,
            question_type="" if kind == "write" else row.question_type,
            answer=row.truth if kind == "verify" else "",
            num_questions=num_questions if kind == "write" else 0,
            start_seconds=row.start_seconds,
            end_seconds=row.end_seconds,
            video_url=_url(row, url_prefix, videos) if url_prefix else "",
            corrects="" if kind == "write" else row.row_id,
            group=row.group,
        )
        if kind in ("answer", "label"):
            task = _with_choices(task, row, frequent[row.question_type], num_choices, known, seed)
        tasks.setdefault(ident, task)
    return list(tasks.values())


def check_url_prefix(prefix: str | None, needed: bool) -> str:
    """Return the address of the folder of the videos, ending in a slash; refuse one no browser would load.

    Raises:
        ValueError: missing where it is needed, not https, or with a query.
    """
    if prefix is None:
        if needed:
            advice = "People's browsers load the clips from there: --video-url-prefix https://..."
            raise Refusal("video_url_prefix", "be given for this format", prefix, advice)
        return ""
    parts = urlsplit(prefix)
    is_local = parts.scheme == "http" and (parts.hostname or "") in (*LOCAL_HOSTS, "::1")
    if not parts.hostname or not (parts.scheme == "https" or is_local) or parts.query or parts.fragment:
        advice = "Pages of a service load clips by https only."
        raise Refusal("video_url_prefix", "be an https:// address without a query", prefix, advice)
    return prefix if prefix.endswith("/") else f"{prefix}/"


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


def _with_choices(
    task: Task, row: Candidate, frequent: list[str], num_choices: int, known: bool, seed: int
) -> Task:
    """Return the task with the model's answers, the annotated one and frequent ones, in a random order."""
    if task.kind == "label" and len(frequent) <= MOST_LABELS:
        num_choices = max(num_choices, len(frequent))
    first = [row.ranked[0][0]] if row.ranked else []
    wanted = [*first, *([row.truth] if row.truth else []), *(answer for answer, _ in row.ranked), *frequent]
    choices: dict[str, str] = {}
    for answer in wanted:
        if len(choices) < num_choices:
            choices.setdefault(matching_form(answer), answer)
    order = list(choices.values())
    random.Random(f"{seed} {task.id}").shuffle(order)
    return replace(
        task,
        choices=tuple(order),
        ranked=row.ranked,
        known_answer=row.truth if known else None,
    )


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
