"""Early stopping: which epoch is the best so far, and after how many without a gain none follows."""

import math
from collections.abc import Mapping

from videoqa.training.state import Position


def take_score(position: Position, logs: Mapping[str, float], *, diverged: bool = False) -> bool:
    """Take an epoch's figures and return whether it is the best so far.

    The highest validation accuracy wins, of equal ones the lowest loss; without validation the last epoch
    wins. Patience counts only accuracy. An epoch with a loss that is not a number, or whose weights are
    not finite (`diverged`), wins nothing, whatever rows it guesses.
    """
    is_best = not diverged
    if "val_loss" in logs:
        score, before = (logs["val_accuracy"], -logs["val_loss"]), position.best_score or (-1.0, 0.0)
        diverged = diverged or math.isnan(score[1])
        gains = score[0] > before[0] and not diverged
        position.epochs_without_gain = 0 if gains else position.epochs_without_gain + 1
        is_best = score > before and not diverged
        position.best_score = score if is_best else position.best_score
    if is_best:
        position.best_epoch = len(position.history) + 1
    return is_best


def is_patience_over(position: Position, patience: int | None) -> bool:
    """Whether `patience` epochs in a row gained nothing, so that no other follows; None: never."""
    return patience is not None and position.epochs_without_gain >= patience
