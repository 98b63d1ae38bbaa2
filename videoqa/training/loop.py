"""The loop over epochs: steps, validation, callbacks, early stopping, the best weights, checkpoints."""

import itertools
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from videoqa._checks import Refusal
from videoqa._progress import progress_bar, say
from videoqa.config import ModelConfig, RunConfig
from videoqa.input_pipeline import Examples, batch_spec, batches_ahead
from videoqa.models.weight_files import layer_not_finite
from videoqa.training.checks import steps_per_epoch
from videoqa.training.context import RunContext
from videoqa.training.control import TrainingStopped, signal_of
from videoqa.training.distribution import from_chief, variables_of
from videoqa.training.logs import CourseLog
from videoqa.training.optimizers import optimizer_pairs, rate_setter
from videoqa.training.sharing import share_place
from videoqa.training.state import Position, optimizer_variables, restore_arrays, training_arrays
from videoqa.training.step import OptimizerPairs
from videoqa.training.step_kinds import make_steps
from videoqa.training.validation import validation_scores

PHASE_NAMES = {"blind": "blind model", "model": "training", "unfrozen": "unfrozen"}
"""Shown before the bar."""
DIVERGING = {
    "blind": ("The blind model", "--learning-rate"),
    "model": ("Training", "--learning-rate"),
    "unfrozen": ("The second stage", "--unfreeze-learning-rate"),
}
"""What is said to have diverged, and the flag to give a smaller value of."""
LOGGED = ("loss", "accuracy", "val_loss", "val_accuracy", "seconds")


