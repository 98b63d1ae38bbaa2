"""Whether a question is like those a model was trained on: its words, and the answers its beginning had."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from videoqa._checks import Refusal, check_integer, check_number
from videoqa._text_normalization import holds_words
from videoqa._words import question_words
from videoqa.text.vocabulary import Vocabulary

LONGEST_BEGINNING = 3
FEWEST_QUESTIONS = 5
"""Fewer training rows with a beginning do not say which answers may follow it."""
FEWEST_UNKNOWN, SHOWN_WORDS = 2, 5
"""One unknown word alone makes no question unfamiliar."""
NUM_FOLDS = 10
SHARE_KNOWN = 0.99
FUNCTION_WORDS = frozenset(
    "a an the this that these those i you he she it we they him her them his their its my your our me us "
    "is are was were be been being am do does did doing has have had will would can could shall should may "
    "might must of in on at by for with from to into onto over under about as and or but if not no nor so "
    "what who whom whose which when where why how there here any some all".split()
)
"""English words that say little about what a question is about; of other languages every word counts."""


@dataclass(frozen=True)
class QuestionFamiliarity:
    """Compares questions with the training questions; `fit_question_familiarity` makes one.

    Attributes:
        most_unknown: share of unknown content words that 99 % of held-out training questions do not exceed.
        answers: beginning of a question (one to three words) -> ids of the answers that followed it.
        num_questions: training rows.
    """

    most_unknown: float
    answers: Mapping[str, frozenset[int]]
    num_questions: int

    def why_not(self, question: str, vocabulary: Vocabulary, answer_id: int) -> str:
        """Return what makes a question and its answer unfamiliar, as a clause; "" if nothing does.

        Args:
            question: as it was asked.
            vocabulary: of the training questions.
            answer_id: the predicted answer.
        """
        words = content_words(vocabulary.tokenize(question))
        unknown = content_words(vocabulary.unknown_words(question))
        if len(unknown) >= FEWEST_UNKNOWN and len(unknown) / len(words) > self.most_unknown:
            return f"no training question has its words {', '.join(unknown[:SHOWN_WORDS])}"
        beginning = self._known_beginning(question)
        if beginning is None or answer_id in self.answers[beginning]:
            return ""
        return f"no training question that begins with {beginning!r} had this answer"

    def answers_to(self, question: str) -> frozenset[int]:
        """Return the ids of the answers that training questions with its beginning had; perhaps none."""
        beginning = self._known_beginning(question)
        return frozenset() if beginning is None else self.answers[beginning]

    def _known_beginning(self, question: str) -> str | None:
        found = (each for each in _beginnings(question_words(question)) if each in self.answers)
        return next(found, None)

    def to_dict(self) -> dict[str, Any]:
        """Return it as one JSON-ready object."""
        answers = {beginning: sorted(ids) for beginning, ids in self.answers.items()}
        return {
            "most_unknown": self.most_unknown,
            "num_questions": self.num_questions,
            "answers": answers,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "QuestionFamiliarity":
        """Return what `to_dict` gave; raises KeyError for a missing field, ValueError for a wrong one."""
        most_unknown, answers = content["most_unknown"], content["answers"]
        check_number("most_unknown", most_unknown, minimum=0, maximum=1)
        check_integer("num_questions", content["num_questions"], minimum=0)
        if not isinstance(answers, dict):
            raise Refusal("answers", "be a JSON object", type(answers).__name__)
        for beginning, ids in answers.items():
            if not isinstance(ids, list) or not all(type(each) is int for each in ids):
                raise Refusal("answers", "hold lists of integers", {beginning: ids})
        sets = {beginning: frozenset(ids) for beginning, ids in answers.items()}
        return cls(most_unknown, sets, content["num_questions"])


def content_words(words: Sequence[str]) -> list[str]:
    """Return those words of a question that say what it is about."""
    return [word for word in words if word not in FUNCTION_WORDS and holds_words(word)]


def fit_question_familiarity(
    questions: Sequence[str],
    answer_ids: Sequence[int],
    groups: Sequence[Any],
    *,
    tokenize: Callable[[str], list[str]],
    seed: int = 0,
) -> QuestionFamiliarity:
    """Return what training rows say of questions.

    Args:
        questions, answer_ids, groups: one per training row; rows of a group are held out together.
        tokenize: that of the vocabulary.
        seed: of the folds.
    """
    words = {question: content_words(tokenize(question)) for question in set(questions)}
    return QuestionFamiliarity(
        _most_unknown(questions, words, groups, seed), _answers_after(questions, answer_ids), len(questions)
    )


def _most_unknown(
    questions: Sequence[str], words: Mapping[str, list[str]], groups: Sequence[Any], seed: int
) -> float:
    """Return the share of unknown content words that 99 % of the questions stay within when held out."""
    names = list(dict.fromkeys(map(str, groups)))
    order = np.random.default_rng(seed).permutation(len(names)) % NUM_FOLDS
    fold_of = dict(zip(names, order.tolist(), strict=True))
    folds_of_word: defaultdict[str, set[int]] = defaultdict(set)
    for question, group in zip(questions, groups, strict=True):
        for word in words[question]:
            folds_of_word[word].add(fold_of[str(group)])
    shares = []
    for question, group in zip(questions, groups, strict=True):
        own, fold = words[question], fold_of[str(group)]
        unknown = sum(folds_of_word[word] == {fold} for word in own)
        shares.append(unknown / len(own) if own else 0.0)
    return float(np.quantile(shares, SHARE_KNOWN, method="higher"))


def _answers_after(questions: Sequence[str], answer_ids: Sequence[int]) -> dict[str, frozenset[int]]:
    """Return the answers that followed each beginning of enough training questions."""
    words = {question: question_words(question) for question in set(questions)}
    counts: defaultdict[str, int] = defaultdict(int)
    found: defaultdict[str, set[int]] = defaultdict(set)
    for question, answer_id in zip(questions, answer_ids, strict=True):
        for beginning in _beginnings(words[question]):
            counts[beginning] += 1
            found[beginning].add(int(answer_id))
    return {name: frozenset(ids - {-1}) for name, ids in found.items() if counts[name] >= FEWEST_QUESTIONS}


def _beginnings(words: Sequence[str]) -> list[str]:
    """Return the beginnings of a question, the longest first."""
    return [" ".join(words[:length]) for length in range(min(LONGEST_BEGINNING, len(words)), 0, -1)]
