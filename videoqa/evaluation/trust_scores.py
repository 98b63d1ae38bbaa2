"""How far a model's judgement of its own answers can be relied on: marks of rows, scores of all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from videoqa.evaluation.judging import Judged
from videoqa.trust.calibration import brier_scores, expected_calibration_error, reliability

CURVE_POINTS = 100
"""Most points of a risk–coverage curve that are kept."""


@dataclass(frozen=True)
class RowTrust:
    """What a model thinks of its answers, one of each row.

    Attributes:
        is_reliable: float64 `(num_rows,)`, 1 where the answer is called reliable; NaN: it cannot judge.
        set_sizes: float64 `(num_rows,)`, answers in the prediction set; NaN where there is no set.
        probability, probability_before: float64 `(num_rows,)` of the best answer, calibrated and as the model
            gave it; NaN if the video failed.
        brier_score, brier_score_before: float64 `(num_rows,)`, squared distance of all probabilities from the
            truth; NaN if the video failed.
    """

    is_reliable: np.ndarray
    set_sizes: np.ndarray
    probability: np.ndarray
    probability_before: np.ndarray
    brier_score: np.ndarray
    brier_score_before: np.ndarray

    @classmethod
    def of(cls, judged: Judged, answer_ids: np.ndarray, *, judges: bool) -> "RowTrust":
        """Return what was thought of some rows.

        Args:
            judged: their predictions.
            answer_ids: int `(num_rows,)` of their true answers; −1 outside the vocabulary.
            judges: whether reliability means anything: the model judges, or a threshold was given.
        """
        seen = np.asarray(judged.probabilities.any(axis=1))
        sizes, before, after = judged.num_likely, judged.uncalibrated, judged.probabilities

        def where(known: np.ndarray, values: np.ndarray) -> np.ndarray:
            return np.where(known, values.astype(np.float64), np.nan)

        return cls(
            where(np.full(len(seen), judges), judged.is_reliable),
            where(sizes > 0, sizes),
            where(seen, after.max(axis=1)),
            where(seen, before.max(axis=1)),
            where(seen, brier_scores(after, answer_ids)),
            where(seen, brier_scores(before, answer_ids)),
        )

    @classmethod
    def joined(cls, parts: Sequence["RowTrust"]) -> "RowTrust":
        """Return the rows of all parts; what one part lacks, all lack."""
        columns = {field.name: [getattr(part, field.name) for part in parts] for field in fields(cls)}
        whole = cls(**{name: np.concatenate(column) for name, column in columns.items()})
        lacking = {
            name: np.full(len(whole.probability), np.nan)
            for name in ("is_reliable", "set_sizes")
            if any(np.isnan(part).all() for part in columns[name])
        }
        return replace(whole, **lacking)

    def marks(self, correct: np.ndarray, gold_ranks: np.ndarray) -> dict[str, np.ndarray]:
        """Return the marks of each row by score field, float64 `(num_rows,)`, NaN where it does not count.

        Args:
            correct: bool `(num_rows,)`.
            gold_ranks: `row_marks.ranks_of_gold`.
        """
        held = (gold_ranks > 0) & (gold_ranks <= np.nan_to_num(self.set_sizes))
        return {
            "share_reliable": self.is_reliable,
            "reliable_accuracy": np.where(self.is_reliable == 1, correct, np.nan),
            "set_coverage": np.where(np.isnan(self.set_sizes), np.nan, held),
            "mean_set_size": self.set_sizes,
            "brier_score": self.brier_score,
            "brier_score_before": self.brier_score_before,
        }

    def totals(self, correct: np.ndarray) -> dict[str, Any]:
        """Return the scores that need all rows at once; rows of failed videos have no answer to score.

        Args:
            correct: bool `(num_rows,)`.

        Returns:
            JSON-ready dict: "expected_calibration_error", "reliability" (its bins), both with "_before" for a
            calibrated model, "area_under_risk_coverage", and "risk_coverage", points of the curve.
        """
        seen = ~np.isnan(self.probability)
        if not seen.any():
            return {}
        right, after, before = correct[seen], self.probability[seen], self.probability_before[seen]
        accuracies = accuracies_of_surest(after, right)
        scores = {
            "expected_calibration_error": expected_calibration_error(after, right),
            "reliability": reliability(after, right),
            "area_under_risk_coverage": float(1 - accuracies.mean()),
            "risk_coverage": _curve(accuracies, np.sort(after)[::-1], len(correct)),
        }
        if self._is_calibrated:
            scores["expected_calibration_error_before"] = expected_calibration_error(before, right)
            scores["reliability_before"] = reliability(before, right)
        return scores

    @property
    def _is_calibrated(self) -> bool:
        return not np.array_equal(self.probability, self.probability_before, equal_nan=True)


def accuracies_of_surest(probability: np.ndarray, correct: np.ndarray) -> np.ndarray:
    """Return the accuracy of the 1, 2, ... most probable answers, float64 `(num_rows,)`.

    One minus it is the risk of answering that share of the questions, and the mean risk over all shares is
    the area under the risk–coverage curve. Equally probable answers count as if drawn in random order.

    Source: El-Yaniv and Wiener 2010, "On the foundations of noise-free selective classification"; Geifman,
        Uziel and El-Yaniv 2019, "Bias-reduced uncertainty estimation for deep neural classifiers".
    """
    _, places, counts = np.unique(-probability, return_inverse=True, return_counts=True)
    shares = np.bincount(places, weights=correct) / counts
    return np.cumsum(np.repeat(shares, counts)) / np.arange(1, len(probability) + 1)


def _curve(accuracies: np.ndarray, ordered: np.ndarray, num_rows: int) -> list[dict[str, float]]:
    """Return at most `CURVE_POINTS` points of the curve, each with the share of all rows that it answers."""
    spread = np.linspace(0, len(accuracies) - 1, min(CURVE_POINTS, len(accuracies)))
    return [
        {
            "share_answered": (place + 1) / num_rows,
            "accuracy": float(accuracies[place]),
            "probability": float(ordered[place]),
        }
        for place in np.rint(spread).astype(int).tolist()
    ]
