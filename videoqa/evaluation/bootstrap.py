"""Confidence intervals of scores by the cluster bootstrap: videos are resampled, each with all its rows."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from videoqa._checks import check_integer

NUM_RESAMPLES = 2000
INTERVAL_SHARE = 0.95
COUNTS_PER_BLOCK = 1_000_000
"""Counts drawn at once: 8 MB of memory."""


def cluster_sums(columns: np.ndarray, clusters: Sequence[str] | np.ndarray) -> np.ndarray:
    """Return the sum of each column over the rows of each cluster, float64 `(num_clusters, k)`.

    Args:
        columns: `(num_rows, k)`.
        clusters: name of each row's cluster, `(num_rows,)`. Clusters keep the order of their first rows.
    """
    codes, names = pd.factorize(np.asarray(clusters, object))
    sums = [np.bincount(codes, weights=column, minlength=len(names)) for column in columns.T]
    return np.stack(sums, axis=1) if sums else np.zeros((len(names), 0))


def resampled_sums(
    sums: np.ndarray, *, num_resamples: int = NUM_RESAMPLES, seed: int | Sequence[int] = 0
) -> np.ndarray:
    """Return the column sums of each bootstrap resample, float64 `(num_resamples, k)`.

    A resample draws `num_clusters` clusters with replacement. All columns share the draws, so the difference
    of two columns is a paired difference.

    Args:
        sums: `(num_clusters, k)` from `cluster_sums`; at least one cluster.
        num_resamples: at least 1.
        seed: of the draws.

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
    """Return [low, high] that holds the middle `share` of `values`, NaN ignored; None without any number."""
    known = values[~np.isnan(values)]
    if len(known) == 0:
        return None
    low, high = np.quantile(known, [(1 - share) / 2, (1 + share) / 2])
    return [float(low), float(high)]
