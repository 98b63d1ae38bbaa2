"""One process of a run: it prepares the data, starts the strategy and trains stage after stage.

Worker 0 writes the folder.
"""

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videoqa._progress import say
from videoqa._version import installed_versions
from videoqa.config import DEFAULT_BACKBONE_WEIGHTS, LaunchConfig, ModelConfig, RunConfig
from videoqa.launching.stopping import graceful_stop, raise_again
from videoqa.saving import ModelFolder, save_model_folder
from videoqa.training.checkpoints import Checkpoint, drop_newer, keep_newest, newest_checkpoint
from videoqa.training.checks import check_shares
from videoqa.training.control import RunControl, TrainingStopped
from videoqa.training.memory import ONE_REPLICA, Replicas
from videoqa.training.metrics import metrics_of_run
from videoqa.training.order import learn_order
from videoqa.training.preparing import PreparedData, prepare_data
from videoqa.training.request import Request
from videoqa.training.resuming import check_resumed, resumable, say_new_schedule
from videoqa.training.run_folder import CHECKPOINTS, removed_if_left_empty
from videoqa.training.stages import TrainedModel, model_stage, train_blind, train_stage, unfrozen_stage
from videoqa.training.state import RunCheckpoints
from videoqa.training.trusting import HeldOutRows, fit_trust

if TYPE_CHECKING:
    import pandas as pd

    from videoqa.answering.video_qa import Answer
    from videoqa.training.distribution import Strategy


@dataclass(frozen=True)
class TrainingRun:
    """What `train` made.

    Attributes:
        out: the model folder.
        config: the configuration, with the sizes the model really has.
        history: per epoch the figures of `training.loop.Training`; in `metrics` None is what was no number.
        metrics: what `metrics.json` holds; empty on a worker that does not write the folder.
    """

    out: Path
    config: RunConfig
    history: list[dict[str, float]]
    metrics: dict[str, Any]

    def __repr__(self) -> str:
        best = max((epoch["val_accuracy"] for epoch in self.history if "val_accuracy" in epoch), default=None)
        shown = "" if best is None else f", best_val_accuracy={best:.4f}"
        return f"TrainingRun({str(self.out)!r}, num_epochs={len(self.history)}{shown})"

    def __fspath__(self) -> str:
        """Return the model folder, so that the run can be given wherever one is wanted."""
        return str(self.out)

    def to_dict(self) -> dict[str, Any]:
        """Return the run as one JSON-ready object."""
        return {"out": str(self.out), "num_epochs": len(self.history), **self.metrics}

    def evaluate(self, data: Any = None, **options: Any) -> dict[str, Any]:
        """Score the model; arguments and result are those of `videoqa.evaluate`."""
        from videoqa.evaluation.evaluate import evaluate

        return evaluate(self.out, data, **options)

    def ask(self, video: Any, question: str = "", **options: Any) -> "Answer":
        """Ask the model about a clip; arguments and result are those of `videoqa.ask`."""
        from videoqa.answering.ask import ask

        return ask(video, question, model=self.out, **options)

    def predict(self, videos: Any = None, **options: Any) -> "pd.DataFrame":
        """Label many clips or answer many questions; arguments and result are those of `videoqa.predict`."""
        from videoqa.answering.predict import predict

        return predict(self.out, videos, **options)

    def report(self, **options: Any) -> Path:
        """Write one HTML file about the run; arguments and result are those of `videoqa.report`."""
        from videoqa.reporting.report import report

        return report(self.out, **options)


@dataclass(frozen=True)
class Run:
    """A run on one process: everything that its stages share.

    Attributes:
        request: what was asked for.
        data: what every stage is trained from, with the configuration in the sizes that it gave.
        folder: of the run.
        strategy: one for all models of a process.
        control: the place of this process among the workers.
        checkpoints: of the run; what they restored decides where it goes on.
    """

    request: Request
    data: PreparedData
    folder: Path
    strategy: "Strategy"
    control: RunControl
    checkpoints: RunCheckpoints

    @property
    def config(self) -> RunConfig:
        """The configuration, with the sizes that the data gave."""
        return self.data.config


