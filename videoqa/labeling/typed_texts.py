"""What people type: how it is kept, and what is no question or no answer."""

import unicodedata

from videoqa._text_normalization import collapse_spaces, holds_words, matching_form, without_controls
from videoqa.config import MAX_QUESTION_CHARACTERS
from videoqa.labeling.tasks import LONGEST_ANSWER

NO_WORDS, TOO_LONG = "without an answer", "too long an answer"
NO_QUESTION, TOO_LONG_QUESTION = "without a question", "too long a question"
_JOINERS = "\u200c\u200d"
"""What joins or parts the letters of some scripts and the parts of some emoji."""


def seen_text(text: str) -> str:
    """Return a text in one line, without marks that no one sees; controls are replaced, so that they show.

    Marks of direction are dropped: who types in a script from right to left may leave some at the ends.
    """
    kept = (each for each in collapse_spaces(text) if each in _JOINERS or unicodedata.category(each) != "Cf")
    return without_controls(collapse_spaces("".join(kept)))


def holds_answer(text: str) -> bool:
    """Return whether a text has a letter, a digit or a sign that is no punctuation, such as an emoji."""
    return holds_words(text) or any(
        unicodedata.category(each)[0] == "S" and not each.isascii() for each in text
    )


def why_unusable(question: str, answer: str) -> str:
    """Return why a question cannot be used with its answer; "" if it can.

    A question has a letter and is not its own answer. Whether it can be answered only people can say.
    """
    asked, answered = matching_form(question), matching_form(answer)
    if not any(map(str.isalpha, asked)) or asked == answered:
        return NO_QUESTION
    if len(question) > MAX_QUESTION_CHARACTERS:
        return TOO_LONG_QUESTION
    if not holds_answer(answer):
        return NO_WORDS
    return TOO_LONG if len(answer) > LONGEST_ANSWER else ""
