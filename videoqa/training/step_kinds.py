"""What takes a training's steps: with gradients shared at each, or with weights averaged now and then."""

from typing import Any, Protocol

import keras

from videoqa.config import ModelConfig, TrainingConfig
from videoqa.training.averaging import AveragedSteps
from videoqa.training.distribution import Strategy
from videoqa.training.optimizers import RECIPES
from videoqa.training.step import OptimizerPairs, Step


class Steps(Protocol):
    """Takes steps.

    Attributes:
        spread: see `AveragedSteps`; None: the workers' weights are always equal.
    """

    spread: float | None

    def take(self, batch: dict[str, Any], number: int, *, last: bool, stop: float) -> dict[str, float] | None:
        """Take a step; see `AveragedSteps.take`."""
        ...


class SharedSteps:
    """Takes the same steps on every worker."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self.spread: float | None = None

    def take(self, batch: dict[str, Any], number: int, *, last: bool, stop: float) -> dict[str, float] | None:
        """Take a step and return its sums over the global batch."""
        return self._step(batch, number, stop)


def make_steps(
    model: keras.Model,
    config: ModelConfig,
    training: TrainingConfig,
    optimizers: OptimizerPairs,
    strategy: Strategy,
    batch_spec: dict[str, Any],
) -> Steps:
    """Return what takes the steps of a training; see `make_train_step`."""
    make_step, frequency = RECIPES[config.architecture].make_step, training.averaging_frequency
    options: dict[str, Any] = {
        "seed": training.seed,
        "batch_spec": batch_spec,
        "batch_size": training.batch_size,
    }
    if config.facts.segment_frames is not None:
        options["segment_frames"] = config.facts.segment_frames
    if frequency is None:
        return SharedSteps(make_step(model, optimizers, strategy, **options))
    return AveragedSteps(model, optimizers, strategy, frequency=frequency, make_step=make_step, **options)
