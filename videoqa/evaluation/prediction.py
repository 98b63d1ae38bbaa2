"""Answer probabilities of examples from a built model, batch by batch."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from videoqa._progress import progress_bar
from videoqa.input_pipeline import Examples

if TYPE_CHECKING:
    import keras


def predict_probabilities(
    model: "keras.Model", examples: Examples, *, batch_size: int = 128, progress: bool = False
) -> np.ndarray:
    """Return the softmax of every example's centre window, float32 `(num_examples, num_answers)`.

    Rows whose video failed (`clip_index` −1) get zeros, so that no answer is theirs.
    """
    call = inference_function(model)
    probabilities = np.zeros((len(examples), int(model.output_shape[-1])), np.float32)
    usable = np.flatnonzero(examples.clip_index >= 0)
    starts = range(0, len(usable), batch_size)
    for start in progress_bar(starts, progress=progress, desc="predicting", unit="batch", leave=False):
        rows = usable[start : start + batch_size]
        probabilities[rows] = call(examples.model_inputs(rows, examples.center_starts(rows)))
    return probabilities


def inference_function(model: "keras.Model") -> Callable[[dict[str, np.ndarray]], np.ndarray]:
    """Return `model(inputs, training=False)` compiled once and kept with the model."""
    import tensorflow as tf

    if not hasattr(model, "_videoqa_inference"):
        signature = {name: tf.TensorSpec(tensor.shape, tensor.dtype) for name, tensor in model.input.items()}
        function = tf.function(lambda inputs: model(inputs, training=False), input_signature=[signature])
        model._videoqa_inference = function.get_concrete_function()
    call, dtypes = model._videoqa_inference, {name: tensor.dtype for name, tensor in model.input.items()}
    return lambda inputs: call(
        {name: tf.constant(array, dtypes[name]) for name, array in inputs.items()}
    ).numpy()