class Training:
    """The training of one model: where it is, and everything it goes on with.

    Attributes:
        model: compiled, built by the context's strategy; left with the weights of its best validation epoch
            (without validation: the last); never with weights that are not finite.
        position: where the training is; its `history` has per epoch a dict of floats: "loss", "accuracy",
            "learning_rate", "seconds", "steps_per_second", with validation "val_loss", "val_accuracy", and
            when weights are averaged "spread".
    """

    def __init__(
        self,
        model: keras.Model,
        config: RunConfig,
        train_examples: Examples,
        validation_examples: Examples,
        context: RunContext,
        *,
        phase: str,
        logs: Path,
        begin_at: Position | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
    ) -> None:
        """Get ready to train, going on from the checkpoint that was restored, if it has this phase.

        Args:
            model: what to train.
            config: of the model and of its training.
            train_examples: rows to learn from; those with `answer_id` −1 have weight 0.
            validation_examples: rows to choose the epoch by; without any, all epochs are trained.
            context: what all stages of the run share.
            phase: one of `state.PHASES`.
            logs: folder of the logs that worker 0 writes: `epochs.csv` and TensorBoard's.
            begin_at: where the phase begins, with the history and the best score of the one before; None: at
                nothing.
            callbacks: Keras callbacks, called on worker 0. What they change at the beginning or end of an
                epoch goes to the other workers; `model.stop_training` is obeyed at an epoch's end. During the
                steps they must change nothing and take only moments: the others wait.
        """
        training, control = config.training, context.control
        self.model, self.position = model, context.checkpoints.position(phase, begin_at)
        self._examples, self._validation = train_examples, validation_examples
        self._training, self._strategy, self._control = training, context.strategy, control
        self._checkpoints, self._phase = context.checkpoints, phase
        self._progress = context.progress and control.is_chief
        self._num_steps = steps_per_epoch(len(train_examples), training.batch_size, config.model)
        self._prefetch_batches = context.prefetch_batches
        self._drop_remainder = config.model.facts.full_batches_only
        self._best: list[np.ndarray] = [] if begin_at is None else model.get_weights()
        self._has_callbacks = bool(callbacks)
        pairs = self._begin(config.model)
        spec = batch_spec(train_examples)
        self._steps = make_steps(model, config.model, training, pairs, context.strategy, spec)
        parameters = {"epochs": training.epochs, "steps": self._num_steps, "verbose": 0}
        self._steps_before = self.position.epochs_before * self._num_steps
        steps_done = self._steps_before + self.position.epoch * self._num_steps + self.position.next_batch
        self._course = CourseLog(logs, steps_done, self.position.epochs_before)
        own = [self._course, *callbacks] if control.is_chief else []
        self._driver = keras.callbacks.CallbackList(own, model=model, **parameters)

    def run(self) -> list[dict[str, float]]:
        """Train to the end and return the history.

        Raises:
            TrainingStopped: some worker was asked to stop; all of them stop after the same step.
            ValueError: it diverged, and there are no earlier weights to keep.
        """
        self.model.stop_training = False
        self._batches = self._all_batches()
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
            elif self.position.diverged:
                raise Refusal(self.position.diverged[-1])
        finally:
            self._driver.on_train_end()
        return self.position.history

    def _begin(self, config: ModelConfig) -> OptimizerPairs:
        """Build the optimizers and let every worker have worker 0's weights, slots and position."""
        training = self._training
        with variables_of(training, self._strategy).scope():
            pairs = optimizer_pairs(self.model, config, training, training.epochs * self._num_steps)
            for optimizer, variables in pairs:
                optimizer.build(variables)
        self._optimizers = [optimizer for optimizer, _ in pairs]
        self._set_rates = rate_setter(self._optimizers, config, training, training.epochs * self._num_steps)
        restored = self._checkpoints.restored
        if restored is not None and restored.state["phase"] == self._phase:
            self._best = restore_arrays(restored, self.model, self._optimizers)
        self._share("begins")
        return pairs

    def _share(self, moment: str) -> None:
        """Give every worker the place, weights and slots of worker 0; callbacks may have changed them."""
        self._control.barrier(f"{self._phase} {moment}")
        variables = [*self.model.weights, *optimizer_variables(self._optimizers)]
        share_place(self.position, variables, self._strategy, is_chief=self._control.is_chief)

    def _all_batches(self) -> Iterator[dict[str, Any]]:
        """Return the batches that are left of all epochs: the next epoch's come without a pause."""
        place, training = self.position, self._training
        return batches_ahead(
            self._examples,
            seed=training.seed,
            epoch=place.epoch,
            first_batch=place.next_batch,
            num_epochs=training.epochs - place.epoch,
            batch_size=training.batch_size,
            drop_remainder=self._drop_remainder,
            prefetch_batches=self._prefetch_batches,
        )

    def _run_steps(self) -> None:
        """Take the steps that are left of the epoch."""
        place, training = self.position, self._training
        first = place.next_batch
        with progress_bar(
            itertools.islice(self._batches, self._num_steps - first),
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
                shown = {key: f"{value:.3f}" for key, value in place.means().items()}
                bar.set_postfix(
                    **shown, all_epochs_left=place.time_left(training.epochs, self._num_steps), refresh=False
                )

    def _take_step(self, index: int, batch: dict[str, Any]) -> None:
        """Take one step; where the workers have the same weights after it, save and stop as is due."""
        self._driver.on_train_batch_begin(index)
        number = self.position.epoch * self._num_steps + index
        last = index + 1 == self._num_steps
        self._set_rates(number)
        sums = self._steps.take(batch, number, last=last, stop=self._control.stop_code())
        if sums is not None:
            self.position.add(sums)
            self.position.next_batch = index + 1
            if self._control.is_chief:
                self._course.add_step(self._steps_before + number + 1, sums, self._rate())
        self._driver.on_train_batch_end(index, self.position.means())
        if sums is None:
            return
        stopped_by = signal_of(sums["stop"])
        if stopped_by is not None or (self._is_due(number + 1) and not last):
            self._save(number + 1)
        if stopped_by is not None:
            raise TrainingStopped(stopped_by)

    def _rate(self) -> float:
        """Return the learning rate, of the first optimizer where there are several."""
        return float(keras.ops.convert_to_numpy(self._optimizers[0].learning_rate))

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
        speed = {"seconds": place.seconds, "steps_per_second": self._num_steps / max(place.seconds, 1e-9)}
        logs = place.means() | {"learning_rate": self._rate()} | speed
        if self._steps.spread is not None:
            logs["spread"] = self._steps.spread
        epoch = place.epoch
        diverged_in = layer_not_finite(self.model) if self._control.is_chief else None
        if self._control.is_chief:
            if len(self._validation):
                logs |= validation_scores(self.model, self._validation, self._training.batch_size)
            if place.take_score(logs, diverged=diverged_in is not None):
                self._best = self.model.get_weights()
        place.end_epoch(logs)
        if self._control.is_chief:
            self._course.write_history(place.history)
        self._driver.on_epoch_end(epoch, dict(logs))
        if self._control.reporter is not None:  # for the worker's log file
            shown = ", ".join(f"{key} {logs[key]:.4f}" for key in LOGGED if key in logs)
            say(f"{PHASE_NAMES[self._phase]} epoch {epoch + 1}/{self._training.epochs}: {shown}")
        if diverged_in is not None:
            self._say_diverged(diverged_in)
        patience = self._training.patience
        impatient = patience is not None and place.epochs_without_gain >= patience
        place.finished = impatient or diverged_in is not None or bool(self.model.stop_training)
        self._save(place.epoch * self._num_steps)
        (finished,) = from_chief(self._strategy, [np.array(place.finished, np.float64)])
        place.finished = bool(finished)

    def _say_diverged(self, layer: str) -> None:
        """Keep in the position what has become of the training, and say it where it does not end the run."""
        place = self.position
        what, flag = DIVERGING[self._phase]
        message = f"{what} diverged: after {place.epoch} epochs weights of layer {layer!r} are not finite."
        advice = f"train anew with a smaller {flag}, which was {self._training.learning_rate:g}."
        if self._best:
            of_before = place.best_epoch is None or place.best_epoch <= place.epochs_before
            kept = "the first stage" if of_before else f"epoch {place.best_epoch}"
            place.diverged.append(f"{message} The model of {kept} stays; for a better one {advice}")
            say(place.diverged[-1], progress=self._progress)
        else:
            place.diverged.append(f"{message} Nothing is kept: {advice}")
