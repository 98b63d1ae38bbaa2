"""Weights by which the answers of a question count alike, however often each was given."""

from dataclasses import replace

import numpy as np

from videoqa.input_pipeline.examples import Examples


def balanced(examples: Examples, *, known_only: bool) -> Examples:
    """Return the examples with `row_weights` that give each answer to a question the same weight in all.

    Questions are those of the same tokens; of actions there is one, so that each label has the same weight.
    A question keeps the weight of its rows: among "yes" and "no" to one question and the colours that answer
    another, a rare colour is weighed against the other colours only.

    Args:
        examples: rows whose weights depend on each other; those that they have already are multiplied.
        known_only: rows with an answer outside the list get 0 and do not count; False: such answers count
            together as one more.
    """
    weights = np.zeros(len(examples), np.float32)
    counted = examples.answer_ids >= 0 if known_only else np.ones(len(examples), bool)
    rows = np.flatnonzero(counted)
    weights[rows] = balanced_weights(
        question_numbers(examples.token_ids, len(examples))[rows], examples.answer_ids[rows]
    )
    if examples.row_weights is not None:
        weights *= examples.row_weights
    return replace(examples, row_weights=weights)


def balance_in_words(row_weights: np.ndarray) -> str:
    """Return a sentence on the weights of training rows, float32 `(n,)`, at least one above 0."""
    weights = row_weights[row_weights > 0]
    if np.ptp(weights) == 0:
        return "--balance changes nothing: the answers to each question were given equally often."
    return f"Balanced: a training row weighs from {weights.min():.2g} to {weights.max():.2g}, on average 1."


def balanced_weights(questions: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Return a weight for each row: rows of its question / (answers to it * rows of the question and answer).

    Args:
        questions: number of each row's question, int64 `(n,)`.
        answers: number of each row's answer, int `(n,)`.

    Returns:
        float32 `(n,)`, of mean 1 within each question.
    """
    pairs, pair_of_row, rows_of_pair = np.unique(
        np.stack([questions, answers.astype(np.int64)], axis=1),
        axis=0,
        return_inverse=True,
        return_counts=True,
    )
    _, question_of_pair, num_answers = np.unique(pairs[:, 0], return_inverse=True, return_counts=True)
    rows_of_question = np.bincount(question_of_pair, rows_of_pair)[question_of_pair]
    weights = rows_of_question / (num_answers[question_of_pair] * rows_of_pair)
    return weights[pair_of_row.reshape(-1)].astype(np.float32)


def question_numbers(token_ids: np.ndarray | None, num_rows: int) -> np.ndarray:
    """Return a number for the question of each row, the same for the same tokens: int64 `(num_rows,)`."""
    if token_ids is None or not num_rows:
        return np.zeros(num_rows, np.int64)
    return np.unique(token_ids, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
