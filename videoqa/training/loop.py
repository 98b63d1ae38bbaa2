"""The loop over epochs: steps, validation, callbacks, early stopping, the best weights, checkpoints."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from videoqa._progress import progress_bar, say
from videoqa.config import TrainingConfig
from videoqa.input_pipeline import Examples, batch_dataset, batch_spec
from videoqa.training.averaging import AveragedSteps
from videoqa.training.collectives import from_chief
from videoqa.training.control import RunControl, TrainingStopped, signal_of
from videoqa.training.course import CourseLog
from videoqa.training.run_checkpoints import (
    RunCheckpoints,
    assign_all,
    optimizer_variables,
    restore_arrays,
    training_arrays,
)
from videoqa.training.step import OptimizerPairs, make_train_step
from videoqa.training.strategies import variables_of
from videoqa.training.validation import validation_scores

PHASE_NAMES = {"blind": "blind model", "model": "training"}
"""Shown before the bar."""
LOGGED = ("loss", "accuracy", "val_loss", "val_accuracy", "seconds")
Take = Callable[..., dict[str, float] | None]


class Training:
    """The training of one model: where it is, and everything it goes on with.

    Attributes:
        model: compiled, built by `strategy`; left with the weights of its best validation epoch (without
            validation: the last).
        position: where the training is; its `history` has per epoch a dict of floats: "loss", "accuracy",
            "learning_rate", "seconds", "steps_per_second", with validation "val_loss", "val_accuracy", and
            when weights are averaged "spread".
    """

    def __init__(
        self,
        model: keras.Model,
        train_examples: Examples,
        validation_examples: Examples | None,
        training: TrainingConfig,
        *,
        strategy: tf.distribute.Strategy,
        control: RunControl,
        checkpoints: RunCheckpoints,
        phase: str,
        logs: Path,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        progress: bool = True,
    ) -> None:
        """Get ready to train, going on from the checkpoint that `checkpoints` restored, if it has this phase.

        Args:
            model: what to train.
            train_examples: rows to learn from; those with `answer_id` −1 have weight 0.
            validation_examples: rows to choose the epoch by; None: train all epochs.
            training: epochs, batch size, seed, patience.
            strategy: from `make_strategy`.
            control: the place of this process among the workers.
            checkpoints: where they go.
            phase: one of `run_checkpoints.PHASES`.
            logs: folder of the logs that worker 0 writes: `epochs.csv` and TensorBoard's.
            callbacks: Keras callbacks, called on worker 0. What they change at the beginning or end of an
                epoch goes to the other workers; `model.stop_training` is obeyed at an epoch's end. During the
                steps they must change nothing and take only moments: the others wait.
            progress: show a bar on a terminal.
        """
        self.model, self.position = model, checkpoints.position(phase)
        self._examples, self._validation = train_examples, validation_examples
        self._training, self._strategy, self._control = training, strategy, control
        self._checkpoints, self._phase = checkpoints, phase
        self._progress = progress and control.is_chief
        self._num_steps = steps_per_epoch(len(train_examples), training.batch_size)
        self._best: list[np.ndarray] = []
        self._has_callbacks = bool(callbacks)
        self._optimizers = [model.optimizer]
        self._begin()
        self._take = self._make_steps([(model.optimizer, model.trainable_variables)])
        parameters = {"epochs": training.epochs, "steps": self._num_steps, "verbose": 0}
        self._course = CourseLog(logs)
        own = [self._course, *callbacks] if control.is_chief else []
        self._driver = keras.callbacks.CallbackList(own, model=model, **parameters)

    def run(self) -> list[dict[str, float]]:
        """Train to the end and return the history.

        Raises:
            TrainingStopped: some worker was asked to stop; all of them stop after the same step.
        """
        self.model.stop_training = False
        self._driver.on_train_begin()
        try:
            while not self.position.finished and self.position.epoch < self._training.epochs:
                self._driver.on_epoch_begin(self.position.epoch)
                if self._has_callbacks:
                    self._share(f"epoch {self.position.epoch} begins")
                self._run_steps()
                self._end_epoch()
            if self._best:
                self.model.set_weights(self._best)
        finally:
            self._driver.on_train_end()
        return self.position.history

    def _begin(self) -> None:
        """Build the optimizers and let every worker have worker 0's weights, slots and position."""
        with variables_of(self._training, self._strategy).scope():
            self.model.optimizer.build(self.model.trainable_variables)
        restored = self._checkpoints.restored
        if restored is not None and restored.state["phase"] == self._phase:
            self._best = restore_arrays(restored, self.model, self._optimizers)
        self._share("begins")

    def _share(self, moment: str) -> None:
        """Give every worker the place, weights and slots of worker 0; callbacks may have changed them."""
        self._control.barrier(f"{self._phase} {moment}")
        place = self.position
        variables = [*self.model.weights, *optimizer_variables(self._optimizers)]
        numbers = [place.epoch, place.next_batch, *place.sums.values(), float(place.finished)]
        shared = from_chief(self._strategy, [np.array(numbers, np.float64), *map(_array, variables)])
        if not self._control.is_chief:
            epoch, next_batch, *sums, finished = shared[0].tolist()
            place.epoch, place.next_batch, place.finished = int(epoch), int(next_batch), bool(finished)
            place.sums = dict(zip(place.sums, sums, strict=True))
            assign_all(variables, shared[1:])

    def _make_steps(self, pairs: OptimizerPairs) -> Take:
        training = self._training
        options: dict[str, Any] = {
            "seed": training.seed,
            "batch_spec": batch_spec(self._examples),
            "batch_size": training.batch_size,
        }
        if training.averaging_frequency is not None:
            frequency = training.averaging_frequency
            self._averaged = AveragedSteps(self.model, pairs, self._strategy, frequency=frequency, **options)
            return self._averaged.take
        step = make_train_step(self.model, pairs, self._strategy, **options)
        return lambda batch, number, *, last, stop: step(batch, number, stop)

    def _run_steps(self) -> None:
        """Take the steps that are left of the epoch."""
        place, training = self.position, self._training
        order = {"seed": training.seed, "epoch": place.epoch, "batch_size": training.batch_size}
        first = place.next_batch
        with progress_bar(
            batch_dataset(self._examples, first_batch=first, **order),
            progress=self._progress,
            initial=first,
            total=self._num_steps,
            desc=f"{PHASE_NAMES[self._phase]} epoch {place.epoch + 1}/{training.epochs}",
            unit="step",
            leave=False,
        ) as bar:
            begin = time.perf_counter() - place.seconds
            for index, batch in enumerate(bar, first):
                self._take_step(index, batch)
                place.seconds = time.perf_counter() - begin
                bar.set_postfix(
                    **{key: f"{value:.3f}" for key, value in place.means().items()}, refresh=False
                )

    def _take_step(self, index: int, batch: dict[str, Any]) -> None:
        """Take one step; where the workers have the same weights after it, save and stop as is due."""
        self._driver.on_train_batch_begin(index)
        number = self.position.epoch * self._num_steps + index
        last = index + 1 == self._num_steps
        sums = self._take(batch, number, last=last, stop=self._control.stop_code())
        if sums is not None:
            self.position.add(sums)
            self.position.next_batch = index + 1
        self._driver.on_train_batch_end(index, self.position.means())
        if sums is None:
            return
        stopped_by = signal_of(sums["stop"])
        if stopped_by is not None or (self._is_due(number + 1) and not last):
            self._save(number + 1)
        if stopped_by is not None:
            raise TrainingStopped(stopped_by)

    def _is_due(self, step: int) -> bool:
        """Whether a checkpoint is due after `step` steps, of which averaging may have united several."""
        every, united = self._checkpoints.steps, self._training.averaging_frequency or 1
        return step // every > (step - united) // every

    def _save(self, step: int) -> None:
        """Write a checkpoint on worker 0; the others wait outside of any collective."""
        if self._control.is_chief:
            arrays = training_arrays(self.model, self._optimizers, self._best)
            self._checkpoints.save(self._phase, self.position, step, arrays)
        self._control.barrier(f"{self._phase} step {step}")

    def _end_epoch(self) -> None:
        """Let worker 0 validate, decide and save, and tell the others whether to go on."""
        place = self.position
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        speed = {"seconds": place.seconds, "steps_per_second": self._num_steps / max(place.seconds, 1e-9)}
        logs = place.means() | {"learning_rate": rate} | speed
        if self._training.averaging_frequency is not None:
            logs["spread"] = self._averaged.spread
        epoch = place.epoch
        if self._control.is_chief and self._validation is not None:
            logs |= validation_scores(self.model, self._validation)
            if place.take_score(logs):
                self._best = self.model.get_weights()
        place.end_epoch(logs)
        if self._control.is_chief:
            self._course.write_history(place.history)
        self._driver.on_epoch_end(epoch, dict(logs))
        if self._control.reporter is not None:  # for the worker's log file
            shown = ", ".join(f"{key} {logs[key]:.4f}" for key in LOGGED if key in logs)
            say(f"{PHASE_NAMES[self._phase]} epoch {epoch + 1}/{self._training.epochs}: {shown}")
        patience = self._training.patience
        impatient = patience is not None and place.epochs_without_gain >= patience
        place.finished = impatient or bool(self.model.stop_training)
        self._save(place.epoch * self._num_steps)
        (finished,) = from_chief(self._strategy, [np.array(place.finished, np.float64)])
        place.finished = bool(finished)


def steps_per_epoch(num_examples: int, batch_size: int) -> int:
    """Return the number of batches of an epoch, an uneven last one included."""
    return -(-num_examples // batch_size)


def _array(variable: keras.Variable) -> np.ndarray:
    return keras.ops.convert_to_numpy(variable)
