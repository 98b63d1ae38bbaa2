"""Builds the models: clip and question to answer, or clip to action; from frames or from features."""

import contextlib
import math
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import keras

from videoqa._checks import Refusal, check_integer, check_number
from videoqa._fork import check_not_forked
from videoqa.config import ModelConfig
from videoqa.models.answer_loss import AnswerCrossentropy
from videoqa.models.c3d import build_c3d
from videoqa.models.cnn_lstm import build_cnn_lstm
from videoqa.models.conv_lstm import build_conv_lstm
from videoqa.models.devices import let_gpu_memory_grow

LEARNING_RATE = 1e-3
ARCHITECTURE_FUNCTIONS: dict[str, Callable[[ModelConfig, int | None, str], keras.Model]] = {
    "cnn_lstm": build_cnn_lstm,
    "c3d": build_c3d,
    "conv_lstm": build_conv_lstm,
}
"""Architecture -> the function that builds its network, not compiled."""
LAYERS_BEFORE_FEATURES = ("clip", "features", "question", "backbone")


def build_model(
    num_answers: int = 1000,
    vocabulary_size: int = 10000,
    *,
    num_frames: int | None = None,
    frame_size: tuple[int, int] | None = None,
    backbone: str = "inception_v3",
    backbone_weights: str | os.PathLike[str] | None = "default",
    backbone_layer: str | None = None,
    pooling: str = "mean",
    motion: str = "none",
    video_branch: str = "lstm",
    starts_from: str = "clip",
    dropout: float | None = None,
    train_backbone: bool = False,
    embedding_dim: int = 256,
    video_units: int = 256,
    question_units: int = 128,
    hidden_units: int = 128,
    learning_rate: float = LEARNING_RATE,
) -> keras.Model:
    """Build the model that answers a question about a clip, compiled: `model.fit` works.

    Args:
        num_answers: classes of the softmax.
        vocabulary_size: rows of the question embedding; id 0 is padding.
        num_frames: frames per clip; None: any number.
        frame_size: (height, width) of the frames in pixels; None: the backbone's own.
        backbone: "inception_v3" or "tiny".
        backbone_weights: "default": "imagenet" for inception_v3 (downloaded once), "package" for tiny; a
            weights file; or None: random weights.
        backbone_layer: cut InceptionV3 after this layer, for example "mixed8"; None: its end.
        pooling: what is kept of a frame's last map: "mean", its average; "grid2" or "grid3", beside it the
            averages over 2 x 2 or 3 x 3 cells, which tell where something is.
        motion: what is seen of change between frames: "none"; "difference", each frame's features less those
            of the frame before, beside them; with `starts_from="features"` also "flow", optical flow, or
            "both".
        video_branch: "lstm", "bidirectional" (an LSTM from each end), "convolution" (over time), "attention"
            (a weighted mean that knows places in time), "mean" (the bag of frames) or "none" (the blind
            model: no clip goes in).
        starts_from: "clip", or "features": only the layers after the backbone.
        dropout: rate on the joined vector, in [0, 1); None: none.
        train_backbone: train the backbone end to end; False: frozen, batch norm statistics included.
        embedding_dim, video_units, question_units, hidden_units: widths.
        learning_rate: of Adam.

    Returns:
        A `keras.Model` from {"clip", "question"}, or {"features", "question"}, to "answer".
        "clip": uint8 RGB `(batch, num_frames, height, width, 3)`, 0-255 (floats in that range are truncated
        to integers); "features": float32 `(batch, num_frames, feature_dim)`; "question": int32
        token ids `(batch, num_tokens)`, padded with 0 on the right; "answer": `(batch, num_answers)`,
        probabilities.

    Raises:
        ConnectionError: the ImageNet weights are not here and cannot be downloaded.
        FileNotFoundError: no such weights file.
        ValueError: an option out of range, or a file with other weights.

    Example:
        >>> model = build_model(4, 50, backbone="tiny")
        >>> sorted(model.input)
        ['clip', 'question']
    """
    config = ModelConfig(
        num_answers=num_answers,
        vocabulary_size=vocabulary_size,
        backbone=backbone,
        backbone_weights=_own_weights(backbone_weights),
        backbone_layer=backbone_layer,
        pooling=pooling,
        motion=motion,
        frame_size=frame_size,
        video_branch=video_branch,
        video_units=video_units,
        embedding_dim=embedding_dim,
        question_units=question_units,
        hidden_units=hidden_units,
        dropout=dropout,
        train_backbone=train_backbone,
    )
    return build_from_config(config, num_frames, starts_from=starts_from, learning_rate=learning_rate)


