"""How often does a 95 % interval hold the true accuracy? Of few videos, beside the bootstrap alone.

    python benchmarks/interval_coverage.py

Each line draws 300 test sets of as many videos, with rows that are right with the given probability and are
alike within a video by the given correlation (0: like coins, 1: all or none).
"""

import itertools

import numpy as np

from videoqa.evaluation.bootstrap import percentile_interval, resampled_sums
from videoqa.evaluation.exact_intervals import share_interval

NUM_DRAWN = 300
CASES = [
    (videos, rows, accuracy, correlation)
    for videos, rows, accuracy in itertools.product((3, 5, 20, 50), (1, 10), (0.5, 0.9))
    for correlation in ((0.0,) if rows == 1 else (0.0, 0.3, 1.0))
]


def draw_right(
    num_videos: int, num_rows: int, accuracy: float, correlation: float, rng: np.random.Generator
) -> np.ndarray:
    """Return how many rows of each video are right, by a beta-binomial distribution."""
    if correlation in (0, 1):
        all_or_none = rng.random(num_videos) < accuracy
        return rng.binomial(num_rows, all_or_none if correlation else np.full(num_videos, accuracy))
    spread = (1 - correlation) / correlation
    return rng.binomial(num_rows, rng.beta(accuracy * spread, (1 - accuracy) * spread, num_videos))


def main() -> None:
    """Print the coverage and the mean width of both intervals."""
    rng = np.random.default_rng(0)
    print(
        f"{'videos':>6} {'rows':>5} {'accuracy':>9} {'alike':>6} {'held':>8} {'width':>7}   bootstrap alone"
    )
    for videos, rows, accuracy, correlation in CASES:
        held, widths = np.zeros(2), np.zeros(2)
        for number in range(NUM_DRAWN):
            right = draw_right(videos, rows, accuracy, correlation, rng).astype(float)
            counts = np.full(videos, float(rows))
            drawn = resampled_sums(np.column_stack([right, counts]), num_resamples=400, seed=number)
            shares = drawn[:, 0] / drawn[:, 1]
            ends = np.array([share_interval(right, counts, shares), percentile_interval(shares)])
            held += (ends[:, 0] <= accuracy) & (accuracy <= ends[:, 1])
            widths += ends[:, 1] - ends[:, 0]
        (ours, alone), (wide, narrow) = held / NUM_DRAWN, widths / NUM_DRAWN
        print(
            f"{videos:6d} {rows:5d} {accuracy:9.2f} {correlation:6.1f} {ours:8.1%} {wide:7.3f}   "
            f"{alone:6.1%} {narrow:7.3f}"
        )


if __name__ == "__main__":
    main()
