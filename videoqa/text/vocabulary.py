"""The question vocabulary: turns questions into lower-case words, and into rows of token ids."""

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from nltk.tokenize import NLTKWordTokenizer

from videoqa._checks import Refusal, check_choice, check_integer
from videoqa._text_normalization import (
    check_question,
    collapse_spaces,
    holds_words,
    matching_form,
    normalize_answer,
)
from videoqa._words import spaced_words
from videoqa.config import MAX_QUESTION_TOKENS
from videoqa.text._json_texts import FIRST_TOKENIZER, load_tokenized_texts, save_texts
from videoqa.text.answers import AnswerList, build_answer_list

__all__ = [
    "PADDING_ID",
    "UNKNOWN_ID",
    "AnswerList",
    "Vocabulary",
    "build_answer_list",
    "build_vocabulary",
    "check_question",
    "normalize_answer",
    "tokenize",
]

PADDING_ID = 0
UNKNOWN_ID = 1
SPECIAL_WORDS = ("", "<unknown>")
"""The words with the ids `PADDING_ID` and `UNKNOWN_ID`; no question contains them."""

NEWEST_TOKENIZER = "every_script"
_NLTK = NLTKWordTokenizer()
# Most questions are plain words, for which splitting at spaces gives the tokenizer's result unless one is a
# contraction (can-not, gon-na, ...). This shortcut makes a table of 100,000 rows quick.
_PLAIN = re.compile(r"[a-z0-9 ]+\?*")
_CONTRACTED = re.compile(r"\b(?:cannot|gimme|gonna|gotta|lemme|wanna)\b")


@dataclass(frozen=True)
class Vocabulary:
    """Question words by id: `words[0]` is the padding, `words[1]` stands for every unknown word.

    Args:
        words: distinct words, beginning with `SPECIAL_WORDS`.
        tokenizer: what splits questions into such words, a key of `TOKENIZERS`.

    Raises:
        ValueError: other first words, a word that is no str, a repeated one, or an unknown tokenizer.
    """

    words: tuple[str, ...]
    tokenizer: str = NEWEST_TOKENIZER
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", tuple(self.words))
        check_choice("tokenizer", self.tokenizer, tuple(TOKENIZERS))
        if self.words[:2] != SPECIAL_WORDS:
            raise Refusal("words", f"begin with {SPECIAL_WORDS}", self.words[:2])
        for word, count in Counter(self.words).items():
            if not isinstance(word, str) or count > 1:
                raise Refusal("words", "be distinct texts", word)
        object.__setattr__(self, "_ids", {word: number for number, word in enumerate(self.words)})

    @property
    def size(self) -> int:
        """Number of ids, padding and unknown included."""
        return len(self.words)

    def encode(self, questions: Iterable[str], max_tokens: int = MAX_QUESTION_TOKENS) -> np.ndarray:
        """Return token ids, each distinct question tokenized once.

        Args:
            questions: n texts.
            max_tokens: length of a row; questions are cut or padded on the right.

        Returns:
            int32 `(n, max_tokens)`, values in `[0, size)`.

        Raises:
            ValueError: a question that `check_question` refuses.
        """
        check_integer("max_tokens", max_tokens, minimum=1)
        rows: dict[str, int] = {}
        order = [rows.setdefault(question, len(rows)) for question in questions]
        token_ids = np.full((len(rows), max_tokens), PADDING_ID, dtype=np.int32)
        for question, row in rows.items():
            check_question(question)
            ids = [self._ids.get(word, UNKNOWN_ID) for word in self.tokenize(question)[:max_tokens]]
            token_ids[row, : len(ids)] = ids
        return token_ids[order]

    def tokenize(self, question: str) -> list[str]:
        """Return the words of a question, as the vocabulary's tokenizer splits it."""
        return tokenize(question, self.tokenizer)

    def unknown_words(self, question: str) -> list[str]:
        """Return the distinct words of a question that are not in the vocabulary, without punctuation."""
        unknown = (word for word in self.tokenize(question) if word not in self._ids and holds_words(word))
        return list(dict.fromkeys(unknown))

    def check_known(self, question: str, name: str = "question") -> list[str]:
        """Return `unknown_words(question)` of a question with at least one known word.

        Raises:
            ValueError: every word is unknown, or `check_question` refuses it.
        """
        check_question(question, name)
        unknown = self.unknown_words(question)
        words = {word for word in self.tokenize(question) if holds_words(word)}
        if words and len(unknown) == len(words):
            advice = f"Known are, for example: {', '.join(self._examples())}."
            raise Refusal(name, "hold a word of the training questions", question, advice)
        return unknown

    def save(self, path: str | Path) -> None:
        """Write the words and the name of their tokenizer as JSON."""
        save_texts(path, "words", list(self.words), self.tokenizer)

    @classmethod
    def load(cls, path: str | Path) -> "Vocabulary":
        """Return the vocabulary that `save` wrote; raises as `load_tokenized_texts`."""
        return load_tokenized_texts(path, "words", list, TOKENIZERS, cls)

    def _examples(self, number: int = 10) -> Sequence[str]:
        return [word for word in self.words[2:] if holds_words(word)][:number]


def build_vocabulary(questions: Iterable[str], vocabulary_size: int = 10000) -> Vocabulary:
    """Return the most frequent words of `questions`, ties in alphabetical order.

    Args:
        questions: one text per training row; repeated questions count as often as they occur.
        vocabulary_size: ids at most, padding and unknown included.

    Raises:
        ValueError: a question that `check_question` refuses, or no question at all.
    """
    check_integer("vocabulary_size", vocabulary_size, minimum=3)
    counts: Counter[str] = Counter()
    for question, rows in Counter(questions).items():
        check_question(question)
        for word in tokenize(question):
            counts[word] += rows
    if not counts:
        raise Refusal("questions", "hold at least one question", [])
    ordered = sorted(counts, key=lambda word: (-counts[word], word))
    return Vocabulary((*SPECIAL_WORDS, *ordered[: vocabulary_size - len(SPECIAL_WORDS)]))


def tokenize(question: str, tokenizer: str = NEWEST_TOKENIZER) -> list[str]:
    """Return the lower-case tokens of a question, punctuation marks as tokens of their own.

    Scripts without spaces are split into characters. The tokens are those of the question's `matching_form`.

    Args:
        question: the text.
        tokenizer: a key of `TOKENIZERS`; models trained before there was a second one have "nltk".

    Example:
        >>> tokenize("What is the man's dog doing?")
        ['what', 'is', 'the', 'man', "'s", 'dog', 'doing', '?']
        >>> tokenize("他穿什么颜色的T恤？")
        ['他', '穿', '什', '么', '颜', '色', '的', 't', '恤', '?']

    Source: the rules for ASCII are those of nltk's `NLTKWordTokenizer`, which needs no download.
    """
    return list(_tokens(question, tokenizer))


@functools.lru_cache(maxsize=2**17)
def _tokens(question: str, tokenizer: str) -> tuple[str, ...]:
    text = TOKENIZERS[tokenizer](question)
    if _PLAIN.fullmatch(text) and not _CONTRACTED.search(text):
        return tuple(text.replace("?", " ? ").split())
    return tuple(_NLTK.tokenize(text))


def _as_typed(question: str) -> str:
    return collapse_spaces(question.lower())


def _in_every_script(question: str) -> str:
    return spaced_words(matching_form(question))


TOKENIZERS: dict[str, Callable[[str], str]] = {FIRST_TOKENIZER: _as_typed, NEWEST_TOKENIZER: _in_every_script}
"""Name of a tokenizer -> what it does to a question before nltk's rules split it."""
