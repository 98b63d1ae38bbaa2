"""The training loop: epochs of steps, validation, callbacks, the best weights, checkpoints."""

import functools
import itertools
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from videoqa._checks import Refusal
from videoqa._counted import counted
from videoqa._progress import say
from videoqa.evaluation.inference import windows_at_once
from videoqa.evaluation.prediction import predict_examples
from videoqa.input_pipeline import Examples, batch_spec, batches_ahead
from videoqa.models.weight_files import layer_not_finite
from videoqa.training.averaging import AveragedStep
from videoqa.training.checks import steps_per_epoch
from videoqa.training.control import TrainingStopped, signal_of
from videoqa.training.distribution import Strategy, from_chief, variables_of
from videoqa.training.early_stopping import is_patience_over, take_score
from videoqa.training.epoch_progress import EpochProgress
from videoqa.training.logs import STEPS_BETWEEN, TrainingLog
from videoqa.training.optimizers import RECIPES, optimizer_pairs, rate_setter
from videoqa.training.state import (
    assign_all,
    means_of,
    optimizer_variables,
    restore_arrays,
    training_arrays,
)
from videoqa.training.step import OptimizerPairs, Step

if TYPE_CHECKING:
    from videoqa.training.run import Run
    from videoqa.training.stages import Stage

DIVERGING = {
    "blind": ("The blind model", "--learning-rate"),
    "order": ("Learning forwards or backwards", "--learning-rate"),
    "model": ("Training", "--learning-rate"),
    "unfrozen": ("The second stage", "--unfreeze-learning-rate"),
}
"""What is said to have diverged, and the flag to give a smaller value of."""


