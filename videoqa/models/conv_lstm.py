"""A small convolutional network over single frames and an LSTM that labels every frame."""

from typing import Any

import keras

from videoqa._checks import Refusal, check_choice
from videoqa.config import ModelConfig
from videoqa.models.dropout import StatelessDropout
from videoqa.models.frame_layers import FoldFrames, FrameStandardization, UnfoldFrames
from videoqa.models.layer_options import kernel_penalty, scaled_units, softmax_dtype
from videoqa.models.time_layers import PeepholeLSTMCell

FILTERS = (30, 10)
UNITS = 50
CONV_LSTM_LAYERS = ("conv1", "conv2", "dense", "lstm", "answer")
"""The layers with weights; a recipe may give each an optimizer of its own."""
ONE_FRAME_LAYERS = ("conv1", "pool", "conv2", "flatten", "dense")
"""The layers that see one frame at a time."""
Layers = dict[str, keras.layers.Layer]


def build_conv_lstm(model: ModelConfig, num_frames: int | None, starts_from: str = "clip") -> keras.Model:
    """Build the convolutional LSTM, not compiled.

    Each frame goes through a convolution of 10 x 10 with stride 4, a pool of 3 x 3 with stride 2, a
    convolution of 3 x 3 with stride 2 (all without padding) and a dense layer. An LSTM with softsign, by
    default with peepholes, runs over the frames, and a softmax labels each. Initial weights: He et al. 2015
    before a ReLU, else Glorot and Bengio 2010 ("Xavier").

    Args:
        model: "conv_lstm", with `width`, `peepholes`, `l2` (of every kernel), `dropout` (before the output),
            `frame_size` and `num_answers`.
        num_frames: frames per clip; None: any number.
        starts_from: "clip"; there is no other form.

    Returns:
        A `keras.Model` from {"clip", "mask"} to "answer". "clip": uint8 RGB `(batch, num_frames, height,
        width, 3)`; "mask": bool `(batch, num_frames)`, False for padding frames at the end of a clip, which
        neither change the LSTM's state nor count in the loss of `model.fit`. "answer": `(batch, num_frames,
        num_answers)`, probabilities for every frame.

    Raises:
        ValueError: a form that starts from features.

    Source: the recipe in `docs/actions.md`; 149,599 parameters for 9 classes and frames of 240 x 320.
    """
    advice = "conv_lstm has no backbone whose features it could read."
    check_choice("starts_from", starts_from, ("clip",), advice)
    clip, mask = _inputs(num_frames, model.frame_size)
    answer = _label_frames(_make_layers(model), clip, mask)[0]
    return keras.Model({"clip": clip, "mask": mask}, answer, name=model.architecture)


def segment_form(model: keras.Model) -> keras.Model:
    """Return a model with the same layers that also takes and returns the LSTM's states.

    Truncated back-propagation feeds a clip in segments. If the states start at 0 and are carried from segment
    to segment, the answers equal those for the whole clip.

    Args:
        model: from `build_conv_lstm`.

    Returns:
        A `keras.Model` from {"clip", "mask", "hidden", "cell"} to {"answer", "outputs", "hidden", "cell"}:
        clip, mask and answer as in `model`, for any number of frames; "outputs" of the LSTM, `(batch,
        num_frames, units)`; the states `(batch, units)` in the compute dtype.
        Its `losses` are the penalties on the kernels.

    Raises:
        ValueError: another kind of model.
    """
    layers = {layer.name: layer for layer in model.layers}
    if not has_segment_form(model):
        raise Refusal("model", "be a conv_lstm model", model.name)
    clip, mask = _inputs(None, layers["clip"].output.shape[2:4])
    lstm = layers["lstm"]
    states = {
        name: keras.Input((lstm.cell.units,), dtype=lstm.compute_dtype, name=name)
        for name in ("hidden", "cell")
    }
    answer, shown, hidden, cell = _label_frames(layers, clip, mask, list(states.values()))
    outputs = {"answer": answer, "outputs": shown, "hidden": hidden, "cell": cell}
    return keras.Model({"clip": clip, "mask": mask, **states}, outputs, name=f"{model.name}_segment")


def has_segment_form(model: keras.Model) -> bool:
    """Return whether a model comes from `build_conv_lstm`, so that `segment_form` takes it."""
    return set(CONV_LSTM_LAYERS) <= {layer.name for layer in model.layers}


def _inputs(num_frames: int | None, frame_size: Any) -> tuple[Any, Any]:
    clip = keras.Input((num_frames, *frame_size, 3), dtype="uint8", name="clip")
    return clip, keras.Input((num_frames,), dtype="bool", name="mask")


def _label_frames(
    layers: Layers, clip: Any, mask: Any, states: list[Any] | None = None
) -> tuple[Any, Any, Any, Any]:
    """Return the answer and the LSTM's output for every frame, and both states after the last one."""
    x = layers["fold"](layers["standardization"](clip))
    for name in ONE_FRAME_LAYERS:
        x = layers[name](x)
    features = layers["unfold"]([x, mask])
    outputs, hidden, cell = layers["lstm"](features, mask=mask, initial_state=states)
    if "dropout" in layers:
        outputs = layers["dropout"](outputs)
    return layers["answer"](outputs), outputs, hidden, cell


def _make_layers(model: ModelConfig) -> Layers:
    units = scaled_units(UNITS, model)
    layers = [
        FrameStandardization(name="standardization"),
        FoldFrames(name="fold"),
        _convolution("conv1", FILTERS[0], 10, 4, model),
        keras.layers.MaxPooling2D(3, 2, name="pool"),
        _convolution("conv2", FILTERS[1], 3, 2, model),
        keras.layers.Flatten(name="flatten"),
        keras.layers.Dense(units, name="dense", **_before_relu(model)),
        UnfoldFrames(name="unfold"),
        _lstm(units, model),
        keras.layers.Dense(
            model.num_answers,
            activation="softmax",
            kernel_regularizer=kernel_penalty(model),
            dtype=softmax_dtype(),
            name="answer",
        ),
    ]
    if model.dropout:
        layers.append(StatelessDropout(model.dropout, name="dropout"))
    return {layer.name: layer for layer in layers}


def _convolution(name: str, filters: int, size: int, stride: int, model: ModelConfig) -> keras.layers.Layer:
    return keras.layers.Conv2D(scaled_units(filters, model), size, stride, name=name, **_before_relu(model))


def _before_relu(model: ModelConfig) -> dict[str, Any]:
    return {
        "activation": "relu",
        "kernel_initializer": "he_normal",
        "kernel_regularizer": kernel_penalty(model),
    }


def _lstm(units: int, model: ModelConfig) -> keras.layers.Layer:
    given = {"return_sequences": True, "return_state": True, "name": "lstm"}
    if model.peepholes:
        cell = PeepholeLSTMCell(
            units, activation="softsign", kernel_regularizer=kernel_penalty(model), name="cell"
        )
        return keras.layers.RNN(cell, **given)
    return keras.layers.LSTM(
        units,
        activation="softsign",
        recurrent_initializer="glorot_uniform",
        kernel_regularizer=kernel_penalty(model),
        recurrent_regularizer=kernel_penalty(model),
        **given,
    )
