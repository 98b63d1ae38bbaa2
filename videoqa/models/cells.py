"""Joins to a frame's features the averages of the cells of its last map."""

from typing import Any

from videoqa.config import POOLINGS


def num_cells(pooling: str) -> int:
    """Return how many averages of cells stand beside the usual features; 0 with "mean"."""
    return POOLINGS[pooling] ** 2


def with_cells(features: Any, last_map: Any, pooling: str) -> Any:
    """Return `[features | cells, row by row]`; the features alone with pooling="mean".

    Args:
        features: Keras tensor `(batch, dim)`.
        last_map: Keras tensor `(batch, height, width, channels)`.
        pooling: one of `videoqa.config.POOLINGS`.
    """
    import keras

    from videoqa.models.frame_layers import CellAverages

    if not POOLINGS[pooling]:
        return features
    cells = CellAverages(POOLINGS[pooling], name="cells")(last_map)
    return keras.layers.Concatenate(name="place_features")([features, cells])
