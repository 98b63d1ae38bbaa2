"""Dropout whose mask depends on an example's place in the global batch, not on devices or earlier steps."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import keras

from videoqa._checks import check_integer, check_number


class _DropoutState(NamedTuple):
    seed: Any
    step: Any
    positions: Any
    global_batch_size: Any


class _Stack(threading.local):
    def __init__(self) -> None:
        self.states: list[_DropoutState] = []


_stack = _Stack()


@contextlib.contextmanager
def dropout_state(seed: Any, step: Any, positions: Any, global_batch_size: Any) -> Iterator[None]:
    """Tell every `StatelessDropout` called inside which step and which examples it works on.

    Enter it within a `tf.function`, not around one: the values are read when the function is traced, so
    whatever changes from step to step must be a tensor. Each thread has its own state.

    Args:
        seed: integer or scalar tensor, of the run.
        step: integer or scalar tensor, of the step.
        positions: integers `(batch,)`: each example's place in the global batch, from 0.
        global_batch_size: integer or scalar tensor, more than every position.
    """
    _stack.states.append(_DropoutState(seed, step, positions, global_batch_size))
    try:
        yield
    finally:
        _stack.states.pop()


@keras.saving.register_keras_serializable(package="videoqa")
class StatelessDropout(keras.layers.Layer):
    """Sets a fraction `rate` of the inputs to 0 in training and scales the rest by `1 / (1 - rate)`.

    Inside `dropout_state`, row i of the mask depends only on the seed, the step, `index` and `positions[i]`.
    Each example gets the same mask however a batch is split over devices, and resuming needs no saved state.
    Outside, as in plain `model.fit`, masks come from Keras's seed generator.

    Args:
        rate: fraction set to 0, in [0, 1).
        index: number among the model's dropout layers, so that each draws different masks.
    """

    def __init__(self, rate: float, *, index: int = 0, **options: Any) -> None:
        super().__init__(**options)
        check_number("rate", rate, minimum=0, maximum=0.999)
        check_integer("index", index, minimum=0)
        self.rate = rate
        self.index = index
        self.seed_generator = keras.random.SeedGenerator()
        self.supports_masking = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Return `inputs`, `(batch, ...)`, thinned out when `training`."""
        if not training or self.rate == 0:
            return inputs
        if not _stack.states:
            return keras.random.dropout(inputs, self.rate, seed=self.seed_generator)
        import tensorflow as tf

        kept = tf.reshape(self._kept(tf.shape(inputs), _stack.states[-1]), tf.shape(inputs))
        scaled = inputs * tf.cast(1 / (1 - self.rate), inputs.dtype)
        return tf.where(kept, scaled, tf.zeros_like(inputs))

    def _kept(self, shape: Any, state: _DropoutState) -> Any:
        """Return which values stay: bool `(len(positions), ...)`."""
        import tensorflow as tf

        seed = tf.stack([tf.cast(state.seed, tf.int64), tf.cast(state.step, tf.int64)])
        seed = tf.random.fold_in(seed, self.index)
        # Draw for the whole global batch: a row is the same however many rows follow.
        size = tf.concat([[tf.cast(state.global_batch_size, tf.int32)], shape[1:]], 0)
        draws = tf.random.stateless_uniform(size, seed, alg="philox")
        return tf.gather(draws, state.positions) >= self.rate

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return `input_shape`."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return what builds the layer again."""
        return super().get_config() | {"rate": self.rate, "index": self.index}
