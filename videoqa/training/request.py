"""What a run was asked for: options and sources made into a checked configuration, before any work."""

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from videoqa._checks import Refusal
from videoqa._command import training_command
from videoqa.config import RunConfig, run_config_from_options
from videoqa.data.annotations import split_sources
from videoqa.data.archives import check_unpacked
from videoqa.data.specs import options_of, usual_task
from videoqa.launching.job import Job
from videoqa.saving import ModelFolder, load_model_folder
from videoqa.training.checkpoints import newest_checkpoint
from videoqa.training.checks import check_input
from videoqa.training.resuming import check_same_run, check_unfinished, options_of_run
from videoqa.training.run_folder import CHECKPOINTS, check_resumable


@dataclass(frozen=True)
class Request:
    """A run as it was asked for.

    Attributes:
        config: of all options; its model's sizes are at most what the data will give.
        tables: the sources that are DataFrames.
        own_options: those that the data brings along.
        initial: the model to start from; None: fresh weights.
    """

    config: RunConfig
    tables: list[pd.DataFrame]
    own_options: dict[str, Any]
    initial: ModelFolder | None

    def command(self, job: Job, folder: Path) -> str:
        """Return the `videoqa-train` command that asks for the same; "" with DataFrames."""
        if self.tables:
            return ""
        return training_command(
            self.config, named=self.own_options, out=folder, initial_model=job.initial_model
        )


def read_request(job: Job) -> Request:
    """Return what `job` asks for.

    Raises:
        ValueError: an option out of range, or parts that do not fit together.
        FileNotFoundError: no such source or earlier model.
    """
    sources, tables = split_sources(list(job.data) or None)
    own = options_of(sources)
    config = run_config_from_options({**own, **job.options, "data": sources})
    initial = None if job.initial_model is None else load_model_folder(job.initial_model)
    task = config.data.task or usual_task(sources)
    model = config.model if task is None else dataclasses.replace(config.model, task=task)
    check_input(dataclasses.replace(config, model=model), task_known=task is not None)
    check_unpacked(config.data.videos)
    return Request(config, tables, own, initial)


@dataclass(frozen=True)
class Resumed:
    """What a resumed run is to be, as `train` takes it.

    Attributes:
        data: sources.
        options: flat options of the configuration.
        initial_model: folder of the model it started from.
        saved: state of the newest checkpoint; None on a worker that does not see the run's folder.
    """

    data: Any
    options: dict[str, Any]
    initial_model: str | None
    saved: dict[str, Any] | None = None

    def check(self, config: RunConfig, folder: Path) -> None:
        """Refuse before any work what differs from the run, as far as options tell.

        Raises:
            ValueError: naming every option that differs, or the run has come to its end.
        """
        if self.saved is not None:
            check_same_run(self.saved, config, self.saved["hashes"])
            check_unfinished(self.saved, config, folder)


def resumed(
    out: str | os.PathLike[str] | None, data: Any, options: dict[str, Any], initial_model: str | None
) -> Resumed:
    """Return data and options of a resumed run: what was given, else as it was.

    On a worker that does not see the run's folder, what was given is all there is.

    Raises:
        ValueError: no `out`, nothing to resume, data that has to be given again, or another initial model.
    """
    if out is None:
        raise Refusal("out", "be given with resume: the folder of the run to go on with", None)
    folder = Path(out)
    if not (folder / CHECKPOINTS).is_dir() and data is not None:
        return Resumed(data, options, initial_model)
    check_resumable(folder)
    newest = newest_checkpoint(folder / CHECKPOINTS, progress=False)
    assert newest is not None  # check_resumable saw one
    saved = newest.state
    if initial_model not in (None, saved["initial_model"]):
        requirement = f"be left out, or be as it was: {saved['initial_model']!r}"
        raise Refusal("initial_model", requirement, initial_model)
    given = options if data is None else {**options, "data": split_sources(data)[0]}
    merged = options_of_run(saved["config"], given, num_tables=saved["num_tables"])
    if merged["averaging_frequency"] is not None and merged["strategy"] != "multiworker":
        advice = "Leave out --strategy; one worker will do."
        requirement = "be 'multiworker', as it was: the run averages the weights of its workers"
        raise Refusal("strategy", requirement, merged["strategy"], advice)
    sources = merged.pop("data", None)
    initial_model = saved["initial_model"]
    if saved["phase"] != "blind" and initial_model is not None and not Path(initial_model).is_dir():
        initial_model = None  # its weights have long been taken
    return Resumed(data if data is not None else sources, merged, initial_model, saved)
