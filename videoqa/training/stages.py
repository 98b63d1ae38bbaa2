"""The stages of a run: the blind model, the model, its backbone's last layers; each by the same loop."""

import dataclasses
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from videoqa._progress import say
from videoqa.config import RunConfig
from videoqa.launching.job import Job
from videoqa.saving import BLIND, ModelFolder, load_model_folder, save_model_folder
from videoqa.training.context import RunContext
from videoqa.training.metrics import metrics_of_run
from videoqa.training.preparing import PreparedData
from videoqa.training.request import Request
from videoqa.training.resuming import resumable
from videoqa.training.state import Position

if TYPE_CHECKING:
    import keras

    from videoqa.training.fitting import FittedModel


@dataclass(frozen=True)
class Run:
    """A run, as its stages see it."""

    job: Job
    request: Request
    prepared: PreparedData
    folder: Path
    context: RunContext


def fit_all(run: Run) -> "FittedModel":
    """Train the model, and its backbone's last layers in a second stage if that was asked for."""
    config = run.prepared.config
    if config.training.unfreeze_from is not None and is_past(run, "model"):
        return fit_unfrozen(run, None)
    initial = run.request.initial
    start_weights = None if initial is None else functools.partial(load_initial, run, initial)
    fitted = fit(run, config, run.folder, callbacks=run.job.callbacks, start_weights=start_weights)
    return fitted if config.training.unfreeze_from is None else fit_unfrozen(run, fitted)


def fit(run: Run, config: RunConfig, folder: Path, **options: Any) -> "FittedModel":
    """Train the model that `config` describes on the run's rows; `options` are those of `fit_model`."""
    from videoqa.training.fitting import fit_model

    prepared = run.prepared
    examples = prepared.examples
    if options.get("phase") == "unfrozen" and prepared.frame_examples is not None:
        examples = prepared.frame_examples
    training, validation = (prepared.rows_of(name, examples) for name in ("train", "validation"))
    if not config.model.sees_video:
        training, validation = training.without_clips(), validation.without_clips()
    return fit_model(config, training, validation, folder, run.context, **options)


def load_initial(run: Run, initial: ModelFolder, model: "keras.Model") -> None:
    """Copy the weights of an earlier model into a fresh one, and print which layers took some.

    Raises:
        ValueError: a layer that both have differs in shape.
    """
    from videoqa.training.initial_weights import load_initial_weights

    prepared = run.prepared
    copied = load_initial_weights(model, initial, vocabulary=prepared.vocabulary, answers=prepared.answers)
    say(f"Starting from {initial.path}: {', '.join(copied)}.", progress=run.job.progress)


def fit_blind(run: Run) -> ModelFolder | None:
    """Train the blind model into `blind/`; None for actions, `blind=False`, a blind run, or if it is done and
    this is not worker 0."""
    prepared, config = run.prepared, run.prepared.config
    if prepared.vocabulary is None or not config.training.blind or not config.model.sees_video:
        return None
    if is_past(run, "blind"):
        return load_model_folder(run.folder / BLIND) if run.context.control.is_chief else None
    model = dataclasses.replace(config.model, video_branch="none", train_backbone=False)
    config = dataclasses.replace(config, model=model)
    fitted = fit(run, config, run.folder / BLIND, phase="blind")
    if not run.context.control.is_chief:
        return None
    metrics = metrics_of_run(prepared, fitted, None, config)
    with resumable(run.folder):
        return save_model_folder(
            run.folder / BLIND,
            fitted.model,
            config,
            vocabulary=prepared.vocabulary,
            answers=prepared.answers,
            metrics=metrics,
            question_prior=prepared.question_prior,
        )


def fit_unfrozen(run: Run, head: "FittedModel | None") -> "FittedModel":
    """Train on from `head`, or from where this stage was stopped, with the backbone's last layers.

    It begins behind the epochs of the head, whose best one is to be beaten.
    """
    from videoqa.models.building import copy_shared_weights

    config = run.prepared.config
    training = dataclasses.replace(
        config.training,
        epochs=config.training.unfreeze_epochs,
        learning_rate=config.training.unfreeze_learning_rate,
        learning_rate_schedule="constant",
    )
    model = dataclasses.replace(config.model, train_backbone=True)
    config = dataclasses.replace(config, model=model, training=training)
    options: dict[str, Any] = {"phase": "unfrozen", "callbacks": run.job.callbacks}
    if head is not None:
        options["start_weights"] = functools.partial(copy_shared_weights, head.features_form)
        before = head.position
        options["begin_at"] = Position(
            history=list(before.history),
            best_score=before.best_score,
            best_epoch=before.best_epoch,
            diverged=list(before.diverged),
        )
    return fit(run, config, run.folder, **options)


def is_past(run: Run, phase: str) -> bool:
    """Whether worker 0 goes on from a checkpoint of a later phase."""
    from videoqa.training.distribution import from_chief
    from videoqa.training.state import PHASES

    context = run.context
    restored = context.checkpoints.restored
    done = restored is not None and PHASES.index(restored.state["phase"]) > PHASES.index(phase)
    context.control.barrier(f"past {phase}")
    return bool(from_chief(context.strategy, [np.array(float(done))])[0])
