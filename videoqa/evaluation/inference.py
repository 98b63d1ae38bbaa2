"""A compiled forward pass, and the batch size for it: scoring needs no more memory than training."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from videoqa.config import SEGMENT_FRAMES

if TYPE_CHECKING:
    import keras

LAST_LAYERS = ("logits", "answer")
"""The last layer with weights is the first of these that a model has."""
WINDOWS_AT_ONCE = 128
"""Windows per batch for a model that reads features."""
FRAMES_AT_ONCE = 80
"""Frames per batch for a model that reads frames; its first layers put out megabytes for each frame."""
Inference = Callable[[dict[str, np.ndarray]], np.ndarray]
InferenceWithHidden = Callable[[dict[str, np.ndarray]], tuple[np.ndarray, np.ndarray]]


def windows_at_once(model: "keras.Model", num_frames: int, trained_with: int | None = None) -> int:
    """Return how many windows go into one call of `inference_function`.

    Args:
        model: the model to call.
        num_frames: frames per window.
        trained_with: windows per training step, an upper limit for models that read frames: memory that was
            enough for the step is enough here. None: no training is going on.
    """
    if "clip" not in model.input:
        return WINDOWS_AT_ONCE
    from videoqa.models.conv_lstm import has_segment_form

    in_one_call = min(num_frames, SEGMENT_FRAMES) if has_segment_form(model) else num_frames
    most = max(FRAMES_AT_ONCE // in_one_call, 1)
    return most if trained_with is None else min(most, trained_with)


def inference_function(model: "keras.Model") -> Inference:
    """Return `model(inputs, training=False)`, compiled once and kept on the model.

    A model with a segment form reads a clip in segments and carries its state along, as in training. Its
    answers to real frames equal those to the whole clip at once; ignore its answers to padding.
    """
    if not hasattr(model, "_videoqa_inference"):
        if "clip" in model.input:  # its hidden outputs are wanted later, and compiling it twice takes seconds
            with_hidden = inference_with_hidden(model)
            model._videoqa_inference = lambda inputs: with_hidden(inputs)[0]
        else:
            model._videoqa_inference = _at_once(model)
    return model._videoqa_inference


def inference_with_hidden(model: "keras.Model") -> InferenceWithHidden:
    """Return a function of the inputs that gives the answers and what went into the last layer with weights.

    The second output is `(batch, units)`, or `(batch, num_frames, units)` for a model that labels frames.
    """
    from videoqa.models.conv_lstm import has_segment_form

    if not hasattr(model, "_videoqa_with_hidden"):
        model._videoqa_with_hidden = (
            _by_segments(model) if has_segment_form(model) else _hidden_at_once(model)
        )
    return model._videoqa_with_hidden


def _at_once(model: "keras.Model") -> Inference:
    call = _compiled(model)
    return lambda inputs: call(inputs).numpy()


def _hidden_at_once(model: "keras.Model") -> InferenceWithHidden:
    import keras

    last = next(layer for name in LAST_LAYERS for layer in model.layers if layer.name == name)
    outputs = {"answer": model.output, "hidden": last.input}
    call = _compiled(keras.Model(model.input, outputs))

    def answers(inputs: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        found = call(inputs)
        return found["answer"].numpy(), found["hidden"].numpy()

    return answers


def _by_segments(model: "keras.Model") -> InferenceWithHidden:
    from videoqa.models.conv_lstm import segment_form

    segments = segment_form(model)
    call, num_classes = _compiled(segments), model.output_shape[-1]
    states = {name: segments.input[name].shape[-1] for name in ("hidden", "cell")}

    def answers(inputs: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Return probabilities and outputs of the LSTM for every frame, `(batch, num_frames, ...)`."""
        clip, mask = inputs["clip"], inputs["mask"]
        probabilities = np.zeros((*mask.shape, num_classes), np.float32)
        outputs = np.zeros((*mask.shape, states["hidden"]), np.float32)
        carried: dict[str, Any] = {name: np.zeros((len(clip), units)) for name, units in states.items()}
        for begin in range(0, int(mask.sum(axis=1).max(initial=0)), SEGMENT_FRAMES):
            part = slice(begin, begin + SEGMENT_FRAMES)
            found = call({"clip": clip[:, part], "mask": mask[:, part], **carried})
            probabilities[:, part], outputs[:, part] = found["answer"], found["outputs"]
            carried = {name: found[name] for name in states}
        return probabilities, outputs

    return answers


def _compiled(model: "keras.Model") -> Callable[[dict[str, Any]], Any]:
    """Return `model` compiled for any number of rows; it takes arrays and tensors."""
    return compiled(lambda inputs: model(inputs, training=False), model.input)


def compiled(function: Callable[[Any], Any], inputs: dict[str, Any]) -> Callable[[dict[str, Any]], Any]:
    """Return a function of tensors compiled for any number of rows; it takes arrays and tensors.

    Args:
        function: from a dict of tensors.
        inputs: name -> a symbolic tensor with the shape and the dtype that it takes.
    """
    import tensorflow as tf

    dtypes = {name: tensor.dtype for name, tensor in inputs.items()}
    signature = {name: tf.TensorSpec(tensor.shape, tensor.dtype) for name, tensor in inputs.items()}
    call = tf.function(function, input_signature=[signature], autograph=False).get_concrete_function()
    return lambda inputs: call(
        {name: tf.convert_to_tensor(value, dtypes[name]) for name, value in inputs.items()}
    )
