"""Prediction sets: few answers, of which one is right in 90 % of clips like those trained on."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from videoqa._checks import check_integer, check_number

COVERAGE = 0.9
FEWEST_VIDEOS = math.ceil(COVERAGE / (1 - COVERAGE) - 1e-9)
"""With fewer held-out videos the promise needs every answer in every set."""
_ROUNDING = 1e-12


@dataclass(frozen=True)
class PredictionSets:
    """Split-conformal prediction sets.

    An answer is in the set if the answers that are more probable than it have together at most `most_above`.
    The best answer always is.

    Attributes:
        most_above: probability in [0, 1]; 1: all answers, because there were too few videos to say.
        num_videos: held-out videos that it comes from.
    """

    most_above: float
    num_videos: int

    def sizes(self, probabilities: np.ndarray) -> np.ndarray:
        """Return how many answers, the most probable first, each row's set has, int64 `(num_rows,)`."""
        ordered = -np.sort(-probabilities.astype(np.float64), axis=1)
        if self.most_above >= 1:  # rounded probabilities may add up to a little more
            return np.full(len(ordered), ordered.shape[1])
        above = np.cumsum(ordered, axis=1) - ordered
        above[:, 1:][ordered[:, 1:] == ordered[:, :-1]] = (
            0  # equal ones are not more probable than each other
        )
        above = np.maximum.accumulate(above, axis=1)
        return np.maximum((above <= self.most_above + _ROUNDING).sum(axis=1), 1)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "PredictionSets":
        """Return the sets with these attributes; raises KeyError or ValueError for one missing or wrong."""
        found = cls(content["most_above"], content["num_videos"])
        check_number("most_above", found.most_above, minimum=0, maximum=1)
        check_integer("num_videos", found.num_videos, minimum=1)
        return found


def fit_prediction_sets(
    probabilities: np.ndarray, answer_ids: np.ndarray, videos: Sequence[Any]
) -> PredictionSets | None:
    """Return the sets that hold the true answer in 90 % of new videos; None without rows.

    Rows of one video share its weight: the promise is about a question to a new video, so many rows of few
    videos promise no more than few videos do. It needs exchangeable videos: shuffle the held-out and the new
    ones, and nobody can tell which is which.

    Args:
        probabilities: calibrated, float `(num_rows, num_answers)`, of held-out rows.
        answer_ids: int `(num_rows,)`; −1, outside the vocabulary: no set holds it.
        videos: of each row.

    Source: Romano, Sesia and Candès 2020, "Classification with valid and adaptive coverage", with the answer
        itself left out of its own score; for groups of rows Dunn, Wasserman and Ramdas 2022,
        "Distribution-free prediction sets for two-layer hierarchical models".
    """
    seen = probabilities.any(axis=1)
    if not seen.any():
        return None
    probabilities, answer_ids = probabilities[seen].astype(np.float64), answer_ids[seen]
    true = np.take_along_axis(probabilities, np.maximum(answer_ids, 0)[:, None], axis=1)
    above = np.where(probabilities > true, probabilities, 0).sum(axis=1)
    scores = np.where(answer_ids >= 0, above, np.inf)
    names, numbers = np.unique(np.asarray(list(map(str, videos)))[seen], return_inverse=True)
    weights = 1 / np.bincount(numbers)[numbers]
    order = np.argsort(scores, kind="stable")
    reached = np.cumsum(weights[order]) / (len(names) + 1)
    enough = np.flatnonzero(reached >= COVERAGE - 1e-9)
    most = float(scores[order[enough[0]]]) if len(enough) else 1.0
    return PredictionSets(min(most, 1.0), len(names))
