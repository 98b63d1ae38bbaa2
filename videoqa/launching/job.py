"""What a launcher is asked to do, and what came of it. Needs no TensorFlow."""

from dataclasses import dataclass
from typing import Any

from videoqa.config.launch import LaunchConfig


@dataclass(frozen=True)
class Job:
    """One call of `train`, as it is given to the processes that carry it out.

    Attributes:
        data: as given to `train`: paths, names of data sets, DataFrames.
        options: flat options of the configuration.
        launch: where the workers are and how failures are dealt with.
        out: new folder of the model; None: worker 0 chooses.
        initial_model: folder whose weights are the first ones.
        callbacks: Keras callbacks.
        resume: go on from the newest checkpoint in `out`.
        progress: show progress.
    """

    data: tuple[Any, ...]
    options: dict[str, Any]
    launch: LaunchConfig
    out: str | None = None
    initial_model: str | None = None
    callbacks: tuple[Any, ...] = ()
    resume: bool = False
    progress: bool = True


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        result: what this launcher's worker reported (of local workers: worker 0); {}: stopped before that.
        stopped_by: number of the signal that asked to stop; None: the run is complete.
    """

    result: dict[str, Any]
    stopped_by: int | None = None
