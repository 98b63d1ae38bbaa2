"""Calibrated probabilities: a temperature, and how far probabilities are from the shares that are right."""

from collections.abc import Sequence
from typing import Any

import numpy as np

NUM_BINS = 10
MIN_ROWS = 20
"""Fewer validation rows fit no temperature that could be trusted."""
LOWEST, HIGHEST = 0.05, 20.0
_TINY = 1e-12


def with_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return softmax(log p / temperature) of each row, float32 `(num_rows, num_answers)`.

    Above 1 the temperature makes the model less sure, below 1 surer; the order of the answers stays. Rows of
    zeros, whose video failed, stay zeros.
    """
    if temperature == 1:
        return probabilities
    logs = np.log(np.maximum(probabilities.astype(np.float64), _TINY)) / temperature
    scaled = np.exp(logs - logs.max(axis=-1, keepdims=True))
    scaled /= scaled.sum(axis=-1, keepdims=True)
    return np.where(probabilities.any(axis=-1, keepdims=True), scaled, 0).astype(np.float32)


def fit_temperature(probabilities: np.ndarray, answer_ids: np.ndarray) -> float:
    """Return the temperature that makes the true answers of held-out rows most probable.

    Args:
        probabilities: float `(num_rows, num_answers)`, of rows that the model did not learn from.
        answer_ids: int `(num_rows,)`; rows with −1, outside the vocabulary, do not count.

    Source: Guo et al. 2017, "On calibration of modern neural networks", section 4.2.
    """
    return fit_shared_temperature([(probabilities, answer_ids)])


def fit_shared_temperature(parts: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """Return the one temperature for rows of several models, each with its own answers.

    Args:
        parts: of each model the arguments of `fit_temperature`.
    """
    models = []
    for probabilities, answer_ids in parts:
        known = (answer_ids >= 0) & probabilities.any(axis=1)
        logs = np.log(np.maximum(probabilities[known].astype(np.float64), _TINY))
        models.append((logs, answer_ids[known, None]))

    def loss(log_temperature: float) -> float:
        return sum(_log_loss(logs / np.exp(log_temperature), true) for logs, true in models)

    # The loss is convex in 1/temperature, so it has one valley, which a golden-section search finds.
    low, high, ratio = np.log(LOWEST), np.log(HIGHEST), (np.sqrt(5) - 1) / 2
    while high - low > 1e-4:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if loss(left) <= loss(right) else (left, high)
    return float(np.exp((low + high) / 2))


def _log_loss(scaled: np.ndarray, true: np.ndarray) -> float:
    """Return the sum over rows of −log softmax of the true answer; `true` is `(num_rows, 1)`."""
    largest = scaled.max(axis=1, keepdims=True)
    totals = largest[:, 0] + np.log(np.exp(scaled - largest).sum(axis=1))
    return float((totals - np.take_along_axis(scaled, true, axis=1)[:, 0]).sum())


def reliability(probability: np.ndarray, correct: np.ndarray) -> list[dict[str, Any]]:
    """Return, for each tenth of the probabilities with rows in it, how many were right.

    Args:
        probability: float `(num_rows,)`, that of the best answer.
        correct: bool `(num_rows,)`.

    Returns:
        JSON-ready dicts: "from", "to", "num_rows", "probability" (mean) and "accuracy".
    """
    bins = np.minimum((probability * NUM_BINS).astype(int), NUM_BINS - 1)
    return [
        {
            "from": number / NUM_BINS,
            "to": (number + 1) / NUM_BINS,
            "num_rows": int((bins == number).sum()),
            "probability": float(probability[bins == number].mean()),
            "accuracy": float(correct[bins == number].mean()),
        }
        for number in np.unique(bins).tolist()
    ]


def expected_calibration_error(probability: np.ndarray, correct: np.ndarray) -> float:
    """Return how far probabilities and shares of right answers are apart, averaged over rows, in [0, 1].

    Source: Naeini et al. 2015, "Obtaining well calibrated probabilities using Bayesian binning".
    """
    bins = reliability(probability, correct)
    gaps = [each["num_rows"] * abs(each["probability"] - each["accuracy"]) for each in bins]
    return float(sum(gaps) / max(len(probability), 1))


def brier_score(probabilities: np.ndarray, answer_ids: np.ndarray) -> float:
    """Return the mean of `brier_scores`."""
    return float(brier_scores(probabilities, answer_ids).mean())


def brier_scores(probabilities: np.ndarray, answer_ids: np.ndarray) -> np.ndarray:
    """Return the squared distance of each row's probabilities from the truth, in [0, 2]; lower is better.

    An answer outside the vocabulary (−1) has no place of its own: the whole truth is missing there.

    Source: Brier 1950, "Verification of forecasts expressed in terms of probability".
    """
    squares = (probabilities.astype(np.float64) ** 2).sum(axis=1)
    true = np.take_along_axis(probabilities, np.maximum(answer_ids, 0)[:, None], axis=1)[:, 0]
    return np.where(answer_ids >= 0, squares - 2 * true + 1, squares + 1)
