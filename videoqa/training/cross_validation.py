"""Cross-validation: each row is scored by a model that never saw its clip, and one model learns from all."""

import contextlib
import dataclasses
import math
import os
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from videoqa._checks import Refusal, check_integer, refusal
from videoqa._counted import counted
from videoqa._manifest import MANIFEST
from videoqa._progress import each_note_once, say
from videoqa.config import LaunchConfig, TrainingConfig
from videoqa.data.annotations import read_annotations, split_sources
from videoqa.data.opposites import played_backwards
from videoqa.data.splits import hold_out_fold
from videoqa.evaluation.evaluate import EvaluationProtocol, ScoredFolder, score_folder
from videoqa.evaluation.pooling import pool_folds, write_pooled
from videoqa.features.contents import hashes_of_videos
from videoqa.launching.job import Job
from videoqa.saving import load_model_folder
from videoqa.training.after_stop import can_be_finished
from videoqa.training.checkpoints import newest_checkpoint
from videoqa.training.held_out import check_corrections
from videoqa.training.request import Request, read_request
from videoqa.training.resuming import LENGTHS, check_same_run, options_of_run
from videoqa.training.run import TrainingRun, run_training
from videoqa.training.run_folder import (
    CHECKPOINTS,
    FOLDS,
    RunFolder,
    are_unfinished_folds,
    check_new_folder,
    holds_checkpoints,
    removed_if_left_empty,
)
from videoqa.training.trusting import HeldOutRows

IN_THIS_PROCESS = (
    "The models of a cross-validation are trained in one process, one after the other, and not by workers. "
    "On a machine of several GPUs give --strategy mirrored (in Python: strategy='mirrored')."
)
"""Why a cross-validation has no workers, and what it may have instead."""


@each_note_once()
def cross_validate(job: Job, num_folds: int | None, choose_folder: RunFolder) -> TrainingRun:
    """Train and score a model for each fold, then one on all rows, and return that one.

    Rows of a group stay in one fold; test rows of the user's own are in none. Each fold's model chooses its
    epoch by validation rows drawn from the other folds. The last model learns from all rows, without
    validation, for the median of the folds' best epochs; it is calibrated with the rows that the folds held
    out.

    Args:
        job: the call of `train`.
        num_folds: 2 to the number of groups; None with `job.resume`: as it was.
        choose_folder: chooses the folder of a run that is not resumed.

    Returns:
        The run on all rows; `metrics["cross_validation"]` are the pooled scores, which are also written to
        `evaluation/cross-validation` in its folder. The folds' models are in `folds/fold-1`, ...

    Raises:
        ValueError: `num_folds` out of range, or an option that a cross-validation cannot take.
        FileExistsError: the folder holds a run already, or folds.
    """
    if num_folds is not None:
        check_integer("cross_validate", num_folds, minimum=2)
    _check_options(job, num_folds)
    if job.resume:
        job, num_folds = _resumed(job, num_folds)
    if job.finish:
        _check_last_begun(Path(job.out or ""), num_folds)
    assert num_folds is not None  # only a resumed run may leave it out
    request = read_request(job)
    _check_strategy(request.config.training.strategy)
    out = Path(job.out or "").absolute() if job.resume else Path(choose_folder(job)["out"])
    command = request.command(out)
    job = dataclasses.replace(job, command=command and f"{command} --cross-validate {num_folds}")
    with removed_if_left_empty(out), _folds_removed_if_empty(out / FOLDS):
        if not job.resume:
            _check_no_folds(out)
        _say_folds(_rows(request, num_folds), num_folds, job.progress)
        scored = [_fold(job, number, num_folds, out) for number in range(1, num_folds + 1)]
    _check_each_once(scored)
    return _train_on_all(job, request, scored, out)


