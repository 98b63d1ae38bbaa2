"""How each architecture is trained: its step, which optimizers for which weights, how their rates go on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from videoqa.config import ModelConfig, TrainingConfig
from videoqa.training.segment_step import make_segment_step
from videoqa.training.step import OptimizerPairs, Step, make_train_step

CLIP_VALUE = 10.0
"""Bound of each element of the gradients of conv_lstm's dense, LSTM and output layers."""
LayerOptimizers = Mapping[tuple[str, ...], tuple[float, Callable[[float], keras.optimizers.Optimizer]]]


def _adagrad(rate: float) -> keras.optimizers.Optimizer:
    """Return AdaGrad as published: the sum of squares begins at 1e-6, where Keras would begin it at 0.1.

    Deeplearning4j's `AdaGradUpdater` fills the sum with 1e-6, adds the squared gradient and divides by
    sqrt(sum) + 1e-6 (read in deeplearning4j/deeplearning4j: that class and the native updaterAdaGrad.cpp).
    Keras divides by sqrt(sum + epsilon): at 2e-9 both are equal at the smallest sum, and never differ by more
    than 0.025 %.
    """
    return keras.optimizers.Adagrad(rate, initial_accumulator_value=1e-6, epsilon=2e-9, clipvalue=CLIP_VALUE)


CONV_LSTM_OPTIMIZERS: LayerOptimizers = {
    ("conv1", "conv2"): (1.0, lambda rate: keras.optimizers.Adam(rate)),
    ("dense",): (10.0, _adagrad),
    ("lstm",): (8.0, _adagrad),
    ("answer",): (1.0, lambda rate: keras.optimizers.Adam(rate, clipvalue=CLIP_VALUE)),
}
"""Layers of conv_lstm, their rate in multiples of `learning_rate` (at 1e-3 the published 0.001, 0.01 and
0.008), and their optimizer."""


@dataclass(frozen=True)
class Recipe:
    """How an architecture is trained.

    Attributes:
        make_step: see `make_train_step`.
        optimizers: names of layers -> rate in multiples of `learning_rate`, and what makes their optimizer;
            every trainable layer is in one. None: the optimizer that the model was compiled with takes all.
    """

    make_step: Callable[..., Step] = make_train_step
    optimizers: LayerOptimizers | None = None


RECIPES = {
    "cnn_lstm": Recipe(),
    "c3d": Recipe(),
    "conv_lstm": Recipe(make_segment_step, CONV_LSTM_OPTIMIZERS),
}
"""Architecture -> how it is trained."""


def optimizer_pairs(
    model: keras.Model, config: ModelConfig, training: TrainingConfig, num_steps: int
) -> OptimizerPairs:
    """Return the (optimizer, variables) pairs that train a model; every trainable variable is in one.

    Call it where the model was built: under the scope of what owns its variables.

    Args:
        model: compiled; its own optimizer trains all of it, unless its architecture has others.
        config: of the model.
        training: gives the learning rate and its schedule.
        num_steps: of the whole training.
    """
    optimizers = RECIPES[config.architecture].optimizers
    if optimizers is None:
        model.optimizer.learning_rate = learning_rate(training, num_steps)
        return [(model.optimizer, model.trainable_variables)]
    return [
        (make(training.learning_rate * factor), _variables_of(model, names))
        for names, (factor, make) in optimizers.items()
    ]


def rate_setter(
    optimizers: Sequence[keras.optimizers.Optimizer],
    config: ModelConfig,
    training: TrainingConfig,
    num_steps: int,
) -> Callable[[int], None]:
    """Return what gives the optimizers the learning rates of a step, to be called with its number.

    Keras's schedules count updates. A step over segments makes several: there they would come to their end
    too early, so the rates of a recipe's own optimizers are set here; the model's own follows by itself.
    """
    own = RECIPES[config.architecture].optimizers
    if own is None or training.learning_rate_schedule == "constant":
        return lambda number: None
    schedules = [learning_rate(training, num_steps, factor) for factor, _ in own.values()]

    def set_rates(number: int) -> None:
        for optimizer, schedule in zip(optimizers, schedules, strict=True):
            optimizer.learning_rate = float(schedule(number))

    return set_rates


def learning_rate(training: TrainingConfig, num_steps: int, factor: float = 1.0) -> Any:
    """Return the learning rate, times `factor`, as a number or as a schedule over `num_steps` steps."""
    schedule = LEARNING_RATE_SCHEDULES[training.learning_rate_schedule]
    return schedule(training.learning_rate * factor, num_steps, training)


LEARNING_RATE_SCHEDULES: dict[str, Callable[[float, int, TrainingConfig], object]] = {
    "constant": lambda rate, num_steps, training: rate,
    "cosine": lambda rate, num_steps, training: keras.optimizers.schedules.CosineDecay(rate, num_steps),
    "staircase": lambda rate, num_steps, training: keras.optimizers.schedules.ExponentialDecay(
        rate, training.decay_steps, training.decay_rate, staircase=True
    ),
}


def _variables_of(model: keras.Model, layers: tuple[str, ...]) -> list[keras.Variable]:
    return [variable for variable in model.trainable_variables if set(variable.path.split("/")) & set(layers)]
