"""Clips as one batch of frames and back, for layers that see one frame at a time."""

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="videoqa")
class FoldFrames(keras.layers.Layer):
    """Turns `(batch, num_frames, ...)` into `(batch * num_frames, ...)`."""

    def call(self, clips: Any) -> Any:
        """Return the frames of all clips."""
        return keras.ops.reshape(clips, (-1, *clips.shape[2:]))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape with batch and frames as one axis."""
        return (None, *input_shape[2:])


@keras.saving.register_keras_serializable(package="videoqa")
class UnfoldFrames(keras.layers.Layer):
    """Turns `(batch * num_frames, ...)` back, given a mask `(batch, num_frames)` as second input."""

    def call(self, inputs: Any) -> Any:
        """Return `(batch, num_frames, ...)`."""
        frames, mask = inputs
        num_frames = keras.ops.shape(mask)[1]
        return keras.ops.reshape(frames, (-1, num_frames, *frames.shape[1:]))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape with batch and frames as two axes."""
        frames, mask = input_shape
        return (*mask, *frames[1:])
