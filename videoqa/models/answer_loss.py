"""The loss of every model, a Keras class."""

from typing import Any

import keras

from videoqa._checks import Refusal


@keras.saving.register_keras_serializable(package="videoqa")
class AnswerCrossentropy(keras.losses.SparseCategoricalCrossentropy):
    """Keras's cross-entropy of integer ids, which refuses one-hot labels in words.

    Args:
        y_true: integer ids `(batch,)` or `(batch, 1)`; `(batch, num_frames)` if each frame is labelled.
        y_pred: probabilities, `(batch, num_answers)`, or `(batch, num_frames, num_answers)`.
    """

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the cross-entropy of each row."""
        if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] != 1:
            advice = "Convert one-hot labels with labels.argmax(-1)."
            requirement = f"have {len(y_pred.shape) - 1} axes, of integer answer ids"
            raise Refusal("labels.shape", requirement, ("batch", *y_true.shape[1:]), advice)
        return super().call(y_true, y_pred)
