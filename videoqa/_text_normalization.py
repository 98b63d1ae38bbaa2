"""Normalises questions and answers, so that spelling variants count as equal."""

import unicodedata

from videoqa._checks import Refusal
from videoqa.config import MAX_QUESTION_CHARACTERS


def collapse_spaces(text: str) -> str:
    """Return `text` in Unicode form NFC, stripped, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def normalize_answer(text: str) -> str:
    """Return `text` in lower case and Unicode form NFC, stripped, with single spaces."""
    return collapse_spaces(text.lower())


def holds_words(text: str) -> bool:
    """Return whether `text` has a letter or a digit, in any script."""
    return any(character.isalnum() for character in text)


def check_question(question: object, name: str = "question") -> str:
    """Return `question` with its white space collapsed.

    Raises:
        ValueError: not a str, longer than `MAX_QUESTION_CHARACTERS`, or without any letter or digit.
    """
    if not isinstance(question, str):
        raise Refusal(name, "be a str", question)
    if len(question) > MAX_QUESTION_CHARACTERS:
        requirement = f"have at most {MAX_QUESTION_CHARACTERS} characters; this has {len(question)}"
        raise Refusal(name, requirement, question[:40] + "...")
    if not holds_words(question):
        raise Refusal(name, "hold at least one word", question)
    return collapse_spaces(question)


def without_controls(text: str) -> str:
    """Return `text` with control characters replaced: they are invisible and may reorder their neighbours."""
    return "".join("\N{REPLACEMENT CHARACTER}" if _is_control(each) else each for each in text)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Cf") and character not in "\n\t\u200c\u200d"
