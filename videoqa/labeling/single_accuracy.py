"""Estimates true answers where there are too many different ones for a table of each worker's errors.

Dawid and Skene's model with one number for a worker, the accuracy: a worker who errs gives each other answer
of the task alike.
"""

from dataclasses import dataclass

import numpy as np

from videoqa.labeling.dawid_skene import MAX_STEPS, TOLERANCE, USUAL_ACCURACY, Votes

_CERTAIN = 1e-3
"""No worker's accuracy is taken for nearer to 0 or 1."""


@dataclass(frozen=True)
class SingleAccuracy:
    """What the votes say.

    Attributes:
        tasks, answers: int `(num_pairs,)`, each task and each answer that it got, ordered by both.
        probabilities: float64 `(num_pairs,)` of these answers to be the true ones.
        accuracies: float64 `(num_workers,)`.
        own: float64 `(num_votes,)`, the probability of each vote.
        others: float64 `(num_votes,)`, the probability of each vote by all other votes on its task.
    """

    tasks: np.ndarray
    answers: np.ndarray
    probabilities: np.ndarray
    accuracies: np.ndarray
    own: np.ndarray
    others: np.ndarray


def single_accuracy(
    votes: Votes, num_choices: np.ndarray, *, known: np.ndarray | None = None, smoothing: float = 1.0
) -> SingleAccuracy:
    """Return the most likely true answers and accuracies.

    Args:
        votes: at least one for each worker.
        num_choices: int `(num_tasks,)`, how many answers each task may have, at least 2 and at least as many
            as it got.
        known: int `(num_tasks,)`, the true answers that are known, -1 elsewhere; None: none is.
        smoothing: votes that each worker's accuracy begins with, right as often as all votes are.
    """
    pairs, pair_of_vote = np.unique(votes.tasks * votes.num_answers + votes.answers, return_inverse=True)
    tasks, answers = pairs // votes.num_answers, pairs % votes.num_answers
    is_known = np.zeros(len(pairs), bool) if known is None else known[tasks] >= 0
    is_true = np.zeros(len(pairs), bool) if known is None else known[tasks] == answers
    num_votes = np.bincount(votes.workers, minlength=votes.num_workers)
    of_task = np.bincount(votes.tasks, minlength=votes.num_tasks)
    unseen = num_choices - np.bincount(tasks, minlength=votes.num_tasks)
    odds_of_others = np.log(num_choices - 1)[votes.tasks]
    probabilities = np.bincount(pair_of_vote, minlength=len(pairs)) / of_task[tasks]
    for _ in range(MAX_STEPS):
        probabilities = np.where(is_known, is_true, probabilities)
        right = np.bincount(votes.workers, weights=probabilities[pair_of_vote], minlength=votes.num_workers)
        share = (right.sum() + smoothing * USUAL_ACCURACY) / (len(votes.tasks) + smoothing)
        accuracies = np.clip((right + smoothing * share) / (num_votes + smoothing), _CERTAIN, 1 - _CERTAIN)
        weights = np.log(accuracies / (1 - accuracies))[votes.workers] + odds_of_others
        scores = np.bincount(pair_of_vote, weights=weights, minlength=len(pairs))
        before, (probabilities, sums, highest) = probabilities, _normalised(scores, tasks, unseen)
        if np.abs(np.where(is_known, is_true, probabilities) - before).max() <= TOLERANCE:
            break
    power = np.exp(scores - highest[tasks])[pair_of_vote]
    without = power * np.exp(-weights)
    others = without / np.maximum(sums[votes.tasks] - power + without, np.finfo(float).tiny)
    others = np.where(is_known[pair_of_vote], is_true[pair_of_vote], others)
    probabilities = np.where(is_known, is_true, probabilities)
    return SingleAccuracy(tasks, answers, probabilities, accuracies, probabilities[pair_of_vote], others)


def _normalised(
    scores: np.ndarray, tasks: np.ndarray, unseen: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pairs' probabilities, and of each task the sum of the powers and the highest score."""
    highest = np.zeros(len(unseen))
    np.maximum.at(highest, tasks, scores)
    powers = np.exp(scores - highest[tasks])
    sums = np.bincount(tasks, weights=powers, minlength=len(unseen)) + unseen * np.exp(-highest)
    return powers / sums[tasks], sums, highest
