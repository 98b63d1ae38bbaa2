"""Normalises questions and answers, so that spelling variants count as equal.

What people read stays as they wrote it; only what is compared takes the form of `matching_form`.
"""

import functools
import unicodedata

from videoqa._checks import Refusal
from videoqa.config import MAX_QUESTION_CHARACTERS

_APOSTROPHES = (
    "\u2018\u2019\u201a\u201b\u2032\u02b9\u02bb\u02bc\u02bd\u00b4\u1ffd\u1fbd\u1fbf\u05f3\u055a\ua78c"
)
_QUOTATION_MARKS = "\u201c\u201d\u201e\u201f\u2033\u301d\u301e\u301f\u05f4"
_HYPHENS = "\u2010\u2011\u2012\u2013\u2212"
_DASHES = "\u2014\u2015"
_FOLDED = str.maketrans(
    dict.fromkeys(_APOSTROPHES, "'")
    | dict.fromkeys(_QUOTATION_MARKS, '"')
    | dict.fromkeys(_HYPHENS, "-")
    | dict.fromkeys(_DASHES, "--")
)
"""Marks that keyboards and word processors write for the ASCII ones, which NFKC does not fold."""
_INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"  # joiners and fillers
    "\u180b\u180c\u180d\u180f"
    "\u0640"  # the Arabic tatweel stretches a word to the line's width
) | {chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))}  # variation selectors
"""Characters that no one sees, beside those of Unicode's category of format characters."""
_DOT_ABOVE = "\u0307"


def collapse_spaces(text: str) -> str:
    """Return `text` in Unicode form NFC, stripped, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def shown_answer(text: str) -> str:
    """Return an answer in lower case and Unicode form NFC, with single spaces; "" if it has nothing to see.

    The Turkish capital İ becomes i.
    """
    lower = collapse_spaces(unicodedata.normalize("NFC", text).replace("İ", "i").lower())
    return lower if matching_form(lower) else ""


def normalize_answer(text: str) -> str:
    """Return the form in which answers are compared: `matching_form`."""
    return matching_form(text)


def matching_form(text: str) -> str:
    """Return `text` as it is compared; texts that differ only in case, spaces or keyboard are equal.

    Lower case in Unicode form NFKC, so that full-width letters and ligatures are plain ones; curly quotation
    marks, apostrophes and dashes are the ASCII ones; format characters (zero-width spaces, marks of
    direction, soft hyphens) and other invisible characters are dropped; İ is i; spaces are single, with
    none at the ends.

    Example:
        >>> matching_form("Ｗｈａｔ’s  he doing\N{ZERO WIDTH SPACE}？")
        "what's he doing?"
    """
    return " ".join(text.lower().split()) if text.isascii() else _folded(text)


@functools.lru_cache(maxsize=2**16)
def _folded(text: str) -> str:
    before = None
    while text != before:  # the compatibility form of a sign may itself be a capital or a curly mark
        before = text
        seen = "".join(character for character in text if not _is_invisible(character))
        text = unicodedata.normalize("NFKC", seen.translate(_FOLDED)).lower().replace("i" + _DOT_ABOVE, "i")
    return " ".join(text.split())


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or character in _INVISIBLE


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
    if not holds_words(matching_form(question)):
        raise Refusal(name, "hold at least one word", question)
    return collapse_spaces(question)


def without_controls(text: str) -> str:
    """Return `text` with control characters replaced: they are invisible and may reorder their neighbours."""
    return "".join("\N{REPLACEMENT CHARACTER}" if _is_control(each) else each for each in text)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Cf") and character not in "\n\t\u200c\u200d"