class Training:
    """The training of one model, from its first or a restored step to its last.

    Attributes:
        model: compiled, built by the run's strategy; left with the weights of its best validation epoch
            (without validation: the last); never with weights that are not finite.
        position: where the training is; its `history` has per epoch a dict of floats: "loss", "accuracy",
            "learning_rate", "seconds", "steps_per_second", with validation "val_loss", "val_accuracy", and
            when weights are averaged "spread".
    """

    def __init__(self, model: keras.Model, run: "Run", stage: "Stage") -> None:
        """Get ready to train, going on from the checkpoint that was restored, if it has this phase.

        Callbacks are called on worker 0. What they change at the beginning or end of an epoch goes to the
        other workers; `model.stop_training` is obeyed at an epoch's end. During the steps they must change
        nothing and take only moments: the others wait.

        Args:
            model: what to train.
            run: gives the strategy, the checkpoints and the place among the workers.
            stage: gives the rows, the options and where to begin.
        """
        training, control = stage.config.training, run.control
        self.model, self.position = model, run.checkpoints.position(stage.phase, stage.begin_at)
        self.position.finished |= run.request.job.finish
        self._run, self._stage, self._training, self._control = run, stage, training, control
        self._progress = run.request.job.progress and control.is_chief
        self._num_steps = steps_per_epoch(len(stage.training), training.batch_size, stage.config.model)
        self._best: list[np.ndarray] = [] if stage.begin_at is None else model.get_weights()
        pairs = self._begin()
        self._step = make_step(model, stage, pairs, run.strategy, self._num_steps)
        self._steps_before = self.position.epochs_before * self._num_steps
        steps_done = self._steps_before + self.position.epoch * self._num_steps + self.position.next_batch
        every = STEPS_BETWEEN if training.averaging_frequency is None else 1  # a point at each averaging
        self._log = TrainingLog(stage.logs, steps_done, self.position.epochs_before, every)
        self._callbacks = keras.callbacks.CallbackList(
            [self._log, *stage.callbacks] if control.is_chief else [],
            model=model,
            epochs=training.epochs,
            steps=self._num_steps,
            verbose=0,
        )

    def run(self) -> None:
        """Train to the end.

        Raises:
            TrainingStopped: some worker was asked to stop; all of them stop after the same step.
            ValueError: it diverged, and there are no earlier weights to keep.
        """
        self.model.stop_training = False
        if not self.position.finished:
            self._batches = self._all_batches()
        self._shown = EpochProgress(
            self._stage.phase,
            self.position,
            self._training.epochs,
            self._num_steps,
            progress=self._progress,
            always_lines=self._control.reporter is not None,  # for the worker's log file
        )
        self._callbacks.on_train_begin()
        try:
            while not self.position.finished and self.position.epoch < self._training.epochs:
                self._callbacks.on_epoch_begin(self.position.epoch)
                if self._stage.callbacks:
                    self._share(f"epoch {self.position.epoch} begins")
                self._run_steps()
                self._end_epoch()
            if self._best:
                self.model.set_weights(self._best)
            elif self.position.diverged:
                raise Refusal(self.position.diverged[-1])
        finally:
            self._shown.close()
            self._callbacks.on_train_end()

    def _begin(self) -> OptimizerPairs:
        """Build the optimizers and let every worker have worker 0's weights, slots and position."""
        model, training = self._stage.config.model, self._training
        num_steps, restored = training.epochs * self._num_steps, self._run.checkpoints.restored
        with variables_of(training, self._run.strategy).scope():
            pairs = optimizer_pairs(self.model, model, training, num_steps)
            for optimizer, variables in pairs:
                optimizer.build(variables)
        self._optimizers = [optimizer for optimizer, _ in pairs]
        self._set_rates = rate_setter(self._optimizers, model, training, num_steps)
        if restored is not None and restored.state["phase"] == self._stage.phase:
            self._best = restore_arrays(restored, self.model, self._optimizers)
        self._share("begins")
        return pairs

    def _share(self, moment: str) -> None:
        """Give every worker the position, weights and slots of worker 0, where callbacks may change them."""
        self._control.barrier(f"{self._stage.phase} {moment}")
        place, variables = self.position, [*self.model.weights, *optimizer_variables(self._optimizers)]
        numbers = [place.epoch, place.next_batch, *place.sums.values(), float(place.finished)]
        arrays = [keras.ops.convert_to_numpy(variable) for variable in variables]
        shared = from_chief(self._run.strategy, [np.array(numbers, np.float64), *arrays])
        if self._control.is_chief:
            return
        epoch, next_batch, *sums, finished = shared[0].tolist()
        place.epoch, place.next_batch, place.finished = int(epoch), int(next_batch), bool(finished)
        place.sums = dict(zip(place.sums, sums, strict=True))
        assign_all(variables, shared[1:])

    def _all_batches(self) -> Iterator[dict[str, Any]]:
        """Return the batches that are left of all epochs, so that no epoch waits for its first one."""
        place, training = self.position, self._training
        return batches_ahead(
            self._stage.training,
            seed=training.seed,
            epoch=place.epoch,
            first_batch=place.next_batch,
            num_epochs=training.epochs - place.epoch,
            batch_size=training.batch_size,
            drop_remainder=self._stage.config.model.facts.full_batches_only,
            prefetch_batches=self._run.request.job.launch.prefetch_batches,
        )

    def _run_steps(self) -> None:
        """Take the steps that are left of the epoch."""
        place, first = self.position, self.position.next_batch
        begin = time.perf_counter() - place.seconds
        for index, batch in enumerate(itertools.islice(self._batches, self._num_steps - first), first):
            self._take_step(index, batch)
            place.seconds = time.perf_counter() - begin
            self._shown.show_step(place)

    def _take_step(self, index: int, batch: dict[str, Any]) -> None:
        """Take one step; if the workers share their weights after it, save a checkpoint or stop as is due."""
        self._callbacks.on_train_batch_begin(index)
        number = self.position.epoch * self._num_steps + index
        last = index + 1 == self._num_steps
        self._set_rates(number)
        sums = self._step(batch, number, self._control.stop_code())
        if sums is not None:
            self.position.add(sums)
            self.position.next_batch = index + 1
            if self._control.is_chief:
                self._log.add_step(self._steps_before + number + 1, sums, self._rate())
            united = self._training.averaging_frequency or 1  # one line for each step would drown the log
            if isinstance(self._step, AveragedStep) and united > 1 and self._control.reporter is not None:
                shown = ", ".join(f"{key} {value:.4f}" for key, value in means_of(sums).items())
                say(f"averaged after step {number + 1}: {shown}, spread {self._step.distance:.4f}")
        self._callbacks.on_train_batch_end(index, self.position.means())
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
        every, united = self._run.checkpoints.steps, self._training.averaging_frequency or 1
        return step // every > (step - united) // every

    def _save(self, step: int) -> None:
        """Write a checkpoint on worker 0; the others wait at a barrier: a collective would time out."""
        if self._control.is_chief:
            arrays = training_arrays(self.model, self._optimizers, self._best)
            self._run.checkpoints.save(self._stage.phase, self.position, step, arrays)
        self._control.barrier(f"{self._stage.phase} step {step}")

    def _end_epoch(self) -> None:
        """Let worker 0 validate, decide and save, and tell the others whether to go on."""
        place = self.position
        speed = {"seconds": place.seconds, "steps_per_second": self._num_steps / max(place.seconds, 1e-9)}
        logs = place.means() | {"learning_rate": self._rate()} | speed
        if isinstance(self._step, AveragedStep):
            logs["spread"] = self._step.distance
        epoch = place.epoch
        diverged_in = layer_not_finite(self.model) if self._control.is_chief else None
        if self._control.is_chief:
            if len(self._stage.validation):
                logs |= validation_scores(self.model, self._stage.validation, self._training.batch_size)
            if take_score(place, logs, diverged=diverged_in is not None):
                self._best = self.model.get_weights()
        place.end_epoch(logs)
        if self._control.is_chief:
            self._log.write_history(place.history)
        self._callbacks.on_epoch_end(epoch, dict(logs))
        self._shown.show_epoch(place, logs)
        if diverged_in is not None:
            self._say_diverged(diverged_in)
        out_of_patience = is_patience_over(place, self._training.patience)
        place.finished = out_of_patience or diverged_in is not None or bool(self.model.stop_training)
        self._save(place.epoch * self._num_steps)
        (finished,) = from_chief(self._run.strategy, [np.array(place.finished, np.float64)])
        place.finished = bool(finished)

    def _say_diverged(self, layer: str) -> None:
        """Note in the position that the training diverged, and print it if the run goes on."""
        place = self.position
        what, flag = DIVERGING[self._stage.phase]
        epochs = counted(place.epoch, "epoch")
        message = f"{what} diverged: after {epochs} weights of layer {layer!r} are not finite."
        advice = f"train anew with a smaller {flag}, which was {self._training.learning_rate:g}."
        if self._best:
            of_before = place.best_epoch is None or place.best_epoch <= place.epochs_before
            kept = "the first stage" if of_before else f"epoch {place.best_epoch}"
            place.diverged.append(f"{message} The model of {kept} stays; for a better one {advice}")
            say(place.diverged[-1], progress=self._progress)
        else:
            place.diverged.append(f"{message} Nothing is kept: {advice}")


