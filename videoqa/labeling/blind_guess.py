"""A small blind model: answers guessed from the words of a question alone, in numpy, within seconds.

Softmax regression on words, pairs of neighbouring words and beginnings. The blind model that `videoqa-train`
trains is a recurrent network; it needs TensorFlow and minutes.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from videoqa._words import question_words

BATCH, STEP_SIZE, FEWEST_STEPS, PASSES = 256, 0.3, 40, 4
MOST_ANSWERS = 1000
"""As many as `videoqa-train` keeps."""
LONGEST_BEGINNING = 3
ALWAYS = "^"
"""A part that all questions have, and what marks their beginnings."""


class BlindGuess:
    """Guesses answers of questions like those that it was made from.

    Args:
        questions: at least one.
        answers: one for each, in the form in which answers are compared.
        seed: of the order in which questions are learned.
    """

    def __init__(self, questions: Sequence[str], answers: Sequence[str], seed: int = 0) -> None:
        self.answers = [answer for answer, _ in Counter(answers).most_common(MOST_ANSWERS)]
        parts = [question_parts(question) for question in questions]
        counts = Counter(part for each in parts for part in each)
        several = [part for part, count in counts.items() if count > 1 or part == ALWAYS]
        self._number = {part: number for number, part in enumerate(several)}
        ids = {answer: number for number, answer in enumerate(self.answers)}
        kept = [row for row, answer in enumerate(answers) if answer in ids]
        rows = [self._numbers(parts[row]) for row in kept]
        self._weights = _learned(rows, np.array([ids[answers[row]] for row in kept]), len(several), seed)

    def probabilities(self, question: str) -> np.ndarray:
        """Return how probable each of `answers` is: float32 `(num_answers,)`, adding up to 1."""
        known = self._numbers(question_parts(question))
        return _softmax(self._weights[known].sum(axis=0)[None])[0]

    def _numbers(self, parts: list[str]) -> list[int]:
        return [self._number[part] for part in parts if part in self._number]


def question_parts(question: str) -> list[str]:
    """Return what a question is judged by, each once."""
    words = question_words(question)
    pairs = (f"{first} {second}" for first, second in zip(words, words[1:], strict=False))
    lengths = range(1, min(LONGEST_BEGINNING, len(words)) + 1)
    beginnings = (f"{ALWAYS} {' '.join(words[:length])}" for length in lengths)
    return list(dict.fromkeys([ALWAYS, *beginnings, *words, *pairs]))


def _learned(rows: list[list[int]], answers: np.ndarray, num_parts: int, seed: int) -> np.ndarray:
    """Return the weights of all parts, float32 `(num_parts, num_answers)`, by AdaGrad with a rate per part.

    So few steps that they do not learn single questions by heart.
    """
    weights = np.zeros((num_parts, int(answers.max()) + 1), np.float32)
    squares = np.full((num_parts, 1), 1e-6, np.float32)
    random = np.random.default_rng(seed)
    num_steps = max(FEWEST_STEPS, PASSES * len(rows) // BATCH)
    order = np.array([], np.int64)
    for _ in range(num_steps):
        if len(order) < min(BATCH, len(rows)):
            order = np.concatenate([order, random.permutation(len(rows))])
        batch, order = order[:BATCH], order[BATCH:]
        lengths = [len(rows[row]) for row in batch]
        used, place = np.unique(np.concatenate([rows[row] for row in batch]), return_inverse=True)
        shown = np.zeros((len(batch), len(used)), np.float32)
        shown[np.repeat(np.arange(len(batch)), lengths), place] = 1
        errors = _softmax(shown @ weights[used])
        errors[np.arange(len(batch)), answers[batch]] -= 1
        slopes = shown.T @ errors / len(batch)
        squares[used] += (slopes**2).sum(axis=1, keepdims=True)
        weights[used] -= STEP_SIZE * slopes / np.sqrt(squares[used])
    return weights


def _softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
