"""What a person says on the page about one task, checked against the task."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from videoqa._checks import Refusal
from videoqa._text_normalization import holds_words, matching_form
from videoqa.labeling.result_rows import CANNOT_TELL, CHOICE, TYPED, WRITTEN
from videoqa.labeling.tasks import LONGEST_ANSWER, Task
from videoqa.labeling.typed_texts import holds_answer, seen_text

SKIPPED = "skipped"
"""Somebody gave the task back: it goes to somebody else."""
LONGEST_QUESTION = 1000
LONGEST_NAME = 60


@dataclass(frozen=True)
class PageAnswer:
    """An answer.

    Attributes:
        how: `CHOICE`, `TYPED`, `CANNOT_TELL`, `WRITTEN` or `SKIPPED`.
        answer: of `CHOICE` and `TYPED`; "" else.
        written: questions with their answers, of `WRITTEN`.
    """

    how: str
    answer: str = ""
    written: tuple[tuple[str, ...], ...] = ()


def person_name(text: str) -> str:
    """Return the name of somebody as it is kept: in one line, without marks that no one sees.

    Raises:
        ValueError: without a letter or digit, or too long.
    """
    name = seen_text(text)
    if not holds_words(matching_form(name)):
        raise Refusal("name", "have a letter or a digit", text[:80], "Type your name.")
    if len(name) > LONGEST_NAME:
        raise Refusal("name", f"have at most {LONGEST_NAME} characters", f"{name[:LONGEST_NAME]}...")
    return name


def page_answer(task: Task, content: Mapping[str, Any]) -> PageAnswer:
    """Return an answer that the task allows.

    Args:
        task: what was asked.
        content: "how"; of a choice and a typed answer "answer"; of a written one "written", a list of
            [question, answer].

    Raises:
        ValueError: a way to answer, or an answer, that the task does not allow.
    """
    how = content.get("how")
    if how not in _ways(task):
        raise Refusal("how", f"be one of {', '.join(map(repr, _ways(task)))}", how)
    if how == WRITTEN:
        return PageAnswer(how, written=_written(task, content.get("written")))
    if how in (SKIPPED, CANNOT_TELL):
        return PageAnswer(how)
    answer = content.get("answer")
    if not isinstance(answer, str):
        raise Refusal("answer", "be a text", answer)
    if how == CHOICE:
        if answer not in task.shown_choices:
            raise Refusal("answer", "be one of the choices", answer[:80])
        return PageAnswer(how, answer)
    return PageAnswer(how, _words("answer", answer, LONGEST_ANSWER))


def _ways(task: Task) -> tuple[str, ...]:
    if task.kind == "write":
        return WRITTEN, SKIPPED
    typed = () if task.kind == "verify" else (TYPED,)
    return CHOICE, *typed, CANNOT_TELL, SKIPPED


def _written(task: Task, pairs: Any) -> tuple[tuple[str, ...], ...]:
    number = task.num_questions
    is_pairs = isinstance(pairs, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair)
        for pair in pairs
    )
    if not is_pairs or len(pairs) != number:
        raise Refusal("written", f"be a list of {number} questions, each with its answer", pairs)
    found = tuple(
        (_words("question", question, LONGEST_QUESTION), _words("answer", answer, LONGEST_ANSWER))
        for question, answer in pairs
    )
    if len({matching_form(question) for question, _ in found}) < number:
        raise Refusal("written", "be different questions", [question[:80] for question, _ in found])
    return found


def _words(name: str, text: str, longest: int) -> str:
    """Return a typed text in one line."""
    found = seen_text(text)
    if len(found) > longest:
        raise Refusal(name, f"have at most {longest:,} characters", f"{found[:80]}...")
    if not (holds_words(found) or (name == "answer" and holds_answer(found))):
        raise Refusal(name, "have a letter or a digit", found)
    return found
