"""Intervals of scores by resampling videos: the rows of one video are alike, so they are drawn together."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from videoqa._checks import check_integer

NUM_RESAMPLES = 2000
INTERVAL_SHARE = 0.95
COUNTS_PER_BLOCK = 1_000_000
"""Draws held in memory at once: 8 MB."""


def cluster_sums(columns: np.ndarray, clusters: Sequence[str] | np.ndarray) -> np.ndarray:
    """Return the sums of each column over the rows of each cluster, in the order clusters first appear.

    Args:
        columns: `(num_rows, k)`.
        clusters: name of each row's cluster, `(num_rows,)`.

    Returns:
        float64 `(num_clusters, k)`.
    """
    codes, names = pd.factorize(np.asarray(clusters, object))
    sums = [np.bincount(codes, weights=column, minlength=len(names)) for column in columns.T]
    return np.stack(sums, axis=1) if sums else np.zeros((len(names), 0))


def resampled_sums(
    sums: np.ndarray, *, num_resamples: int = NUM_RESAMPLES, seed: int | Sequence[int] = 0
) -> np.ndarray:
    """Return the column sums of as many clusters as there are, drawn with replacement, once per resample.

    All columns are summed over the same draws, so a difference of two of them is a paired one.

    Args:
        sums: `(num_clusters, k)`, as `cluster_sums` returns them; at least one cluster.
        num_resamples: at least 1.
        seed: of the draws.

    Returns:
        float64 `(num_resamples, k)`.

    Source:
        Efron and Tibshirani, An Introduction to the Bootstrap (1993), with clusters as the sampled units;
        Field and Welsh, Bootstrapping clustered data, J. R. Stat. Soc. B 69 (2007).
    """
    check_integer("num_resamples", num_resamples, minimum=1)
    num_clusters = len(sums)
    generator = np.random.default_rng(seed)
    shares = np.full(num_clusters, 1 / num_clusters)
    block = max(1, COUNTS_PER_BLOCK // num_clusters)
    drawn = [
        generator.multinomial(num_clusters, shares, size=min(block, num_resamples - start)) @ sums
        for start in range(0, num_resamples, block)
    ]
    return np.concatenate(drawn)


def percentile_interval(values: np.ndarray, share: float = INTERVAL_SHARE) -> list[float] | None:
    """Return [low, high], between which the middle `share` of `values` lies; NaN values are left out.

    None when no value is left.
    """
    known = values[~np.isnan(values)]
    if len(known) == 0:
        return None
    low, high = np.quantile(known, [(1 - share) / 2, (1 + share) / 2])
    return [float(low), float(high)]
