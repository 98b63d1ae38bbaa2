"""Intervals of scores over few videos, or of scores without exceptions, where drawing videos says too little.

A bootstrap draws nothing that was not seen: where every row is right, its interval is a point, and with few
videos it is too narrow. Such scores get the exact interval of Clopper and Pearson. Each video is one trial
there, or more than one if its rows differ among themselves (Korn and Graubard). All others keep the interval
of the bootstrap.
"""

import math

import numpy as np

from videoqa._checks import check_integer
from videoqa.evaluation.bootstrap import INTERVAL_SHARE, percentile_interval

FEW_VIDEOS = 30
"""With fewer videos, a bootstrap over videos is too narrow (Cameron, Gelbach and Miller)."""
FEW_EXCEPTIONS = 5
"""With fewer videos that hold a wrong row, or with fewer that hold a right one, it is too narrow as well."""
NORMAL_QUANTILE = 1.959963984540054
"""Half the width of the middle 95 % of the normal distribution."""
HALVINGS = 60
"""Steps of a bisection, after which its ends are neighbouring floats."""
ROUNDING = 1e-9


def clopper_pearson(num_right: int, num_trials: int, share: float = INTERVAL_SHARE) -> list[float]:
    """Return the exact interval [low, high] of a probability, of which `num_right` trials came true.

    Args:
        num_right: from 0 to `num_trials`.
        num_trials: independent ones, at least 1.
        share: the interval holds the probability in at least this share of all experiments.

    Raises:
        ValueError: a number outside its range.

    Source:
        Clopper and Pearson, The Use of Confidence or Fiducial Limits Illustrated in the Case of the Binomial,
        Biometrika 26 (1934).

    Example:
        >>> [round(end, 3) for end in clopper_pearson(3, 3)]
        [0.292, 1.0]
    """
    check_integer("num_trials", num_trials, minimum=1)
    check_integer("num_right", num_right, minimum=0, maximum=num_trials)
    tail = (1 - share) / 2
    return [_lowest(num_right, num_trials, tail), 1 - _lowest(num_trials - num_right, num_trials, tail)]


def share_interval(
    marked: np.ndarray, rows: np.ndarray, drawn: np.ndarray, share: float = INTERVAL_SHARE
) -> list[float] | None:
    """Return the interval [low, high] of a share of rows; None without rows.

    Args:
        marked: float `(num_videos,)`, the marks of each video's rows added up, each mark in [0, 1].
        rows: float `(num_videos,)`, the rows of each video, 0 for a video that does not count.
        drawn: float `(num_resamples,)`, the share in each bootstrap resample, NaN ignored.
        share: how often such an interval holds the share of all videos of this kind.
    """
    marked, rows = marked[rows > 0], rows[rows > 0]
    if not len(rows):
        return None
    interval = percentile_interval(drawn, share)
    exceptions = min(int((marked > 0).sum()), int((marked < rows).sum()))
    if interval is not None and _is_settled(len(rows), exceptions, interval):
        return interval
    return _exact_interval(marked, rows, share)


def difference_interval(
    only_first: np.ndarray, only_second: np.ndarray, rows: np.ndarray, drawn: np.ndarray
) -> list[float] | None:
    """Return the interval [low, high] of the difference of two models' accuracies; None without rows.

    Where the bootstrap says too little, the exact intervals of the two shares of rows that only one model has
    right are joined into one of their difference, with the negative correlation of two such shares.

    Args:
        only_first: float `(num_videos,)`, rows of each video that only the first model has right.
        only_second: the same of the model whose share is taken away.
        rows: float `(num_videos,)`, the rows of each video, 0 for a video that does not count.
        drawn: float `(num_resamples,)`, the difference in each bootstrap resample, NaN ignored.

    Source:
        Zou and Donner, Construction of confidence limits about effect measures, Statistics in Medicine 27
        (2008), with Newcombe's correlation, Statistics in Medicine 17 (1998), 2635-2650.
    """
    there = rows > 0
    if not there.any():
        return None
    first, second, rows = only_first[there], only_second[there], rows[there]
    interval = percentile_interval(drawn)
    exceptions = min(int(part.sum()) for part in (first + second > 0, first < rows, second < rows))
    if interval is not None and _is_settled(len(rows), exceptions, interval):
        return interval
    more, less = (float(part.sum() / rows.sum()) for part in (first, second))
    (more_low, more_high), (less_low, less_high) = (
        _exact_interval(part, rows, INTERVAL_SHARE) for part in (first, second)
    )
    chances = more * less / ((1 - more) * (1 - less)) if more and less else 0.0
    below = _joined(more - more_low, less_high - less, math.sqrt(chances))
    above = _joined(more_high - more, less - less_low, math.sqrt(chances))
    return [max(more - less - below, -1.0), min(more - less + above, 1.0)]


