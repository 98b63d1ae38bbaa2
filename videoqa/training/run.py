"""One process's part in a run: data, strategy, the blind model, the model; worker 0 writes the folder."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videoqa._progress import say
from videoqa._versions import installed_versions
from videoqa.auditing.before_training import say_table_findings
from videoqa.config import DEFAULT_BACKBONE_WEIGHTS, ModelConfig, RunConfig
from videoqa.data.annotations import read_annotations
from videoqa.data.splits import attach_validation
from videoqa.launching.job import Job
from videoqa.launching.stopping import graceful_stop, raise_again
from videoqa.saving import ModelFolder, save_model_folder
from videoqa.training.checkpoints import Checkpoint, drop_newer, newest_checkpoint
from videoqa.training.checks import check_initial, check_input, check_shares
from videoqa.training.context import RunContext
from videoqa.training.control import RunControl, TrainingStopped
from videoqa.training.memory import ONE_REPLICA, Replicas
from videoqa.training.metrics import metrics_of_run
from videoqa.training.preparing import PreparedData, prepare_data
from videoqa.training.request import Request, read_request
from videoqa.training.resuming import check_same_run, check_unfinished, resumable, say_new_schedule
from videoqa.training.run_folder import CHECKPOINTS, removed_if_left_empty
from videoqa.training.stages import Run, fit_all, fit_blind

if TYPE_CHECKING:
    from videoqa.answering.answer import Answer
    from videoqa.training.distribution import Strategy
    from videoqa.training.fitting import FittedModel
    from videoqa.training.state import RunCheckpoints


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

    def report(self, **options: Any) -> Path:
        """Write one HTML file about the run; arguments and result are those of `videoqa.report`."""
        from videoqa.reporting.report import report

        return report(self.out, **options)


def prepare(job: Job, request: Request, replicas: Replicas = ONE_REPLICA) -> PreparedData:
    """Return the rows of a job as arrays, encoding the videos whose features are not in the cache."""
    config = request.config
    check_shares(config.model, config.training.batch_size, replicas.num_workers * replicas.num_per_worker)
    table = read_annotations(
        config.data,
        tables=request.tables,
        seed=config.training.seed,
        with_videos=config.model.sees_video,
    )
    table = attach_validation(table, config.training.seed, config.training.validation_share)
    config = dataclasses.replace(config, model=dataclasses.replace(config.model, task=table.attrs["task"]))
    check_input(config)
    check_initial(request.initial, config)
    say_table_findings(table, config, progress=job.progress)
    return prepare_data(
        table,
        config,
        num_tables=len(request.tables),
        decode_workers=job.launch.decode_workers,
        prefetch_batches=job.launch.prefetch_batches,
        replicas=replicas,
        progress=job.progress,
    )


def run_training(
    job: Job,
    *,
    settled: Mapping[str, Any],
    control: RunControl | None = None,
    replicas: Replicas = ONE_REPLICA,
) -> TrainingRun:
    """Do this process's part in a run and return it.

    Args:
        job: what to train, equal on all workers but for paths.
        settled: of `run_folder.RunFolder`.
        control: the place of this process among the workers; None: it is alone, and a signal that asks it to
            stop is passed on once its state is saved.
        replicas: over workers; that over the devices of this process is found here.

    Raises:
        TrainingStopped: some worker was asked to stop.
        ValueError: the data cannot be trained from, or a checkpoint is of another run.
    """
    request, folder = read_request(job), Path(settled["out"])
    strategy = None
    if request.config.training.strategy != "single":
        from videoqa.training.distribution import num_replicas_in_memory

        strategy = _start(job, request)  # before anything else uses TensorFlow
        training = request.config.training
        check_shares(request.config.model, training.batch_size, strategy.num_replicas_in_sync)
        replicas = dataclasses.replace(replicas, num_per_worker=num_replicas_in_memory(strategy))
    restored = None
    if settled["resume"] and (control is None or control.is_chief):
        restored = newest_checkpoint(folder / CHECKPOINTS, progress=job.progress)
        drop_newer(restored)
    quiet = control is not None  # what there is to say was said when the data was prepared before the start
    with removed_if_left_empty(folder):
        prepared = prepare(dataclasses.replace(job, progress=False) if quiet else job, request, replicas)
    if restored is not None:
        check_same_run(restored.state, request.config, prepared.hashes)
        check_unfinished(restored.state, request.config, folder)
        say_new_schedule(restored.state, request.config, progress=job.progress)
    strategy = strategy or _start(job, request)
    with graceful_stop() as stop:
        control = control or RunControl(stop=stop)
        checkpoints = _checkpoints(job, request, prepared, folder if control.is_chief else None, restored)
        context = RunContext(strategy, control, checkpoints, job.launch.prefetch_batches, job.progress)
        try:
            return _train(Run(job, request, prepared, folder, context))
        except TrainingStopped:
            raise_again(stop)
            raise


def _train(run: Run) -> TrainingRun:
    blind = fit_blind(run)
    fitted = fit_all(run)
    if not run.context.control.is_chief:
        return TrainingRun(run.folder, run.prepared.config, fitted.position.history, {})
    return _save(run, fitted, blind)


def _start(job: Job, request: Request) -> "Strategy":
    from videoqa.training.distribution import start_strategy

    return start_strategy(
        request.config.training, gpu_memory_limit=job.launch.gpu_memory_limit, progress=job.progress
    )


def _checkpoints(
    job: Job, request: Request, prepared: PreparedData, folder: Path | None, restored: Checkpoint | None
) -> "RunCheckpoints":
    from videoqa.training.state import RunCheckpoints

    return RunCheckpoints(
        None if folder is None else folder / CHECKPOINTS,
        request.config,
        prepared.hashes,
        num_tables=prepared.num_tables,
        initial_model=None if request.initial is None else str(request.initial.path.absolute()),
        steps=job.launch.checkpoint_steps,
        keep=job.launch.keep_checkpoints,
        restored=restored,
    )


def _save(run: Run, fitted: "FittedModel", blind: ModelFolder | None) -> TrainingRun:
    prepared = run.prepared
    origin = {"command": run.request.command(run.job, run.folder), "versions": installed_versions()}
    metrics = metrics_of_run(prepared, fitted, blind, prepared.config) | origin
    with resumable(run.folder):
        saved = save_model_folder(
            run.folder,
            fitted.features_form,
            prepared.config,
            vocabulary=prepared.vocabulary,
            answers=prepared.answers,
            metrics=metrics,
            backbone_weights=fitted.backbone_weights or _local_backbone_file(prepared.config.model),
            question_prior=prepared.question_prior,
        )
    say(f"The model is in {saved.path}.", progress=run.job.progress)
    return TrainingRun(saved.path, saved.config, fitted.position.history, metrics)


def _local_backbone_file(model: ModelConfig) -> str | None:
    """Return the weights file to keep with the model: the user's own, not one found by its name."""
    if not model.sees_video or model.backbone_weights in DEFAULT_BACKBONE_WEIGHTS.values():
        return None
    return model.backbone_weights
