"""Layers of exported models: what the library does to the probabilities of a network."""

from typing import Any

import keras

from videoqa._checks import check_number

LEAST_PROBABILITY = 1e-12
"""Taken for smaller probabilities, which have no logarithm that a temperature could divide."""


@keras.saving.register_keras_serializable(package="videoqa")
class FrameMean(keras.layers.Layer):
    """Averages the probabilities of the real frames of a clip.

    `(batch, num_frames, num_answers)` and a mask `(batch, num_frames)` → `(batch, num_answers)`.
    """

    def call(self, inputs: Any) -> Any:
        """Return the mean over the frames where the mask is True."""
        probabilities, mask = inputs
        weights = keras.ops.expand_dims(keras.ops.cast(mask, probabilities.dtype), -1)
        return keras.ops.sum(probabilities * weights, axis=1) / keras.ops.maximum(
            keras.ops.sum(weights, axis=1), 1
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape without the frames."""
        probabilities, _ = input_shape
        return (probabilities[0], probabilities[2])


@keras.saving.register_keras_serializable(package="videoqa")
class TemperatureScaling(keras.layers.Layer):
    """Calibrates probabilities `(batch, num_answers)`: softmax(log p / temperature).

    Args:
        temperature: above 0; 1 changes nothing.

    Source: `videoqa.trust.calibration.with_temperature`, here in float32.
    """

    def __init__(self, temperature: float, **options: Any) -> None:
        super().__init__(**options)
        check_number("temperature", temperature, minimum=1e-6)
        self.temperature = temperature

    def call(self, probabilities: Any) -> Any:
        """Return the calibrated probabilities."""
        logs = keras.ops.log(keras.ops.maximum(probabilities, LEAST_PROBABILITY)) / self.temperature
        scaled = keras.ops.exp(logs - keras.ops.max(logs, axis=-1, keepdims=True))
        return scaled / keras.ops.sum(scaled, axis=-1, keepdims=True)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return `input_shape`."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return what builds the layer again."""
        return super().get_config() | {"temperature": self.temperature}
