"""The `tiny` backbone: a small convolutional net of our own that keeps place as well as appearance.

Trained by us, frame by frame, on drawn scenes (`benchmarks/train_tiny_backbone.py`): it never saw a photo.
"""

from pathlib import Path

import keras

TINY_FEATURE_DIM = 192
TINY_INPUT_SIZE = (96, 96)
TINY_FILTERS = (16, 32, 48, 64)
TINY_WEIGHTS_PATH = Path(__file__).with_name("weights") / "tiny.weights.h5"


def build_tiny_network(frame_size: tuple[int, int] = TINY_INPUT_SIZE) -> keras.Model:
    """Return the network over one frame, with random weights.

    Four strided convolutions leave a 6 x 6 grid, which is flattened, not pooled: where things stand is kept.

    Args:
        frame_size: height and width of the frames in pixels; other sizes than 96 x 96 are resized inside.

    Returns:
        A `keras.Model`: frames (batch, height, width, 3), values 0-255 -> features (batch, 192) in [-1, 1].
    """
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
    x = keras.layers.Flatten(name="grid")(x)
    features = keras.layers.Dense(TINY_FEATURE_DIM, activation="tanh", name="features")(x)
    return keras.Model(frame, features, name="tiny")
