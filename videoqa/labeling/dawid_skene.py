"""Estimates true answers and each worker's errors from the answers of several workers: Dawid and Skene's EM.

Source: A. P. Dawid and A. M. Skene, Maximum Likelihood Estimation of Observer Error-Rates Using the EM
Algorithm, Journal of the Royal Statistical Society C 28 (1979), 20-28.
"""

from dataclasses import dataclass

import numpy as np

MAX_STEPS = 500
TOLERANCE = 1e-6
"""The steps end when no probability of a task changes by more."""
USUAL_ACCURACY = 0.75
"""Of all workers together, before a vote is seen."""
_TINY = 1e-300
"""Stands for a probability of 0, whose logarithm is not finite."""


@dataclass(frozen=True)
class Votes:
    """Who answered which task how: one entry for each answer.

    Attributes:
        tasks: int `(num_votes,)`, number of the task.
        workers: int `(num_votes,)`, number of the worker. The same worker may answer a task several times.
        answers: int `(num_votes,)`, number of the answer.
        num_tasks, num_workers, num_answers: how many there are of each.
    """

    tasks: np.ndarray
    workers: np.ndarray
    answers: np.ndarray
    num_tasks: int
    num_workers: int
    num_answers: int

    def counts(self) -> np.ndarray:
        """Return how often each answer was given to each task, float64 `(num_tasks, num_answers)`."""
        cells = self.tasks * self.num_answers + self.answers
        counts = np.bincount(cells, minlength=self.num_tasks * self.num_answers)
        return counts.reshape(self.num_tasks, self.num_answers).astype(float)


@dataclass(frozen=True)
class DawidSkene:
    """What the votes say, in the terms of the paper.

    Attributes:
        probabilities: float64 `(num_tasks, num_answers)` of each answer to be the true one; rows sum to 1.
        prevalence: float64 `(num_answers,)`, how frequent each true answer is; sums to 1.
        error_rates: float64 `(num_workers, num_answers, num_answers)`: how probably a worker answers the
            last where the middle one is true; the last axis sums to 1.
        others: float64 `(num_votes,)`, the probability of each vote by all other votes on its task.
    """

    probabilities: np.ndarray
    prevalence: np.ndarray
    error_rates: np.ndarray
    others: np.ndarray


def dawid_skene(votes: Votes, *, known: np.ndarray | None = None, smoothing: float = 0.0) -> DawidSkene:
    """Return the most likely true answers and error rates.

    Args:
        votes: at least one for each task and each worker.
        known: int `(num_tasks,)`, the true answers that are known, -1 elsewhere; None: none is.
        smoothing: votes that each row of a worker's error rates begins with, spread as the worker's errors
            are over all answers, and tasks that each answer begins with. 0 is the paper's estimate, which is
            too sure of the little that few votes tell.
    """
    probabilities = _clamped(_shares(votes.counts()), known)
    for _ in range(MAX_STEPS):
        prevalence = probabilities.sum(axis=0) + smoothing
        prevalence = prevalence / prevalence.sum()
        rates = _error_rates(votes, probabilities, smoothing)
        before, logs = probabilities, _log_likelihoods(votes, rates)
        likely = np.log(np.maximum(prevalence, _TINY)) + _sums(votes, logs)
        probabilities = _clamped(_softmax(likely), known)
        if np.abs(probabilities - before).max() <= TOLERANCE:
            break
    without = _softmax(likely[votes.tasks] - logs)
    if known is not None:
        without = _clamped(without, known[votes.tasks])
    others = np.take_along_axis(without, votes.answers[:, None], axis=1)[:, 0]
    return DawidSkene(probabilities, prevalence, rates, others)


def _error_rates(votes: Votes, probabilities: np.ndarray, smoothing: float) -> np.ndarray:
    """Return each worker's error rates under the present probabilities of the true answers."""
    number, size = votes.num_answers, votes.num_workers * votes.num_answers
    cells = votes.workers * number + votes.answers
    counts = np.stack(
        [
            np.bincount(cells, weights=probabilities[votes.tasks, true], minlength=size)
            for true in range(number)
        ],
        axis=0,
    )
    by_worker = counts.reshape(number, votes.num_workers, number).transpose(1, 0, 2).astype(float)
    if smoothing:
        by_worker += smoothing * _usual_rates(by_worker, smoothing)
    sums = by_worker.sum(axis=2, keepdims=True)
    return np.divide(by_worker, sums, out=np.full_like(by_worker, 1 / number), where=sums > 0)


def _usual_rates(counts: np.ndarray, smoothing: float) -> np.ndarray:
    """Return the error rates of workers who err alike whatever is true, as often as each worker does."""
    number = counts.shape[1]
    right, all_votes = np.trace(counts, axis1=1, axis2=2), counts.sum(axis=(1, 2))
    share = (right.sum() + smoothing * USUAL_ACCURACY) / (all_votes.sum() + smoothing)
    accuracy = (right + smoothing * share) / (all_votes + smoothing)
    rates = np.repeat(((1 - accuracy) / max(number - 1, 1))[:, None, None], number, axis=1)
    rates = np.repeat(rates, number, axis=2)
    rates[:, np.arange(number), np.arange(number)] = accuracy[:, None]
    return rates


def _log_likelihoods(votes: Votes, rates: np.ndarray) -> np.ndarray:
    """Return the logarithm of each vote's probability under each true answer, `(num_votes, num_answers)`."""
    return np.log(np.maximum(rates, _TINY))[votes.workers, :, votes.answers]


def _sums(votes: Votes, logs: np.ndarray) -> np.ndarray:
    """Return the sums of the votes' rows for each task, `(num_tasks, num_answers)`."""
    columns = [np.bincount(votes.tasks, weights=column, minlength=votes.num_tasks) for column in logs.T]
    return np.stack(columns, axis=1)


def _shares(counts: np.ndarray) -> np.ndarray:
    sums = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, sums, out=np.full_like(counts, 1 / counts.shape[1]), where=sums > 0)


def _softmax(logs: np.ndarray) -> np.ndarray:
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _clamped(probabilities: np.ndarray, known: np.ndarray | None) -> np.ndarray:
    """Return the probabilities with certainty where the answer is known."""
    if known is None or not (known >= 0).any():
        return probabilities
    rows = np.flatnonzero(known >= 0)
    probabilities[rows] = 0.0
    probabilities[rows, known[rows]] = 1.0
    return probabilities
