"""The state of a run: its position, and what a checkpoint holds of it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from videoqa._progress import say
from videoqa.config import RunConfig
from videoqa.training.checkpoints import Checkpoint, save_checkpoint

if TYPE_CHECKING:
    import keras

PHASES = ("blind", "order", "model", "unfrozen")
"""What a run trains, in this order."""
PHASES_BEFORE_THE_MODEL = ("blind", "order")
"""Those after which there is no model yet to make of a run that was stopped."""
PHASE_NAMES = {"blind": "blind model", "order": "order", "model": "training", "unfrozen": "second stage"}
"""What is shown of each."""
CHECKPOINT_NAMES = {"blind": "0-blind", "order": "0-order", "model": "1-model", "unfrozen": "2-unfrozen"}
"""How the names of a phase's checkpoints begin; they sort as the phases do."""
SUMS = ("loss_sum", "num_correct", "weight_sum", "regularisation_sum")


def means_of(sums: Mapping[str, float]) -> dict[str, float]:
    """Return "loss" (the cross-entropy) and "accuracy" over the rows that count; with regularisation
    "regularisation_loss" and "total_loss" as well."""
    weight = sums["weight_sum"] or 1.0
    means = {"loss": sums["loss_sum"] / weight, "accuracy": sums["num_correct"] / weight}
    if sums["regularisation_sum"]:
        regularisation = sums["regularisation_sum"] / weight
        means |= {"regularisation_loss": regularisation, "total_loss": means["loss"] + regularisation}
    return means


@dataclass
class Position:
    """The position in the training of one model; it changes with every step.

    Attributes:
        epoch: of the next step, from 0.
        next_batch: of the next step within the epoch.
        sums: over the epoch so far, see `SUMS`: the loss and the hits of the rows times their weights, the
            weights, and each step's regularisation loss times its weights.
        seconds: spent on the epoch's steps so far.
        history: figures of the finished epochs.
        best_score: validation accuracy and negative loss of the best epoch; None: no epoch was validated.
        best_epoch: place in `history`, from 1, of the epoch whose weights stay; None: no epoch's yet.
        diverged: what was said of stages whose weights became infinite or NaN.
        epochs_without_gain: since the validation accuracy last rose.
        finished: no epoch is to follow, because patience ran out or a callback said so.
    """

    epoch: int = 0
    next_batch: int = 0
    sums: dict[str, float] = field(default_factory=lambda: dict.fromkeys(SUMS, 0.0))
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)
    best_score: tuple[float, float] | None = None
    best_epoch: int | None = None
    diverged: list[str] = field(default_factory=list)
    epochs_without_gain: int = 0
    finished: bool = False

    @property
    def epochs_before(self) -> int:
        """Number of epochs of an earlier stage, whose history this one goes on with."""
        return len(self.history) - self.epoch

    def of_next_stage(self) -> "Position":
        """Return the position at the beginning of a stage that goes on from this one's best epoch."""
        return Position(
            history=list(self.history),
            best_score=self.best_score,
            best_epoch=self.best_epoch,
            diverged=list(self.diverged),
        )

    def add(self, sums: Mapping[str, float]) -> None:
        """Add the sums of one or more steps."""
        for name in SUMS:
            self.sums[name] += sums[name]

    def means(self) -> dict[str, float]:
        """Return the means of the epoch so far, see `means_of`."""
        return means_of(self.sums)

    def end_epoch(self, logs: dict[str, float]) -> None:
        """Go on to the next epoch."""
        self.history.append(logs)
        self.epoch, self.next_batch, self.seconds = self.epoch + 1, 0, 0.0
        self.sums = dict.fromkeys(SUMS, 0.0)

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON-ready object."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Position":
        """Return the position that `to_dict` was made from."""
        best = content["best_score"]
        return cls(**{**content, "best_score": None if best is None else tuple(best)})


@dataclass
class RunCheckpoints:
    """Writes the checkpoints of a run, every so many steps and at each epoch's end.

    Attributes:
        folder: of the checkpoints; None on a worker that writes none.
        config: of the run as it was asked for.
        hashes: of the data and the vocabularies, which a resumed run must share.
        num_tables: how many of the run's sources were DataFrames.
        initial_model: folder of the model it started from; None: fresh weights.
        steps: between two checkpoints.
        keep: how many of the newest stay.
        progress: print which checkpoint could not be saved.
        restored: the checkpoint the run goes on from; None: it begins.
        fold: see `Job`.
        stratified: the run's splits are drawn by answers, as a resumed run must draw them again.
        order: figures of the phase "order", once it is over; None: there is none, or it goes on.
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
    fold: tuple[int, int] | None = None
    stratified: bool = True
    order: dict[str, Any] | None = None

    def position(self, phase: str, begin_at: Position | None = None) -> Position:
        """Return where to begin a phase: where it was stopped, else at `begin_at`, else at its first step."""
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
            "fold": self.fold,
            "stratified": self.stratified,
            "hashes": dict(self.hashes),
        }
        if self.order is not None:
            state["order"] = self.order
        name = f"{CHECKPOINT_NAMES[phase]}-{step:09d}"
        try:
            save_checkpoint(self.folder, name, state, groups, keep=self.keep)
        except OSError as error:
            older = any(self.folder.glob("[!.]*")) if self.folder.is_dir() else False
            stays = "older ones stay" if older else "there is none to go on from if it is stopped"
            cause = os.strerror(error.errno) if error.errno else str(error)
            what = f"The checkpoint {self.folder / name} could not be saved ({cause})"
            message = f"{what}; training goes on, {stays}."
            say(message, progress=self.progress)


def training_arrays(
    model: "keras.Model", optimizers: Sequence["keras.optimizers.Optimizer"], best: Sequence[np.ndarray]
) -> dict[str, list[np.ndarray]]:
    """Return the arrays of a checkpoint: all weights, all optimizer variables, the best epoch's weights."""
    import keras

    slots = [keras.ops.convert_to_numpy(variable) for variable in optimizer_variables(optimizers)]
    return {"model": model.get_weights(), "optimizer": slots, "best": list(best)}


def restore_arrays(
    checkpoint: Checkpoint, model: "keras.Model", optimizers: Sequence["keras.optimizers.Optimizer"]
) -> list[np.ndarray]:
    """Put a checkpoint's arrays into a model and its built optimizers; return the best epoch's weights.

    Raises:
        ValueError: they have other shapes.
    """
    model.set_weights(checkpoint.arrays("model"))
    assign_all(optimizer_variables(optimizers), checkpoint.arrays("optimizer"))
    return checkpoint.arrays("best")


def optimizer_variables(optimizers: Sequence["keras.optimizers.Optimizer"]) -> list["keras.Variable"]:
    """Return the variables of all optimizers, in a fixed order."""
    return [variable for optimizer in optimizers for variable in optimizer.variables]


def assign_all(variables: Sequence["keras.Variable"], values: Sequence[Any]) -> None:
    """Assign each variable its value."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
