"""Reads an answer out of what a model said: JSON as it was asked for, or words that leave no doubt."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from videoqa._text_normalization import collapse_spaces, holds_words, matching_form, without_controls
from videoqa.chat.client import Words
from videoqa.labeling.model_prompts import LONGEST_QUESTION
from videoqa.labeling.result_rows import CANNOT_TELL, CHOICE, TYPED, WRITTEN
from videoqa.labeling.tasks import LONGEST_ANSWER, Task

BY_SAMPLES, BY_TOKENS, BY_ITSELF = "samples", "logprobs", "stated"
"""Where a confidence comes from: the share of equal samples, the tokens' probabilities, the model's word."""
CANNOT_TELL_FORMS = re.compile(
    r"(i )?(can ?not|can't|could not|couldn't|unable to) (tell|say|determine|see)( it| that| this)?"
    r"|unknown|not (visible|shown|clear)|\?+|n/a|unclear"
)
CANNOT_TELL_BEGINS = re.compile(
    r"(i )?(can ?not|can't|could not|couldn't|am unable to|unable to) (tell|say|determine|see)\b"
    r"|(it|this|that)('s| is) (unclear|unknown|not (visible|shown|clear|possible)|impossible)\b"
    r"|(it )?(cannot|can't) be (told|said|determined|seen)\b"
    r"|the (frames|video|clip|images?) (do not|don't|does not|doesn't) show\b"
)
REFUSAL = re.compile(
    r"\b(sorry|apologi[sz]e)\b.*\b(can't|cannot|can not|unable|not able|won't)\b|\bas an ai\b"
    r"|\b(can't|cannot|can not|unable to|not able to|won't) (help|assist|comply|answer|provide|identify)\b"
)
"""Words of a model that will not answer, whatever it is asked."""
LONGEST_REPLY = 100_000
"""Characters of a reply that is read; one that was asked for has some hundred."""
MOST_OBJECTS = 200
"""Braces at which an object is looked for."""
DENIAL = re.compile(r"\b(not|cannot|no|never|neither|nor|none|without|unable|\w+n't)\b")
ANSWER_NAMES = ("answer", "choice", "label", "verdict")
BEGINS_WITH_JSON = re.compile(r"\s*(```\w*\s*)?\{")


@dataclass(frozen=True)
class ModelAnswer:
    """A model's answer to a task.

    Attributes:
        how: `CHOICE`, `TYPED`, `CANNOT_TELL` or `WRITTEN`.
        answer: of a choice as it is shown, of a typed one as it was said.
        written: questions with their answers.
        confidence: from 0 to 1; None: unknown.
        confidence_by: where it comes from; "" if it is unknown.
    """

    how: str
    answer: str = ""
    written: tuple[tuple[str, str], ...] = ()
    confidence: float | None = None
    confidence_by: str = ""

    @property
    def form(self) -> tuple[str, str]:
        """What equal answers have in common."""
        return self.how, matching_form(self.answer)


def read_reply(task: Task, words: Words) -> ModelAnswer | None:
    """Return the answer that a model gave; None if its words are no answer to the task, or leave it open."""
    if len(words.text) > LONGEST_REPLY:
        return None
    found = _json_object(words.text)
    if words.is_cut and (found is None or not BEGINS_WITH_JSON.match(words.text)):
        return None  # what stands before an answer may be thoughts, which say more than one
    if task.kind == "write":
        return _written(task, found)
    said, stated = _said(found, words.text)
    answer = _answer(task, said, is_json=found is not None)
    if answer is None:
        return None
    by_tokens = _probability(words, said, is_json=found is not None)
    if by_tokens is not None:
        return ModelAnswer(*answer, confidence=by_tokens, confidence_by=BY_TOKENS)
    if stated is not None:
        return ModelAnswer(*answer, confidence=stated, confidence_by=BY_ITSELF)
    return ModelAnswer(*answer)


def joined_answer(samples: Sequence[ModelAnswer | None]) -> ModelAnswer | None:
    """Return the most frequent of several answers to a task, with its share as the confidence.

    Of equally frequent ones the first counts. None if no sample is an answer. A single sample, and written
    questions, are as they are.

    Args:
        samples: None for words that were no answer, which agree with nothing.
    """
    given = [each for each in samples if each is not None]
    if not given or len(samples) == 1 or given[0].how == WRITTEN:
        return given[0] if given else None
    form, number = Counter(each.form for each in given).most_common(1)[0]
    first = next(each for each in given if each.form == form)
    share = round(number / len(samples), 4)
    return ModelAnswer(first.how, first.answer, confidence=share, confidence_by=BY_SAMPLES)


def _json_object(text: str) -> dict[str, Any] | None:
    """Return the last JSON object in a text that no other one holds; None if there is none."""
    found, place, decoder = None, text.find("{"), json.JSONDecoder()
    for _ in range(MOST_OBJECTS):
        if place < 0:
            break
        try:
            value, end = decoder.raw_decode(text, place)
            found = value if isinstance(value, dict) else found
        except (ValueError, RecursionError):
            end = place + 1
        place = text.find("{", end)
    return found


def _said(found: dict[str, Any] | None, text: str) -> tuple[str, float | None]:
    """Return the answer as the model spelled it, and how sure it says to be, from 0 to 1."""
    if found is None:
        return text, None
    values = {str(name).lower(): value for name, value in found.items()}
    said = next((values[name] for name in ANSWER_NAMES if name in values), "")
    if isinstance(said, bool):
        said = "yes" if said else "no"
    if isinstance(said, float) and said.is_integer():
        said = int(said)
    if not isinstance(said, (str, int, float)):
        said = ""
    return str(said), _share(values.get("confidence"))


def _share(stated: object) -> float | None:
    """Return how sure a model says to be, from 0 to 1; None where that cannot be told.

    It is asked for a whole number of percent. Some give a share instead: at most 1, with a decimal point.
    """
    text = str(stated).strip()
    try:
        number = float(text.removesuffix("%"))
    except ValueError:  # also of true and false
        return None
    if not 0 <= number <= 100:
        return None
    is_share = number <= 1 and not text.endswith("%") and not text.isdecimal()
    return number if is_share else number / 100


def _answer(task: Task, said: str, *, is_json: bool) -> tuple[str, str] | None:
    """Return how a task was answered, and the answer; None if that cannot be told."""
    text = collapse_spaces(without_controls(said))
    form = matching_form(text).strip(" .!\"'`*")
    choices = {matching_form(choice): choice for choice in task.shown_choices}
    exact = choices.get(matching_form(text)) or choices.get(form)
    if exact is not None:
        return CHOICE, exact
    if CANNOT_TELL_FORMS.fullmatch(form):
        return CANNOT_TELL, ""
    if choices and (chosen := _by_number(form, task) or _in_words(form, choices)):
        return CHOICE, chosen
    if CANNOT_TELL_BEGINS.match(form) and not any(choice in form for choice in choices):
        return CANNOT_TELL, ""
    if choices or len(text) > LONGEST_ANSWER or not holds_words(form) or REFUSAL.search(form):
        return None
    if not is_json and "\n" in said.strip():
        return None
    plain = text.strip("\"'`* ")
    return TYPED, plain.removesuffix(".") if plain.count(".") == 1 else plain  # but for "e.g."


def _by_number(form: str, task: Task) -> str | None:
    """Return the choice that a number means, alone or before the choice's own words, as in "2. waving"."""
    match = re.fullmatch(r"\(?(?:choice |option )?(\d{1,2})\)?(?:[.):]? *(.*))?", form)
    if match is None or not 1 <= int(match[1]) <= len(task.shown_choices):
        return None
    choice = task.shown_choices[int(match[1]) - 1]
    return choice if not match[2] or match[2] == matching_form(choice) else None


