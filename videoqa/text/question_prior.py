"""The longest-question-prefix prior: answers guessed from how a question begins, without any video."""

import string
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from videoqa._checks import Refusal
from videoqa._text_normalization import collapse_spaces, normalize_answer, shown_answer
from videoqa._words import question_words
from videoqa.text._json_texts import FIRST_TOKENIZER, load_tokenized_texts, save_texts
from videoqa.text.vocabulary import NEWEST_TOKENIZER

FIELD = "answers_by_prefix"


@dataclass(frozen=True)
class QuestionPrior:
    """Answers with the most frequent training answer to questions that begin alike: a floor for models.

    Args:
        answers: prefix (the words of a question without punctuation, joined by single spaces; "" before the
            first word) -> answer. A prefix may be left out if the next shorter one has the same answer.
        tokenizer: what finds the words, a key of `WORDS_OF`.

    Raises:
        ValueError: no answer for the empty prefix.
    """

    answers: Mapping[str, str]
    tokenizer: str = NEWEST_TOKENIZER

    def __post_init__(self) -> None:
        if "" not in self.answers:
            raise Refusal("answers", "have an answer for the empty prefix ''", dict(self.answers))

    def answer(self, question: str) -> str:
        """Return the answer of the longest known prefix of `question`; the whole question counts as one."""
        words = WORDS_OF[self.tokenizer](question)
        for length in range(len(words), 0, -1):
            prefix = " ".join(words[:length])
            if prefix in self.answers:
                return self.answers[prefix]
        return self.answers[""]

    def save(self, path: str | Path) -> None:
        """Write the prefixes, their answers and the tokenizer's name as JSON."""
        save_texts(path, FIELD, dict(self.answers), self.tokenizer)

    @classmethod
    def load(cls, path: str | Path) -> "QuestionPrior":
        """Return the prior that `save` wrote; raises as `load_tokenized_texts`."""
        return load_tokenized_texts(path, FIELD, dict, WORDS_OF, cls)


def _words_between_spaces(question: str) -> list[str]:
    words = (word.strip(string.punctuation) for word in collapse_spaces(question.lower()).split())
    return [word for word in words if word]


WORDS_OF: dict[str, Callable[[str], list[str]]] = {
    FIRST_TOKENIZER: _words_between_spaces,
    NEWEST_TOKENIZER: question_words,
}
"""Tokenizer -> what gives the words of a question without the punctuation at their ends."""


def build_question_prior(questions: Sequence[str], answers: Sequence[str]) -> QuestionPrior:
    """Return the prior of training questions; of equally frequent answers the first to appear wins.

    A prefix is kept only if the next shorter kept one has another answer. This changes no guess, because all
    shorter prefixes of a known prefix are known too.

    Args:
        questions: one per training row, at least one.
        answers: one per training row.

    Raises:
        ValueError: no rows, or not as many questions as answers.
    """
    if len(questions) == 0 or len(questions) != len(answers):
        requirement = "be as many as `answers`, and at least one"
        raise Refusal("questions", requirement, f"{len(questions)} for {len(answers)} answers")
    words = {question: question_words(question) for question in set(questions)}
    spelled: dict[str, str] = {}  # the first spelling stands for all
    texts = {
        each: spelled.setdefault(normalize_answer(each), shown_answer(each))
        for each in dict.fromkeys(answers)
    }
    rows = [(words[question], texts[answer]) for question, answer in zip(questions, answers, strict=True)]
    return QuestionPrior(_pruned_answers(rows))


def _pruned_answers(rows: list[tuple[list[str], str]]) -> dict[str, str]:
    """Return the prefixes to keep with their answers, from the words and the answer of each row."""
    kept: dict[str, str] = {}
    # a prefix, the answer of the next shorter one, and its rows in the order of the table
    waiting: list[tuple[tuple[str, ...], str | None, list[tuple[list[str], str]]]] = [((), None, rows)]
    while waiting:
        prefix, inherited, members = waiting.pop()
        counts = Counter(answer for _, answer in members)
        best = counts.most_common(1)[0][0]  # of equal counts the first to appear
        if best != inherited:
            kept[" ".join(prefix)] = best
        if len(counts) == 1:
            continue  # every longer prefix has this answer too
        longer: defaultdict[str, list[tuple[list[str], str]]] = defaultdict(list)
        for row in members:
            if len(row[0]) > len(prefix):
                longer[row[0][len(prefix)]].append(row)
        waiting += [((*prefix, word), best, group) for word, group in longer.items()]
    return kept