def _joined(one: float, other: float, correlation: float) -> float:
    """Return how far a difference reaches, whose parts reach so far and are negatively correlated."""
    return math.sqrt(one**2 + other**2 + 2 * correlation * one * other)


def _is_settled(num_videos: int, num_exceptions: int, interval: list[float]) -> bool:
    """Return whether the interval of a bootstrap can be trusted."""
    return num_videos >= FEW_VIDEOS and num_exceptions >= FEW_EXCEPTIONS and interval[0] < interval[1]


def _exact_interval(marked: np.ndarray, rows: np.ndarray, share: float) -> list[float]:
    """Return the interval of Clopper and Pearson; a part of a trial is rounded to widen it."""
    mean, num_trials = float(marked.sum() / rows.sum()), _num_trials(marked, rows)
    right = mean * num_trials
    low = clopper_pearson(math.floor(right + ROUNDING), num_trials, share)[0]
    return [low, clopper_pearson(math.ceil(right - ROUNDING), num_trials, share)[1]]


def _num_trials(marked: np.ndarray, rows: np.ndarray) -> int:
    """Return how many independent trials the rows of some videos are worth, at least 1.

    Where all rows are alike, that is one for each video. Otherwise it is what the spread between the videos
    says, at least as much as if the rows of each video were all alike (Kish's effective number).

    Source:
        Korn and Graubard, Confidence intervals for proportions with small expected number of positive counts
        estimated from survey data, Survey Methodology 24 (1998); Kish, Survey Sampling (1965).
    """
    total, num_videos = float(rows.sum()), len(rows)
    mean = float(marked.sum()) / total
    if not 0 < mean < 1 or num_videos == 1:
        return num_videos
    spread = num_videos / (num_videos - 1) * float(((marked - mean * rows) ** 2).sum()) / total**2
    by_spread = min(mean * (1 - mean) / spread, total) if spread > 0 else total
    if_alike = total**2 / float((rows**2).sum())
    fewer = (NORMAL_QUANTILE / _student_quantile(max(if_alike - 1, 1.0))) ** 2
    return max(1, math.floor(max(by_spread * fewer, if_alike) + ROUNDING))


def _student_quantile(degrees: float) -> float:
    """Return t such that the middle 95 % of Student's distribution, of at least 1 degree, lies in [-t, t]."""
    angles = np.linspace(0, math.pi / 2, 10_001)  # t = sqrt(degrees) tan(angle)
    density = np.cos(angles) ** (degrees - 1)
    below = np.concatenate([[0.0], np.cumsum(density[1:] + density[:-1])])
    return math.sqrt(degrees) * math.tan(float(np.interp(INTERVAL_SHARE, below / below[-1], angles)))


def _lowest(num_right: int, num_trials: int, tail: float) -> float:
    """Return the probability at which at least `num_right` of the trials come true in `tail` of all cases."""
    if num_right == 0:
        return 0.0
    counts = np.arange(num_right, num_trials + 1)
    factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, num_trials + 1)))])
    ways = factorials[num_trials] - factorials[counts] - factorials[num_trials - counts]
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        logs = ways + counts * math.log(middle) + (num_trials - counts) * math.log1p(-middle)
        low, high = (middle, high) if np.exp(logs).sum() < tail else (low, middle)
    return low
