"""C3D: 3-D convolutions over a short clip, with a batch normalisation after every layer."""

from typing import Any

import keras

from videoqa._checks import check_choice, check_integer
from videoqa.config import ModelConfig
from videoqa.models.dropout import StatelessDropout
from videoqa.models.frame_layers import FrameStandardization, MaxPooling3D
from videoqa.models.layer_options import kernel_penalty, scaled_units, softmax_dtype

CONVOLUTIONS = {"1": 64, "2": 128, "3a": 256, "3b": 256, "4a": 512, "4b": 512, "5a": 512, "5b": 512}
"""Name of each convolution -> its filters."""
POOLS_AFTER = {"1": (1, 2, 2), "2": (2, 2, 2), "3b": (2, 2, 2), "4b": (2, 2, 2), "5b": (2, 2, 2)}
DENSE_UNITS = 4096
SMALLEST_NUM_FRAMES = 2
BATCH_NORM_MOMENTUM = 0.9
"""Momentum of the moving statistics, which scoring uses; the published recipe gives none. With Keras's 0.99
they are still far from the data's after the few hundred steps of a small set."""


def build_c3d(model: ModelConfig, num_frames: int | None, starts_from: str = "clip") -> keras.Model:
    """Build C3D, not compiled.

    Eight convolutions of 3 x 3 x 3 and five pools, all with padding "same"; two dense layers of 4096; the
    output layer. Each of the 11 layers is followed by batch normalisation without gamma, with a ReLU before
    it in all but the output layer; a softmax comes last. With 101 classes, 78,420,618 of 78,442,708
    parameters are trained, as published.

    Args:
        model: "c3d", with `width`, `l2` (of the 11 kernels), `dropout` (after the second dense layer),
            `frame_size` and `num_answers`.
        num_frames: frames per clip, at least 2; None: 10.
        starts_from: "clip"; there is no other form.

    Returns:
        A `keras.Model` from {"clip"}, uint8 RGB `(batch, num_frames, height, width, 3)`, to "answer",
        `(batch, num_answers)`, probabilities.

    Raises:
        ValueError: too few frames, or a form that starts from features.

    Source: Tran et al. 2015, arXiv:1412.0767; batch normalisation (Ioffe and Szegedy 2015) and numbers of
        frames as in the recipe of `docs/actions.md`.
    """
    check_choice("starts_from", starts_from, ("clip",), "c3d has no backbone whose features it could read.")
    frames = model.facts.defaults["num_frames"] if num_frames is None else num_frames
    advice = "c3d looks for motion; it was published with 10 and with 16 frames."
    check_integer("num_frames", frames, minimum=SMALLEST_NUM_FRAMES, advice=advice)
    clip = keras.Input((frames, *model.frame_size, 3), dtype="uint8", name="clip")  # type: ignore[misc]
    x = FrameStandardization(name="standardization")(clip)
    for name, filters in CONVOLUTIONS.items():
        x = _normalised(_convolution(name, filters, model)(x), f"conv{name}")
        if name in POOLS_AFTER:
            x = MaxPooling3D(POOLS_AFTER[name], name=f"pool{name[0]}")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    for name in ("dense1", "dense2"):
        x = _normalised(_dense(name, scaled_units(DENSE_UNITS, model), "relu", model)(x), name)
    if model.dropout:
        x = StatelessDropout(model.dropout, name="dropout")(x)
    logits = _normalised(_dense("logits", model.num_answers, None, model)(x), "logits")
    answer = keras.layers.Softmax(dtype=softmax_dtype(), name="answer")(logits)
    return keras.Model({"clip": clip}, answer, name=model.architecture)


def _convolution(name: str, filters: int, model: ModelConfig) -> keras.layers.Layer:
    return keras.layers.Conv3D(
        scaled_units(filters, model),
        3,
        padding="same",
        activation="relu",
        kernel_regularizer=kernel_penalty(model),
        name=f"conv{name}",
    )


def _dense(name: str, units: int, activation: str | None, model: ModelConfig) -> keras.layers.Layer:
    penalty = kernel_penalty(model)
    return keras.layers.Dense(units, activation=activation, kernel_regularizer=penalty, name=name)


def _normalised(outputs: Any, name: str) -> Any:
    """Normalise over the global batch, so that several replicas compute what one would."""
    norm = keras.layers.BatchNormalization(
        momentum=BATCH_NORM_MOMENTUM, scale=False, synchronized=True, name=f"{name}_norm"
    )
    return norm(outputs)