def _train_on_all(job: Job, request: Request, scored: list[ScoredFolder], out: Path) -> TrainingRun:
    """Train the model on all rows, and write the pooled scores of the folds into its folder."""
    pooled, epochs = pool_folds(scored), _epochs(scored, request)
    orders = [fold.folder.metrics["order"] for fold in scored if "order" in fold.folder.metrics]
    order = order_options(orders)
    options = {**job.options, "epochs": epochs, "validation_share": 0.0, **order}
    whole = dataclasses.replace(job, options=options, fold=(0, len(scored)))
    if _is_done(out):  # it was stopped while the scores were pooled
        model = load_model_folder(out)
        run = TrainingRun(model.path, model.config, model.metrics["history"], model.metrics)
    else:
        if not job.finish:
            length = f"{counted(epochs, 'epoch')}, the median of the folds' best"
            say(f"The model on all rows is trained for {length}.", progress=job.progress)
            if "pretrain" in order:
                used = f"{sum(each['is_used'] for each in orders)} of {counted(len(orders), 'fold')}"
                message = f"{used} told forwards from backwards better than a guess: it starts fresh."
                say(message, progress=job.progress)
        held_out = HeldOutRows.of(scored)
        run = run_training(read_request(whole), out=out, resume=_goes_on(out), held_out=held_out)
    scores = write_pooled(pooled, load_model_folder(run.out), request.config.data.limit)
    return dataclasses.replace(run, metrics=run.metrics | {"cross_validation": scores})


def _is_done(out: Path) -> bool:
    """Return whether the folder holds the model on all rows, trained to its end."""
    return (out / MANIFEST).exists() and load_model_folder(out).metrics.get("finished_after") is None


