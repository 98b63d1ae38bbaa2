"""The stages of a run: the blind model, the model, its backbone's last layers; each by the same loop."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from videoqa.config import RunConfig
from videoqa.launching.job import Job
from videoqa.saving import BLIND, ModelFolder, load_model_folder, save_model_folder
from videoqa.training.control import RunControl
from videoqa.training.metrics import metrics_of_run
from videoqa.training.preparing import PreparedData
from videoqa.training.request import Request
from videoqa.training.resuming import resumable

if TYPE_CHECKING:
    import tensorflow as tf

    from videoqa.training.fitting import FittedModel
    from videoqa.training.run_checkpoints import RunCheckpoints


@dataclass(frozen=True)
class Run:
    """What the stages of a run share."""

    job: Job
    request: Request
    prepared: PreparedData
    folder: Path
    control: RunControl
    strategy: "tf.distribute.Strategy"
    checkpoints: "RunCheckpoints"


def fit_all(run: Run) -> "FittedModel":
    """Train the model, and its backbone's last layers in a second stage if that was asked for."""
    config = run.prepared.config
    if config.training.unfreeze_from is not None and is_past(run, "model"):
        return fit_unfrozen(run, None)
    fitted = fit(run, config, run.folder, callbacks=run.job.callbacks, initial=run.request.initial)
    return fitted if config.training.unfreeze_from is None else fit_unfrozen(run, fitted)


def fit(run: Run, config: RunConfig, folder: Path, **options: Any) -> "FittedModel":
    """Train the model that `config` describes on the run's rows; `options` are those of `fit_model`."""
    from videoqa.training.fitting import fit_model

    prepared = run.prepared
    examples = prepared.examples
    if options.get("phase") == "unfrozen" and prepared.frame_examples is not None:
        examples = prepared.frame_examples
    training, validation = (prepared.rows_of(name, examples) for name in ("train", "validation"))
    if config.model.video_branch == "none":
        training, validation = training.without_clips(), validation.without_clips()
    return fit_model(
        config,
        training,
        validation,
        folder,
        strategy=run.strategy,
        control=run.control,
        checkpoints=run.checkpoints,
        vocabulary=run.prepared.vocabulary,
        answers=run.prepared.answers,
        prefetch_batches=run.job.launch.prefetch_batches,
        progress=run.job.progress,
        **options,
    )


def fit_blind(run: Run) -> ModelFolder | None:
    """Train the blind model into `blind/`; None for actions, `blind=False`, a blind run, or if it is done and
    this is not worker 0."""
    prepared, config = run.prepared, run.prepared.config
    if prepared.vocabulary is None or not config.training.blind or config.model.video_branch == "none":
        return None
    if is_past(run, "blind"):
        return load_model_folder(run.folder / BLIND) if run.control.is_chief else None
    model = dataclasses.replace(config.model, video_branch="none", train_backbone=False)
    config = dataclasses.replace(config, model=model)
    fitted = fit(run, config, run.folder / BLIND, phase="blind")
    if not run.control.is_chief:
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
    """Train on from `head`, or from where this stage was stopped, with the backbone's last layers."""
    config = run.prepared.config
    training = dataclasses.replace(
        config.training,
        epochs=config.training.unfreeze_epochs,
        learning_rate=config.training.unfreeze_learning_rate,
        learning_rate_schedule="constant",
    )
    model = dataclasses.replace(config.model, train_backbone=True)
    config = dataclasses.replace(config, model=model, training=training)
    return fit(run, config, run.folder, callbacks=run.job.callbacks, phase="unfrozen", head=head)


def is_past(run: Run, phase: str) -> bool:
    """Whether worker 0 goes on from a checkpoint of a later phase."""
    from videoqa.training.collectives import from_chief
    from videoqa.training.run_checkpoints import PHASES

    restored = run.checkpoints.restored
    done = restored is not None and PHASES.index(restored.state["phase"]) > PHASES.index(phase)
    run.control.barrier(f"past {phase}")
    return bool(from_chief(run.strategy, [np.array(float(done))])[0])
