"""Features with the two flow blocks behind them: joined, played backwards, and without motion."""

import numpy as np


def with_flow(features: np.ndarray, flow: np.ndarray | None) -> np.ndarray:
    """Return `[features | flow]` for each frame, in the dtype of the features; the features if there is none.

    Args:
        features: float `(num_frames, dim)`.
        flow: float `(num_frames, 2 * num_flow)`: the flow from the frame before, and that from the one after.
    """
    return features if flow is None else np.concatenate([features, flow.astype(features.dtype)], axis=1)


def exchange_flow(features: np.ndarray, num_flow: int) -> np.ndarray:
    """Return features whose frames are in reverse order already, with their flow blocks exchanged.

    What is flow from the frame before is flow from the frame after when a clip is played backwards.

    Args:
        features: `(..., dim)`.
        num_flow: columns of each block; with 0 the features are returned as they are.
    """
    if not num_flow:
        return features
    others, forwards, backwards = np.split(features, [-2 * num_flow, -num_flow], axis=-1)
    return np.concatenate([others, backwards, forwards], axis=-1)


def reversed_features(features: np.ndarray, num_flow: int) -> np.ndarray:
    """Return the features of a clip played backwards, to the bit; arguments as `exchange_flow`.

    Args:
        features: `(num_frames, dim)`.
        num_flow: columns of each flow block.
    """
    return exchange_flow(features[::-1], num_flow)


def without_flow(features: np.ndarray, num_flow: int) -> np.ndarray:
    """Return features in which nothing moves; arguments as `exchange_flow`."""
    if not num_flow:
        return features
    still = np.array(features)
    still[..., -2 * num_flow :] = 0
    return still
