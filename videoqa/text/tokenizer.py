"""Splits a question into lower-case words."""

import functools
import re

from nltk.tokenize import NLTKWordTokenizer

from videoqa._normalizing import check_question, collapse_spaces, holds_words, normalize_answer

__all__ = ["check_question", "holds_words", "normalize_answer", "tokenize"]

_TOKENIZER = NLTKWordTokenizer()
# Words without punctuation need none of the tokenizer's rules but its contractions (can-not, gon-na, ...),
# and most questions are made of nothing else: this is what makes a table of 100,000 rows quick.
_PLAIN = re.compile(r"[a-z0-9 ]+\?*")
_CONTRACTED = re.compile(r"\b(?:cannot|gimme|gonna|gotta|lemme|wanna)\b")


def tokenize(question: str) -> list[str]:
    """Return the lower-case tokens of a question, punctuation marks as tokens of their own.

    Example:
        >>> tokenize("What is the man's dog doing?")
        ['what', 'is', 'the', 'man', "'s", 'dog', 'doing', '?']

    Source: the rules are those of nltk's `NLTKWordTokenizer`, which needs no download.
    """
    return list(_tokens(question))


@functools.lru_cache(maxsize=2**17)
def _tokens(question: str) -> tuple[str, ...]:
    text = collapse_spaces(question.lower())
    if _PLAIN.fullmatch(text) and not _CONTRACTED.search(text):
        return tuple(text.replace("?", " ? ").split())
    return tuple(_TOKENIZER.tokenize(text))
