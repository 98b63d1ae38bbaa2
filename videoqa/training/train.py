"""`train`: from annotations and videos to a model folder, in this process or in workers of its own."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from videoqa._checks import Refusal, check_choice
from videoqa._fork import check_not_forked
from videoqa.config import PARTS, LaunchConfig, RunConfig, field_names
from videoqa.config.keywords import TrainOptions, shows_options
from videoqa.launching.cluster import find_cluster
from videoqa.launching.job import Job, Outcome
from videoqa.launching.launcher import launch as start_workers
from videoqa.launching.stopping import StopRequest, graceful_stop, raise_again
from videoqa.saving import load_model_folder
from videoqa.training.after_stop import how_to_go_on
from videoqa.training.checks import check_shares
from videoqa.training.control import TrainingStopped
from videoqa.training.cross_validation import cross_validate as run_folds
from videoqa.training.request import read_request
from videoqa.training.resuming import check_resumed, resumed
from videoqa.training.run import TrainingRun, run_training
from videoqa.training.run_folder import RunFolder, are_unfinished_folds

if TYPE_CHECKING:
    import keras

__all__ = ["TrainingRun", "train"]


@shows_options(TrainOptions)
def train(
    data: Any = None,
    *,
    out: str | os.PathLike[str] | None = None,
    callbacks: Sequence["keras.callbacks.Callback"] = (),
    initial_model: str | os.PathLike[str] | None = None,
    resume: bool = False,
    finish: bool = False,
    cross_validate: int | None = None,
    progress: bool = True,
    **options: Unpack[TrainOptions],
) -> TrainingRun:
    """Train a model on annotated videos and return the run, whose folder `ask` and `evaluate` take.

    Vocabulary and answers come from the training split only. A video that cannot be read costs its rows,
    which are counted and printed, never the run. Op determinism is on: the same seed twice on one machine
    gives the same weights. Asked to stop (Ctrl-C, SIGTERM), it finishes its step and writes a checkpoint.

    With `strategy="multiworker"` or `max_restarts` training happens in processes of its own, which this one
    starts and watches.

    Args:
        data: path of a CSV or JSONL file, the name of a built-in set, a DataFrame, or a list of these.
        out: folder to write; None: `runs/<date-time>`.
        callbacks: Keras callbacks of worker 0, called after the run's own.
        initial_model: folder of an earlier model whose weights to start from.
        resume: go on with the run that was stopped in `out`. Options that are not given are as they were; of
            the others only the strategy, the number of workers, paths and more epochs may differ.
        finish: with `resume`, train no further and write the model that the stopped run has so far: its best
            epoch's, or, before its first epoch ended, that of its newest checkpoint. Of a cross-validation it
            finishes the model on all rows, once its training has begun.
        cross_validate: train and score this many models, each on all but its share of the groups, then the
            model of the run on all rows. For few clips: every row is scored once, by a model that never saw
            its clip. The pooled scores are in `metrics["cross_validation"]` of the run and in
            `evaluation/cross-validation` of its folder, the models in `folds/`. Test rows of your own are in
            no fold.
        progress: print messages, and bars on a terminal.
        **options: any field of `DataConfig` (`videos`, `task`, `limit`, …), `SamplingConfig`, `ModelConfig`,
            `TrainingConfig` and `LaunchConfig` (`local_workers`, `max_restarts`, …).

    Raises:
        ValueError: an option out of range, a split without rows, fewer than two different answers, a forecast
            of memory or disk that does not fit, or a resume of another run.
        FileNotFoundError: an annotation file or folder that does not exist.
        FileExistsError: `out` already holds a run.
        StartError: workers that would train something else; `WorkerAbsent`: that did not come.
        WorkerLost: a worker died, and no restart was left.

    Example:
        >>> run = videoqa.train("my.csv", videos="clips/", out="runs/new", backbone="tiny", epochs=2)
        >>> run.evaluate()["num_rows"]
        6
    """
    check_not_forked("train")
    launch, chosen = _split_options(dict(options))
    job = Job(
        data=tuple(data) if isinstance(data, (list, tuple)) else () if data is None else (data,),
        options=chosen,
        launch=launch,
        out=None if out is None else os.fspath(out),
        initial_model=None if initial_model is None else os.path.abspath(initial_model),
        callbacks=tuple(callbacks),
        resume=resume,
        finish=finish,
        progress=progress,
    )
    if finish and not resume:
        raise Refusal("finish", "be given with resume: it finishes a run that was stopped", finish)
    choose_folder = RunFolder()
    with how_to_go_on(lambda: choose_folder.folder, job, cross_validate):
        if cross_validate is not None or (resume and are_unfinished_folds(out)):
            return run_folds(job, cross_validate, choose_folder)
        return _trained(job, choose_folder)


def _trained(job: Job, choose_folder: RunFolder) -> TrainingRun:
    """Train one model, in this process or in workers."""
    saved = None
    if job.resume:
        job, saved = resumed(job)
    request = read_request(job)
    if saved is not None and job.out is not None:
        check_resumed(saved, request.config, Path(job.out))
    strategy = request.config.training.strategy
    _check_launch(job.launch, strategy)
    if strategy != "multiworker" and not job.launch.max_restarts:
        return run_training(request, **choose_folder(job))
    with graceful_stop(speaks=False) as stop:
        return _launched(job, request.config, stop, choose_folder)


def _split_options(options: dict[str, Any]) -> tuple[LaunchConfig, dict[str, Any]]:
    """Return the options of `LaunchConfig` and the others; refuse a name that is neither."""
    known = {*field_names(LaunchConfig), *(name for part in PARTS.values() for name in field_names(part))}
    for name in options:
        check_choice("option", name, sorted(known))
    own = {name: options[name] for name in field_names(LaunchConfig) if name in options}
    return LaunchConfig(**own), {name: value for name, value in options.items() if name not in own}


def _check_launch(launch: LaunchConfig, strategy: str) -> None:
    """Refuse options of several workers if there is one: ignoring them would hide a mistake."""
    if strategy == "multiworker":
        return
    advice = "Add --strategy multiworker (in Python: strategy='multiworker')."
    for item in dataclasses.fields(LaunchConfig):
        value = getattr(launch, item.name)
        if item.name in ("workers", "worker_index", "local_workers", "runner") and value != item.default:
            requirement = f"be left out with strategy={strategy!r}"
            raise Refusal(item.name, requirement, value, advice)


def _launched(job: Job, config: RunConfig, stop: StopRequest, choose_folder: RunFolder) -> TrainingRun:
    """Train in worker processes, and return the run that they wrote."""
    outcome = _outcome(job, config, stop, choose_folder)
    if outcome.stopped_by is not None:
        stop.note(outcome.stopped_by)
        raise_again(stop)
        raise TrainingStopped(outcome.stopped_by)
    return _run_of(outcome)


def _outcome(job: Job, config: RunConfig, stop: StopRequest, choose_folder: RunFolder) -> Outcome:
    """Train in worker processes, and return how they ended."""
    launch, many = job.launch, config.training.strategy == "multiworker"
    if launch.runner == "ray":
        from videoqa.launching.ray_runner import launch_on_ray

        return launch_on_ray(job, decide=choose_folder, stop=stop)
    cluster = None
    if many and launch.local_workers is None:
        cluster = find_cluster(os.environ, launch.workers, launch.worker_index)
    num_workers = len(cluster.workers) if cluster else launch.local_workers or 1
    check_shares(config.model, config.training.batch_size, num_workers)
    return start_workers(job, decide=choose_folder, stop=stop, cluster=cluster)


def _run_of(outcome: Outcome) -> TrainingRun:
    """Return the run as its folder tells it; a worker that does not see the folder knows little of it."""
    out = Path(outcome.result["out"])
    if not outcome.result["is_chief"] or not out.is_dir():  # on a Ray cluster it may be another machine's
        return TrainingRun(out, RunConfig(), [], {})
    folder = load_model_folder(out)
    return TrainingRun(folder.path, folder.config, folder.metrics["history"], folder.metrics)
