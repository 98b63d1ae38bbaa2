"""The checkpoints of one run: what goes into each, and how a model and its optimizers come back from one."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from videoqa._progress import say
from videoqa.config import RunConfig
from videoqa.training.checkpoints import Checkpoint, save_checkpoint
from videoqa.training.state import Position

PHASES = ("blind", "model", "unfrozen")
"""What a run trains, in this order."""


@dataclass
class RunCheckpoints:
    """Saves where a run is, every so many steps and at each epoch's end.

    Attributes:
        folder: of the checkpoints; None on a worker that writes none.
        config: of the run as it was asked for.
        hashes: of the data and the vocabularies, which a resumed run must share.
        num_tables: how many of the run's sources were DataFrames.
        initial_model: folder of the model it started from; None: fresh weights.
        steps: between two checkpoints.
        keep: how many of the newest stay.
        progress: say aloud what could not be saved.
        restored: the checkpoint the run goes on from; None: it begins.
    """

    folder: Path | None
    config: RunConfig
    hashes: Mapping[str, str] = field(default_factory=dict)
    num_tables: int = 0
    initial_model: str | None = None
    steps: int = 200
    keep: int = 2
    progress: bool = True
    restored: Checkpoint | None = None

    def position(self, phase: str, begin_at: Position | None = None) -> Position:
        """Return where to begin with a phase: where it was stopped, else at `begin_at`, else at nothing."""
        if self.restored is None or self.restored.state["phase"] != phase:
            return begin_at or Position()
        return Position.from_dict(self.restored.state["position"])

    def save(
        self, phase: str, position: Position, step: int, groups: Mapping[str, Sequence[np.ndarray]]
    ) -> None:
        """Write a checkpoint; when that fails, say so and leave the older ones.

        Args:
            phase: one of `PHASES`.
            position: where the phase is.
            step: number of its next step from the phase's beginning.
            groups: arrays by name, see `training_arrays`.
        """
        if self.folder is None:
            return
        state = {
            "phase": phase,
            "step": step,
            "position": position.to_dict(),
            "config": asdict(self.config),
            "num_tables": self.num_tables,
            "initial_model": self.initial_model,
            "hashes": dict(self.hashes),
        }
        name = f"{PHASES.index(phase)}-{phase}-{step:09d}"
        try:
            save_checkpoint(self.folder, name, state, groups, keep=self.keep)
        except OSError as error:
            message = (
                f"The checkpoint {name} could not be saved ({error}); training goes on, older ones stay."
            )
            say(message, progress=self.progress)


def training_arrays(
    model: keras.Model, optimizers: Sequence[keras.optimizers.Optimizer], best: Sequence[np.ndarray]
) -> dict[str, list[np.ndarray]]:
    """Return the arrays of a checkpoint: all weights, all optimizer variables, the best epoch's weights."""
    slots = [keras.ops.convert_to_numpy(variable) for variable in optimizer_variables(optimizers)]
    return {"model": model.get_weights(), "optimizer": slots, "best": list(best)}


def restore_arrays(
    checkpoint: Checkpoint, model: keras.Model, optimizers: Sequence[keras.optimizers.Optimizer]
) -> list[np.ndarray]:
    """Put a checkpoint's arrays into a model and its built optimizers; return the best epoch's weights.

    Raises:
        ValueError: they have other shapes.
    """
    model.set_weights(checkpoint.arrays("model"))
    assign_all(optimizer_variables(optimizers), checkpoint.arrays("optimizer"))
    return checkpoint.arrays("best")


def optimizer_variables(optimizers: Sequence[keras.optimizers.Optimizer]) -> list[keras.Variable]:
    """Return the variables of all optimizers, in a fixed order."""
    return [variable for optimizer in optimizers for variable in optimizer.variables]


def assign_all(variables: Sequence[keras.Variable], values: Sequence[Any]) -> None:
    """Assign each variable its value."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
