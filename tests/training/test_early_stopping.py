"""Early stopping: which epoch is the best, and when patience is over."""

import pytest

from videoqa.training.early_stopping import is_patience_over, take_score
from videoqa.training.state import Position


def best_and_waiting(scores: list[tuple[float, float]]) -> tuple[int, list[int]]:
    """Return the best epoch and, after each, the number of epochs without a better accuracy."""
    position, best, waiting = Position(), -1, []
    for epoch, (accuracy, loss) in enumerate(scores):
        if take_score(position, {"val_accuracy": accuracy, "val_loss": loss}):
            best = epoch
        waiting.append(position.epochs_without_gain)
    return best, waiting


def test_the_highest_accuracy_wins() -> None:
    assert best_and_waiting([(0.5, 1.0), (0.7, 2.0), (0.6, 0.1)]) == (1, [0, 0, 1])


def test_of_equal_accuracies_the_lowest_loss_wins_and_patience_runs_on() -> None:
    assert best_and_waiting([(0.7, 1.0), (0.7, 0.5), (0.7, 0.8)]) == (1, [0, 1, 2])


def test_an_accuracy_of_nothing_is_still_a_best_epoch() -> None:
    assert best_and_waiting([(0.0, 3.0), (0.0, 2.0)]) == (1, [0, 1])


def test_an_epoch_that_diverged_is_never_the_best() -> None:
    nan = float("nan")
    assert best_and_waiting([(0.9, nan), (0.4, 2.0), (0.9, nan), (0.5, 9.0)]) == (3, [1, 0, 1, 0])
    assert best_and_waiting([(0.9, nan), (0.9, nan)]) == (-1, [1, 2])


def test_an_epoch_whose_weights_are_not_finite_is_never_the_best() -> None:
    position = Position()
    assert not take_score(position, {"val_accuracy": 0.9, "val_loss": 0.1}, diverged=True)
    assert (position.best_score, position.best_epoch, position.epochs_without_gain) == (None, None, 1)
    assert not take_score(position, {"loss": 0.1}, diverged=True)
    assert take_score(position, {"loss": 9.0}) and position.best_epoch == 1


@pytest.mark.parametrize(("patience", "over"), [(None, False), (1, True), (2, True), (3, False)])
def test_patience_is_over_after_as_many_epochs_without_a_gain(patience: int | None, over: bool) -> None:
    assert is_patience_over(Position(epoch=5, epochs_without_gain=2), patience) is over
