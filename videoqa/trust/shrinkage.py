"""A covariance from fewer vectors than dimensions, drawn towards a multiple of the identity."""

import numpy as np


def shrunk_covariance(centred: np.ndarray, basis: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the shrunk covariance within a subspace, and the variance of one direction outside it.

    Args:
        centred: `(num_vectors, dim)`, of mean 0 within their classes.
        basis: `(num_directions, dim)`, orthonormal.

    Returns:
        `(num_directions, num_directions)`, and the mean variance of the other directions.

    Source: Ledoit and Wolf 2004, "A well-conditioned estimator for large-dimensional covariance matrices".
    """
    num_vectors, dim = centred.shape
    lengths = (centred**2).sum(axis=1)
    total = lengths.sum() / num_vectors
    products = centred @ centred.T if num_vectors < dim else centred.T @ centred  # of equal norm
    mean, square = total / dim, (products**2).sum() / num_vectors**2
    distance = (square - total**2 / dim) / dim
    noise = (lengths**2).sum() / num_vectors**2 - square / num_vectors
    share = min(max(noise / dim, 0.0) / distance, 1.0) if distance > 0 else 1.0
    places = centred @ basis.T
    inside = places.T @ places / num_vectors
    outside = max(total - np.trace(inside), 0.0) / max(dim - len(basis), 1)
    shrunk = (1 - share) * inside + share * mean * np.eye(len(basis))
    return shrunk, float((1 - share) * outside + share * mean)