def build_action_model(
    num_classes: int,
    *,
    architecture: str = "cnn_lstm",
    num_frames: int | None = None,
    frame_size: tuple[int, int] | None = None,
    width: float = 1.0,
    peepholes: bool = True,
    l2: float | None = None,
    dropout: float | None = None,
    backbone: str = "inception_v3",
    backbone_weights: str | os.PathLike[str] | None = "default",
    backbone_layer: str | None = None,
    pooling: str = "mean",
    motion: str = "none",
    video_branch: str = "lstm",
    starts_from: str = "clip",
    train_backbone: bool = False,
    video_units: int = 256,
    hidden_units: int = 128,
    learning_rate: float = LEARNING_RATE,
) -> keras.Model:
    """Build the model that names the action in a clip, compiled: `model.fit` works.

    Args:
        num_classes: classes of the softmax.
        architecture: "cnn_lstm" (`build_model`'s video branch with a head of its own), "c3d" (3-D
            convolutions over a short clip) or "conv_lstm" (labels every frame); the last two as published.
        num_frames: as in `build_model`; None for c3d: 10.
        frame_size: (height, width) of the frames in pixels; None: the backbone's or architecture's own.
        width: factor of the widths of c3d and conv_lstm.
        peepholes: whether the gates of conv_lstm's LSTM see its cell; False: Keras's LSTM.
        l2: factor of the squared kernels in the loss; None: the architecture's published one.
        dropout: rate before the output, in [0, 1); None: the architecture's published one.
        backbone, backbone_weights, backbone_layer, pooling, motion, starts_from, train_backbone, video_units,
            hidden_units: of cnn_lstm, as in `build_model`.
        video_branch: of cnn_lstm, as in `build_model`; not "none".
        learning_rate: of Adam.

    Returns:
        A compiled `keras.Model` from {"clip"} or {"features"} to "answer", `(batch, num_classes)`; conv_lstm:
        from {"clip", "mask"} to `(batch, num_frames, num_classes)`; the mask is bool `(batch, num_frames)`,
        False after the end of a clip, and `model.fit` takes labels `(batch, num_frames)`.

    Raises:
        ConnectionError, FileNotFoundError, ValueError: as `build_model`, and an option that the architecture
            does not have.

    Example:
        >>> model = build_action_model(101, architecture="c3d", width=0.125)
        >>> model.input["clip"].shape
        (None, 10, 112, 112, 3)
    """
    check_integer("num_classes", num_classes, minimum=1)
    config = ModelConfig(
        task="action",
        architecture=architecture,
        num_answers=num_classes,
        width=width,
        peepholes=peepholes,
        l2=l2,
        backbone=backbone,
        backbone_weights=_own_weights(backbone_weights),
        backbone_layer=backbone_layer,
        pooling=pooling,
        motion=motion,
        frame_size=frame_size,
        video_branch=video_branch,
        video_units=video_units,
        hidden_units=hidden_units,
        dropout=dropout,
        train_backbone=train_backbone,
    )
    return build_from_config(config, num_frames, starts_from=starts_from, learning_rate=learning_rate)


def build_from_config(
    model: ModelConfig,
    num_frames: int | None = None,
    *,
    starts_from: str = "features",
    learning_rate: float = LEARNING_RATE,
) -> keras.Model:
    """Build a compiled model of a checked configuration; see `build_model`.

    With `starts_from="features"` no weights file is read. After the same `keras.utils.set_random_seed`, both
    forms get the same initial weights behind a frozen backbone. c3d and conv_lstm start from clips only.
    """
    check_not_forked("build_model")
    check_number("learning_rate", learning_rate, minimum=1e-12)
    if num_frames is not None:
        check_integer("num_frames", num_frames, minimum=1)
    if model.task != "action" and not model.has_backbone:
        requirement = f"be 'action' with architecture={model.architecture!r}, which reads no question"
        raise Refusal("task", requirement, model.task)
    let_gpu_memory_grow()
    network = ARCHITECTURE_FUNCTIONS[model.architecture](model, num_frames, starts_from)
    # XLA would compile anew for every number of frames and words.
    network.compile(
        keras.optimizers.Adam(learning_rate),
        AnswerCrossentropy(),
        weighted_metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        jit_compile=False,
    )
    return network


def num_weights(model: ModelConfig, num_frames: int | None, *, starts_from: str) -> int:
    """Return how many numbers the weights of a model hold, without making them; arguments: `build_model`."""

    def build() -> keras.Model:
        with keras.StatelessScope(initialize_variables=False):
            return ARCHITECTURE_FUNCTIONS[model.architecture](model, num_frames, starts_from)

    # Keras notes for each thread what it has yet to make: in this one it would make the weights after all.
    with ThreadPoolExecutor(1) as thread:
        network = thread.submit(build).result()
    return sum(math.prod(weight.shape) for weight in network.weights)


def copy_shared_weights(source: keras.Model, target: keras.Model) -> None:
    """Copy the weights of every layer after the backbone from one form of a model to the other.

    Raises:
        ValueError: the layers, or the shapes of their weights, differ.
    """
    own, wanted = _shared_layers(source), _shared_layers(target)
    if own.keys() != wanted.keys():
        raise Refusal(
            f"Two forms of one model must have the same layers after the backbone. Received: {sorted(own)} "
            f"and {sorted(wanted)}."
        )
    for name, layer in wanted.items():
        shapes = [[tuple(weight.shape) for weight in side.weights] for side in (own[name], layer)]
        if shapes[0] != shapes[1]:
            raise Refusal(
                f"Two forms of one model must have weights of the same shapes. Received: layer {name!r} "
                f"with {shapes[0]} and {shapes[1]}."
            )
    for name, layer in wanted.items():
        layer.set_weights(own[name].get_weights())


def _shared_layers(model: keras.Model) -> dict[str, keras.layers.Layer]:
    return {layer.name: layer for layer in model.layers if layer.name not in LAYERS_BEFORE_FEATURES}


def _own_weights(weights: str | os.PathLike[str] | None) -> str | None:
    """Return the weights as a `ModelConfig` keeps them."""
    return None if weights is None else os.fspath(weights)


@contextlib.contextmanager
def computing_in(precision: str) -> Iterator[None]:
    """Let the models built inside compute in `precision`, one of `videoqa.config.PRECISIONS`."""
    policy, floatx = keras.config.dtype_policy(), keras.config.floatx()
    keras.config.set_floatx("float64" if precision == "float64" else "float32")
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(policy)
