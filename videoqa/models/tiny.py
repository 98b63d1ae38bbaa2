"""The `tiny` backbone: a small convolutional network that sees where things are as well as what they are.

`benchmarks/train_tiny_backbone.py` trained it on single frames of drawn scenes, never on photographs. Its
features are probabilities: for each of `TINY_FACTS` about a frame, how likely each bin is.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

TINY_FACTS = {
    "x": 17, "feet_y": 9, "lift": 6, "crouch": 3, "stride": 3, "left_arm": 6, "right_arm": 6, "carrying": 2,
    "box_x": 17, "box_y": 9, "door": 4, "shutter": 6, "depth": 4, "mirrored": 2, "shirt": 5, "box": 5,
}  # fmt: skip
"""Fact about a frame -> its number of bins: positions, how far a door is open or an arm raised, colours."""
TINY_FEATURE_DIM = sum(TINY_FACTS.values())
TINY_INPUT_SIZE = (96, 96)
TINY_FILTERS = (16, 32, 48, 64)
TINY_HIDDEN = 192
FEATURE_SCALE = 2.0
"""Largest feature: probabilities up to 1 are too weak a signal for an LSTM's initial weights."""


def build_tiny_network(frame_size: tuple[int, int] = TINY_INPUT_SIZE, pooling: str = "mean") -> "keras.Model":
    """Return the network over one frame, with random weights.

    Four strided convolutions leave a 6 x 6 grid. It is flattened, not pooled, so that positions are kept. A
    softmax per fact follows.

    Args:
        frame_size: height and width of the frames in pixels; other sizes than 96 x 96 are resized inside.
        pooling: one of `videoqa.config.POOLINGS`; a grid's cells are averages of the 6 x 6 map.

    Returns:
        A `keras.Model`: frames (batch, height, width, 3), values 0-255 -> features
        (batch, TINY_FEATURE_DIM) in [0, 2], summing to 2 for each fact, and behind them the cells of a grid.
        The layer "facts" has the probabilities themselves.
    """
    import keras

    from videoqa.models.cells import with_cells

    frame = keras.Input((*frame_size, 3), name="frame")
    x = frame
    if tuple(frame_size) != TINY_INPUT_SIZE:
        x = keras.layers.Resizing(*TINY_INPUT_SIZE, name="resizing")(x)
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scaling")(x)
    for place, filters in enumerate(TINY_FILTERS):
        x = keras.layers.Conv2D(
            filters,
            5 if place == 0 else 3,
            strides=2,
            padding="same",
            activation="relu",
            kernel_initializer="he_normal",
            name=f"convolution_{place + 1}",
        )(x)
    last_map = x
    x = keras.layers.Flatten(name="grid")(x)
    x = keras.layers.Dense(TINY_HIDDEN, activation="relu", kernel_initializer="he_normal", name="hidden")(x)
    heads = [
        keras.layers.Dense(bins, activation="softmax", name=f"fact_{name}")(x)
        for name, bins in TINY_FACTS.items()
    ]
    facts = keras.layers.Concatenate(name="facts")(heads)
    features = keras.layers.Rescaling(FEATURE_SCALE, name="features")(facts)
    return keras.Model(frame, with_cells(features, last_map, pooling), name="tiny")