def make_step(
    model: keras.Model, stage: "Stage", optimizers: OptimizerPairs, strategy: Strategy, num_steps: int
) -> Callable[..., dict[str, float] | None]:
    """Return what takes the steps of a stage, `num_steps` an epoch: its architecture's, or `AveragedStep`."""
    config, training = stage.config.model, stage.config.training
    options = {"seed": training.seed, "batch_spec": batch_spec(stage.training)}
    if config.facts.segment_frames is not None:
        options["segment_frames"] = config.facts.segment_frames
    make: Callable[..., Step] = functools.partial(RECIPES[config.architecture].make_step, **options)
    if training.averaging_frequency is None:
        return make(model, optimizers, strategy, batch_size=training.batch_size)
    return AveragedStep(
        model,
        optimizers,
        strategy,
        make_step=make,
        batch_size=training.batch_size,
        frequency=training.averaging_frequency,
        steps_per_epoch=num_steps,
    )


def validation_scores(model: keras.Model, examples: Examples, batch_size: int) -> dict[str, float]:
    """Return "val_accuracy" over all rows and "val_loss" over those whose answer is in the vocabulary.

    Args:
        model: takes the inputs of `examples`.
        examples: validation rows; their `row_weights`, if they have any, weigh both figures.
        batch_size: of the training, whose memory is to be enough.
    """
    windows = windows_at_once(model, examples.num_frames, trained_with=batch_size)
    probabilities = predict_examples(model, examples, batch_size=windows).probabilities
    ids, weights = examples.answer_ids, examples.row_weights
    known = np.flatnonzero((ids >= 0) & (examples.clip_index >= 0))
    right = probabilities[known].argmax(-1) == ids[known]
    losses = -np.log(np.maximum(probabilities[known, ids[known]], 1e-7))
    if weights is None:
        loss, accuracy = losses.mean() if len(known) else 0.0, right.sum() / len(ids)
    else:
        loss = np.average(losses, weights=weights[known]) if len(known) else 0.0
        accuracy = weights[known][right].sum(dtype=np.float64) / weights.sum(dtype=np.float64)
    return {"val_loss": float(loss), "val_accuracy": float(accuracy)}
