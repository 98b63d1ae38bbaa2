"""`TimeDistributed` that runs all frames of a batch as one batch of frames."""

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="videoqa")
class TimeDistributed(keras.layers.TimeDistributed):
    """Applies a layer to every frame, exactly as Keras's class does, with time folded into the batch.

    Keras's own runs one copy of the layer per frame, or a vectorised loop when the number of frames is
    open: for InceptionV3 that takes minutes to trace where this takes seconds. A layer that is not
    trainable always runs in inference mode, so batch normalisation keeps its statistics.

    Input `(batch, num_frames, ...)`, output `(batch, num_frames, ...)`; masks are not used: every clip has
    all its frames.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Return the layer's output for every frame of `inputs`."""
        shape = keras.ops.shape(inputs)
        frames = keras.ops.reshape(inputs, (-1, *shape[2:]))
        outputs = self.layer(frames, training=bool(training) and self.layer.trainable)
        return keras.ops.reshape(outputs, (-1, shape[1], *outputs.shape[1:]))