def run_training(
    request: Request,
    *,
    out: str | os.PathLike[str],
    resume: bool,
    control: RunControl | None = None,
    replicas: Replicas = ONE_REPLICA,
    held_out: HeldOutRows | None = None,
) -> TrainingRun:
    """Do this process's part in a run and return it.

    Args:
        request: what to train, equal on all workers but for paths.
        out, resume: the run's folder and whether to go on from a checkpoint in it, see `RunFolder`.
        control: the place of this process among the workers; None: it is alone, and a signal that asks it to
            stop is passed on once its state is saved.
        replicas: one for each worker; how many devices each has is found here.
        held_out: of a cross-validation, for the model on all rows: what it is calibrated with.

    Raises:
        TrainingStopped: some worker was asked to stop.
        ValueError: the data cannot be trained from, or a checkpoint is of another run.
    """
    job, config, folder, strategy = request.job, request.config, Path(out), None
    if config.training.strategy != "single":
        from videoqa.training.distribution import num_replicas_in_memory

        strategy = _start(request)  # before anything else uses TensorFlow
        check_shares(config.model, config.training.batch_size, strategy.num_replicas_in_sync)
        replicas = dataclasses.replace(replicas, num_per_worker=num_replicas_in_memory(strategy))
    restored = None
    if resume and (control is None or control.is_chief):
        restored = newest_checkpoint(folder / CHECKPOINTS, progress=job.progress)
        drop_newer(restored)
    # What there is to say of the data, a worker said when it was prepared, before the start.
    progress = job.progress and control is None
    with removed_if_left_empty(folder):
        data = prepare_data(request, replicas, progress=progress)
    if restored is not None:
        check_resumed(restored.state, config, folder, data.hashes)
        say_new_schedule(restored.state, config, progress=job.progress)
    strategy = strategy or _start(request)
    with graceful_stop() as stop:
        control = control or RunControl(stop=stop)
        checkpoints = _checkpoints(request, data, folder if control.is_chief else None, restored)
        run = Run(request, data, folder, strategy, control, checkpoints)
        try:
            blind, trained = _train(run)
        except TrainingStopped:
            raise_again(stop)
            raise
        if not control.is_chief:
            return TrainingRun(folder, data.config, trained.position.history, {})
        return _save(run, trained, blind, held_out)


def _train(run: Run) -> tuple[ModelFolder | None, TrainedModel]:
    """Train stage after stage; return the blind model, None without one, and the model of the last stage."""
    blind, trained = train_blind(run), None
    if (stage := model_stage(run, learn_order(run))) is not None:
        trained = train_stage(run, stage)
    if (stage := unfrozen_stage(run, trained)) is not None:
        trained = train_stage(run, stage)
    assert trained is not None  # a run ends with the model or its second stage
    return blind, trained


def _start(request: Request) -> "Strategy":
    from videoqa.training.distribution import start_strategy

    job = request.job
    return start_strategy(
        request.config.training, gpu_memory_limit=job.launch.gpu_memory_limit, progress=job.progress
    )


def _checkpoints(
    request: Request, data: PreparedData, folder: Path | None, restored: Checkpoint | None
) -> RunCheckpoints:
    return RunCheckpoints(
        None if folder is None else folder / CHECKPOINTS,
        request.config,
        data.hashes,
        num_tables=data.num_tables,
        initial_model=None if request.initial is None else str(request.initial.path.absolute()),
        steps=request.job.launch.checkpoint_steps,
        keep=request.job.launch.keep_checkpoints,
        restored=restored,
        fold=request.job.fold,
        stratified=request.job.stratified,
        order=None if restored is None else restored.state.get("order"),
    )


def _save(
    run: Run, trained: TrainedModel, blind: ModelFolder | None, held_out: HeldOutRows | None
) -> TrainingRun:
    data, config = run.data, run.config
    origin = {"command": run.request.command(run.folder), "versions": installed_versions()}
    speaks = run.request.job.progress and (data.fold is None or data.fold[0] == 0)  # else once per fold
    trust, calibration = fit_trust(data, trained, held_out=held_out, progress=speaks)
    metrics = metrics_of_run(data, trained, blind, config, trust) | {"calibration": calibration} | origin
    job, num_epochs = run.request.job, len(trained.position.history)
    if job.finish:
        metrics["finished_after"] = num_epochs
    if run.checkpoints.order is not None:
        metrics["order"] = run.checkpoints.order
    with resumable(run.folder):
        saved = save_model_folder(
            run.folder,
            trained.features_form,
            config,
            vocabulary=data.vocabulary,
            answers=data.answers,
            metrics=metrics,
            backbone_weights=trained.backbone_weights or _local_backbone_file(config.model),
            question_prior=data.question_prior,
            trust=trust,
        )
    if job.launch.keep_checkpoints == LaunchConfig.keep_checkpoints:
        keep_newest(run.folder / CHECKPOINTS)
    early = f", as it was in epoch {trained.position.epoch + 1}" if job.finish else ""
    say(f"The model is in {saved.path}{early}.", progress=job.progress)
    return TrainingRun(saved.path, saved.config, trained.position.history, metrics)


def _local_backbone_file(model: ModelConfig) -> str | None:
    """Return the weights file to keep with the model: the user's own, not one found by its name."""
    if not model.sees_video or model.backbone_weights in DEFAULT_BACKBONE_WEIGHTS.values():
        return None
    return model.backbone_weights