def _in_words(form: str, choices: dict[str, str]) -> str | None:
    """Return the only choice that a sentence names and does not deny, or the one that it begins with."""
    for each in sorted(choices, key=len, reverse=True):
        begin = re.match(re.escape(each) + r"\s*([.,:;!])(\s|$)", form)
        if begin is not None:
            named, rest = _named(form[begin.end() :], choices)
            are_denied = begin[1] in ".!" and DENIAL.search(rest) is not None
            return choices[each] if not set(named) - {each} or are_denied else None
    if re.match(r"\(?\d{1,2}[.):]", form):  # a number that contradicts the words behind it
        return None
    named, rest = _named(form, choices)
    return choices[named[0]] if len(named) == 1 and not DENIAL.search(rest) else None


def _named(text: str, choices: Iterable[str]) -> tuple[list[str], str]:
    """Return the choices that a text names, and the text without them."""
    named = []
    for each in sorted(choices, key=len, reverse=True):
        text, number = re.subn(rf"(?<!\w){re.escape(each)}(?!\w)", " ", text)
        named += [each] * bool(number)
    return named, text


def _written(task: Task, found: dict[str, Any] | None) -> ModelAnswer | None:
    """Return the questions that a model wrote, each once, at most as many as it was asked for."""
    items = found.get("questions") if found is not None else None
    if not isinstance(items, list):
        return None
    pairs: dict[str, tuple[str, str]] = {}
    for item in items:
        if not isinstance(item, dict):
            continue
        question, answer = (
            collapse_spaces(without_controls(str(item.get(name, "")))) for name in ("question", "answer")
        )
        fits = len(question) <= LONGEST_QUESTION and len(answer) <= LONGEST_ANSWER
        if fits and holds_words(question) and holds_words(answer):
            pairs.setdefault(matching_form(question), (question, answer))
    kept = tuple(pairs.values())[: task.num_questions]
    return ModelAnswer(WRITTEN, written=kept) if kept else None


def _probability(words: Words, said: str, *, is_json: bool) -> float | None:
    """Return the probability of the tokens that spell the answer; None if there are none."""
    if not words.tokens or not said:
        return None
    text = "".join(token for token, _ in words.tokens)
    before = rf'"(?:{"|".join(ANSWER_NAMES)})"\s*:\s*"?' if is_json else ""
    places = [match.end() for match in re.finditer(before + re.escape(said), text, re.IGNORECASE)]
    if not places:
        return None
    start = places[-1] - len(said)
    total, place = 0.0, 0
    for token, logarithm in words.tokens:
        end = place + len(token)
        if end > start and place < start + len(said):
            total += logarithm
        place = end
    return round(math.exp(total), 4)
