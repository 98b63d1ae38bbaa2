"""A call of `train` as launchers receive it, and its outcome."""

from dataclasses import dataclass
from typing import Any

from videoqa.config.launch import LaunchConfig


@dataclass(frozen=True)
class Job:
    """One call of `train`, as it is sent to other processes.

    Attributes:
        data: as given to `train`: paths, names of data sets, DataFrames.
        options: flat options of the configuration.
        launch: addresses of the workers and handling of failures.
        out: new folder of the model; None: worker 0 chooses one.
        initial_model: model folder to take the initial weights from.
        callbacks: Keras callbacks.
        resume: continue from the newest checkpoint in `out`.
        finish: with `resume`, train no further: make a model of what is there.
        progress: show progress.
        fold: number of a cross-validation's fold, from 1, that is held out, or 0 for the model on everything,
            and the number of folds; None: no cross-validation.
        command: the command that asked for a run of which this is a part; None: this is no part.
        stratified: splits are drawn by answers; False: a run of an earlier version goes on with its own draw.
    """

    data: tuple[Any, ...]
    options: dict[str, Any]
    launch: LaunchConfig
    out: str | None = None
    initial_model: str | None = None
    callbacks: tuple[Any, ...] = ()
    resume: bool = False
    finish: bool = False
    progress: bool = True
    fold: tuple[int, int] | None = None
    command: str | None = None
    stratified: bool = True


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        result: report of this launcher's worker (worker 0 of local workers); {} if stopped before it.
        stopped_by: number of the signal that stopped the run; None: the run is complete.
    """

    result: dict[str, Any]
    stopped_by: int | None = None
