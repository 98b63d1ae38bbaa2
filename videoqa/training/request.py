"""What a run was asked for: options and sources made into a checked configuration, before any work."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from videoqa._command import training_command
from videoqa.config import RunConfig, run_config_from_options
from videoqa.data.annotations import split_sources
from videoqa.data.archives import check_unpacked
from videoqa.data.specs import options_of, usual_task
from videoqa.launching.job import Job
from videoqa.saving import ModelFolder, load_model_folder
from videoqa.training.checks import check_input


@dataclass(frozen=True)
class Request:
    """A run as it was asked for.

    Attributes:
        job: the call of `train`.
        config: of all options; its model's sizes are at most what the data will give.
        tables: the sources that are DataFrames.
        own_options: those that the data brings along.
        initial: the model to start from; None: fresh weights.
    """

    job: Job
    config: RunConfig
    tables: list[pd.DataFrame]
    own_options: dict[str, Any]
    initial: ModelFolder | None

    def command(self, folder: Path) -> str:
        """Return the `videoqa-train` command that asks for the same; "" with DataFrames."""
        if self.job.command is not None:
            return self.job.command
        if self.tables:
            return ""
        return training_command(
            self.config, named=self.own_options, out=folder, initial_model=self.job.initial_model
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
    return Request(job, config, tables, own, initial)
