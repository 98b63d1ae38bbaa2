"""Where a training is: all that its next step depends on, besides weights and optimizer slots."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

SUMS = ("loss_sum", "num_correct", "weight_sum", "regularisation_sum")


def means_of(sums: Mapping[str, float]) -> dict[str, float]:
    """Return "loss" (the cross-entropy) and "accuracy" over the rows that count; with regularisation
    "regularisation_loss" and "total_loss" as well."""
    weight = max(sums["weight_sum"], 1.0)
    means = {"loss": sums["loss_sum"] / weight, "accuracy": sums["num_correct"] / weight}
    if sums["regularisation_sum"]:
        regularisation = sums["regularisation_sum"] / weight
        means |= {"regularisation_loss": regularisation, "total_loss": means["loss"] + regularisation}
    return means


@dataclass
class Position:
    """The place in a training, changed as it goes on.

    Attributes:
        epoch: of the next step, from 0.
        next_batch: of the next step within the epoch.
        sums: over the epoch so far, see `SUMS`: the loss and the hits of the rows times their weights, the
            weights, and each step's regularisation loss times its weights.
        seconds: spent on the epoch's steps so far.
        history: figures of the finished epochs.
        best_score: validation accuracy and negative loss of the best epoch; None: no epoch was validated.
        epochs_without_gain: since the validation accuracy last rose.
        finished: no epoch is to follow, because patience ran out or a callback said so.
    """

    epoch: int = 0
    next_batch: int = 0
    sums: dict[str, float] = field(default_factory=lambda: dict.fromkeys(SUMS, 0.0))
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)
    best_score: tuple[float, float] | None = None
    epochs_without_gain: int = 0
    finished: bool = False

    @property
    def epochs_before(self) -> int:
        """Number of epochs of an earlier stage, whose history this one goes on with."""
        return len(self.history) - self.epoch

    def add(self, sums: Mapping[str, float]) -> None:
        """Add the sums of one or more steps."""
        for name in SUMS:
            self.sums[name] += sums[name]

    def means(self) -> dict[str, float]:
        """Return the means of the epoch so far, see `means_of`."""
        return means_of(self.sums)

    def time_left(self, num_epochs: int, num_steps: int) -> str:
        """Return about how long the rest of `num_epochs` of `num_steps` each will take, as in 1:02:03."""
        steps_left = (num_epochs - self.epoch) * num_steps - self.next_batch
        return str(timedelta(seconds=round(self.seconds / max(self.next_batch, 1) * steps_left)))

    def end_epoch(self, logs: dict[str, float]) -> None:
        """Go on to the next epoch."""
        self.history.append(logs)
        self.epoch, self.next_batch, self.seconds = self.epoch + 1, 0, 0.0
        self.sums = dict.fromkeys(SUMS, 0.0)

    def take_score(self, logs: Mapping[str, float]) -> bool:
        """Take an epoch's validation scores and return whether they are the best.

        The highest accuracy wins, of equal ones the lowest loss; patience counts only accuracy. An epoch with
        a loss that is not a number wins nothing: its model has diverged, whatever rows it guesses.
        """
        score = (logs["val_accuracy"], -logs["val_loss"])
        before = self.best_score or (-1.0, 0.0)
        diverged = math.isnan(score[1])
        gains = score[0] > before[0] and not diverged
        self.epochs_without_gain = 0 if gains else self.epochs_without_gain + 1
        is_best = score > before and not diverged
        if is_best:
            self.best_score = score
        return is_best

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON-ready object."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Position":
        """Return the position that `to_dict` was made from."""
        best = content["best_score"]
        return cls(**{**content, "best_score": None if best is None else tuple(best)})