@contextlib.contextmanager
def _folds_removed_if_empty(folds: Path) -> Iterator[None]:
    """Remove the folder of the folds again if the block inside fails before the first of them is begun."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            folds.rmdir()
        raise


def _check_no_folds(out: Path) -> None:
    """Refuse a folder with folds that were trained, or have a checkpoint."""
    begun = [
        fold for fold in (out / FOLDS).glob("*") if holds_checkpoints(fold) or (fold / MANIFEST).exists()
    ]
    if begun:
        advice = "Add --resume (in Python: resume=True) to go on with them, or delete the folder."
        raise FileExistsError(refusal("out", "not hold folds of a stopped run", str(out), advice))


def _check_options(job: Job, num_folds: int | None) -> None:
    """Refuse what a cross-validation cannot take."""
    if job.initial_model is not None:
        advice = "It may have learned from the clips that a fold holds out."
        raise Refusal("initial_model", "be left out with cross_validate", job.initial_model, advice)
    if job.finish and num_folds is not None:
        raise Refusal("finish", "be left out with cross_validate: it finishes one model", True)
    for name in ("workers", "worker_index", "local_workers", "runner", "max_restarts"):
        value = getattr(job.launch, name)
        if value != getattr(LaunchConfig(), name):
            raise Refusal(name, "be left out with cross_validate", value, IN_THIS_PROCESS)
    _check_strategy(job.options.get("strategy"))


def _check_strategy(strategy: str | None) -> None:
    """Refuse workers, which would have to be brought together anew for each fold."""
    if strategy == "multiworker":
        requirement = "be 'single' or 'mirrored' with cross_validate"
        raise Refusal("strategy", requirement, strategy, IN_THIS_PROCESS)


def _check_last_begun(out: Path, num_folds: int | None) -> None:
    """Refuse to finish a cross-validation before the training of its last model has begun.

    Raises:
        ValueError: saying what there is, and how to go on.
    """
    if can_be_finished(out):
        return
    folders = [out / FOLDS / f"fold-{number}" for number in range(1, (num_folds or 0) + 1)]
    done = sum((folder / MANIFEST).exists() for folder in folders)
    advice = f"Go on with --resume alone. Folds that are done: {done} of {num_folds}, in {out / FOLDS}."
    requirement = "be given once the training of the model on all rows has begun, after the folds"
    raise Refusal("finish", requirement, True, advice)


def _resumed(job: Job, num_folds: int | None) -> tuple[Job, int]:
    """Return the job with the options, and the number of folds, that its first fold was begun with."""
    out = Path(job.out or "")
    first = newest_checkpoint(out / FOLDS / "fold-1" / CHECKPOINTS, progress=False)
    if not are_unfinished_folds(job.out) or first is None:
        advice = "Leave out --resume to begin; single folds are resumed by their own folder."
        raise Refusal("out", "hold a cross-validation that was stopped", job.out, advice)
    saved = first.state
    count = saved["fold"][1]
    if num_folds not in (None, count):
        raise Refusal("cross_validate", f"be left out, or {count} as it was", num_folds)
    given = {**job.options, "data": split_sources(list(job.data))[0]} if job.data else job.options
    options = options_of_run(saved["config"], given, num_tables=saved["num_tables"])
    sources = options.pop("data", ())
    job = dataclasses.replace(
        job, data=job.data or tuple(sources), options=options, stratified=saved["stratified"]
    )
    config = read_request(job).config
    check_same_run(saved, config, saved["hashes"])
    for name in LENGTHS:
        before, now = saved["config"]["training"][name], getattr(config.training, name)
        if now != before:
            raise Refusal(name, f"be {before}, as in the folds that are done", now)
    return job, count


def _goes_on(folder: Path) -> bool:
    """Return whether a folder holds a checkpoint to go on from; make a new one of it if not."""
    if holds_checkpoints(folder):
        return True
    check_new_folder(folder)
    return False


def _check_each_once(folds: list[ScoredFolder]) -> None:
    """Refuse folds of which two hold the same row, because the data changed between them."""
    ids = pd.concat([fold.rows["question_id"] for fold in folds])
    if ids.duplicated().any():
        twice = ids[ids.duplicated()].iloc[0]
        advice = "Begin anew in another folder."
        raise Refusal("data", "be as it was when the first fold was trained; a row is in two", twice, advice)


def _rows(request: Request, num_folds: int) -> pd.DataFrame:
    """Return the rows of all folds; refuse more folds than groups."""
    config = request.config
    table = read_annotations(
        config.data,
        tables=request.tables,
        seed=config.training.seed,
        with_videos=config.model.sees_video,
        stratified=request.job.stratified,
        contents=hashes_of_videos,
        test_is_held_out=False,
    )
    check_corrections(table, None)
    return hold_out_fold(table, 1, num_folds, config.training.seed)


def _say_folds(table: pd.DataFrame, num_folds: int, progress: bool) -> None:
    """Print how many groups the folds share, and the classes that a fold cannot learn."""
    num_groups = counted(table["group"].nunique(), "group")
    say(f"{num_folds} folds of {num_groups}, {counted(len(table), 'row')}.", progress=progress)
    if table.attrs["task"] != "action":
        return
    shown = pd.concat([table, played_backwards(table)])
    groups = shown.groupby("answer")["group"].nunique()
    if single := sorted(groups[groups == 1].index):
        say(
            f"Classes of one group only, so that the model that is tested on it cannot know it: "
            f"{', '.join(single)}.",
            progress=progress,
        )


def _fold(job: Job, number: int, num_folds: int, out: Path) -> ScoredFolder:
    """Train the model of one fold and score it on the rows that it held out."""
    say(f"Fold {number} of {num_folds}.", progress=job.progress)
    request = read_request(dataclasses.replace(job, fold=(number, num_folds)))
    folder = out / FOLDS / f"fold-{number}"
    if not (folder / MANIFEST).exists():
        run_training(request, out=folder, resume=_goes_on(folder))
    model = load_model_folder(folder)
    data, options = None, _data_options(request)
    if request.tables:
        data = list(job.data)
    where = os.fspath(model.path / "evaluation" / "test")
    protocol = EvaluationProtocol()
    return score_folder(model, data, protocol, out=where, progress=job.progress, options=options)


def _data_options(request: Request) -> dict[str, Any]:
    """Return the limit, which is not taken from the run where its data is given again."""
    limit = request.config.data.limit
    return {"limit": limit} if request.tables and limit is not None else {}


def _epochs(scored: list[ScoredFolder], request: Request) -> int:
    """Return the median of the folds' best epochs, rounded up, within the first stage."""
    most = request.config.training.epochs
    best = [fold.folder.metrics["best_epoch"] or most for fold in scored]
    return math.ceil(median(min(epoch, most) for epoch in best))


def order_options(orders: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the options of the phase before the model, as most folds had it; empty where they had none.

    Where most folds threw away what they learned, since it was no better than a guess, the model on all rows
    does not learn it: it has no validation clips to find that out by, and must be such a model as was scored.

    Args:
        orders: of each fold with the phase, its figures.
    """
    if not orders:
        return {}
    if 2 * sum(order["is_used"] for order in orders) <= len(orders):
        names = ("pretrain", "pretrain_epochs", "pretrain_videos")
        return {name: getattr(TrainingConfig, name) for name in names}
    best = [order["best_epoch"] or order["num_epochs"] for order in orders if order["is_used"]]
    return {"pretrain_epochs": math.ceil(median(best))}
