"""Cross-validation: each row is scored by a model that never saw its clip, and one model learns from all."""

import dataclasses
import math
import os
import shlex
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from videoqa._checks import Refusal, check_integer, refusal
from videoqa._progress import say
from videoqa.data.annotations import read_annotations
from videoqa.data.splits import hold_out_fold
from videoqa.evaluation.evaluate import ScoredFolder, score_folder
from videoqa.evaluation.pooling import pool_folds, write_pooled
from videoqa.launching.job import Job
from videoqa.saving import load_model_folder
from videoqa.training.request import Request, read_request
from videoqa.training.run import TrainingRun, run_training
from videoqa.training.run_folder import RunFolder, check_new_folder, removed_if_left_empty

FOLDS = "folds"
"""The folder of the folds' models, in that of the model on everything."""


def cross_validate(job: Job, num_folds: int) -> TrainingRun:
    """Train and score a model for each fold, then one on all rows, and return that one.

    Rows of a group stay in one fold; test rows of the user's own are in none. Each fold's model chooses its
    epoch by validation rows drawn from the other folds. The last model learns from all rows, without
    validation, for the median of the folds' best epochs.

    Args:
        job: the call of `train`.
        num_folds: 2 to the number of groups.

    Returns:
        The run on all rows; `metrics["cross_validation"]` are the pooled scores, which are also written to
        `evaluation/cross-validation` in its folder. The folds' models are in `folds/fold-1`, ...

    Raises:
        ValueError: `num_folds` out of range, or an option that a cross-validation cannot take.
        FileExistsError: the folder holds a run already, or folds.
    """
    check_integer("cross_validate", num_folds, minimum=2)
    _check_options(job)
    request = read_request(job)
    if request.config.training.strategy == "multiworker":
        advice = "Its folds are trained one after the other: 'single' or 'mirrored' will do."
        raise Refusal("strategy", "be another one with cross_validate", "multiworker", advice)
    out = Path(RunFolder()(job)["out"])
    with removed_if_left_empty(out):
        if (out / FOLDS).exists():
            advice = "Choose another folder, or delete it if its folds are not wanted any more."
            raise FileExistsError(refusal("out", "not hold folds yet", str(out), advice))
        _say_folds(_rows(request, num_folds), num_folds, job.progress)
    command = request.command(out)
    command = f"{command} {shlex.join(['--cross-validate', str(num_folds)])}" if command else ""
    job = dataclasses.replace(job, command=command)
    scored = [_fold(job, number, num_folds, out) for number in range(1, num_folds + 1)]
    pooled = pool_folds(scored)
    epochs = _epochs(scored, request)
    say(
        f"The model on all rows is trained for {epochs} epochs, the median of the folds' best.",
        progress=job.progress,
    )
    options = {**job.options, "epochs": epochs, "validation_share": 0.0}
    whole = dataclasses.replace(job, options=options, fold=(0, num_folds))
    run = run_training(read_request(whole), out=out, resume=False)
    scores = write_pooled(pooled, load_model_folder(run.out), request.config.data.limit)
    return dataclasses.replace(run, metrics=run.metrics | {"cross_validation": scores})


def _check_options(job: Job) -> None:
    """Refuse what a cross-validation cannot take."""
    if job.resume:
        advice = "Go on with one fold: --resume --out <the folder>/folds/fold-2, without --cross-validate."
        raise Refusal("resume", "be left out with cross_validate", True, advice)
    if job.initial_model is not None:
        advice = "It may have learned from the clips that a fold holds out."
        raise Refusal("initial_model", "be left out with cross_validate", job.initial_model, advice)
    if job.launch.max_restarts:
        advice = "Its folds are trained in this process, which nothing watches."
        raise Refusal("max_restarts", "be left out with cross_validate", job.launch.max_restarts, advice)


def _rows(request: Request, num_folds: int) -> pd.DataFrame:
    """Return the rows of all folds; refuse more folds than groups."""
    config = request.config
    table = read_annotations(
        config.data,
        tables=request.tables,
        seed=config.training.seed,
        with_videos=config.model.sees_video,
        stratified=request.job.stratified,
    )
    return hold_out_fold(table, 1, num_folds, config.training.seed)


def _say_folds(table: pd.DataFrame, num_folds: int, progress: bool) -> None:
    """Print how many groups the folds share, and the classes that a fold cannot learn."""
    say(f"{num_folds} folds of {table['group'].nunique()} groups, {len(table)} rows.", progress=progress)
    if table.attrs["task"] != "action":
        return
    groups = table.groupby("answer")["group"].nunique()
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
    folder = check_new_folder(out / FOLDS / f"fold-{number}")
    run = run_training(request, out=folder, resume=False)
    model = load_model_folder(run.out)
    data, options = None, _data_options(request)
    if request.tables:
        data = list(job.data)
    where = os.fspath(model.path / "evaluation" / "test")
    return score_folder(model, data, out=where, progress=job.progress, options=options)


def _data_options(request: Request) -> dict[str, Any]:
    """Return the limit, which is not taken from the run where its data is given again."""
    limit = request.config.data.limit
    return {"limit": limit} if request.tables and limit is not None else {}


def _epochs(scored: list[ScoredFolder], request: Request) -> int:
    """Return the median of the folds' best epochs, rounded up, within the first stage."""
    most = request.config.training.epochs
    best = [fold.folder.metrics["best_epoch"] or most for fold in scored]
    return math.ceil(median(min(epoch, most) for epoch in best))
