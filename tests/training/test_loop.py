"""The place in a training: which epoch is the best, when patience ends, what a checkpoint keeps of it."""

import json

import pytest

from videoqa.config import ModelConfig
from videoqa.training.checks import steps_per_epoch
from videoqa.training.state import Position


def best_and_waiting(scores: list[tuple[float, float]]) -> tuple[int, list[int]]:
    """Return the best epoch and, after each, the number of epochs without a better accuracy."""
    position, best, waiting = Position(), -1, []
    for epoch, (accuracy, loss) in enumerate(scores):
        if position.take_score({"val_accuracy": accuracy, "val_loss": loss}):
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
    assert not position.take_score({"val_accuracy": 0.9, "val_loss": 0.1}, diverged=True)
    assert (position.best_score, position.best_epoch, position.epochs_without_gain) == (None, None, 1)
    assert not position.take_score({"loss": 0.1}, diverged=True)
    assert position.take_score({"loss": 9.0}) and position.best_epoch == 1


def test_means_are_over_the_rows_that_count() -> None:
    position = Position()
    position.add(
        {"loss_sum": 6.0, "num_correct": 1.0, "weight_sum": 3.0, "regularisation_sum": 0.0, "stop": 0.0}
    )
    position.add(
        {"loss_sum": 2.0, "num_correct": 1.0, "weight_sum": 1.0, "regularisation_sum": 0.0, "stop": 0.0}
    )
    assert position.means() == {"loss": 2.0, "accuracy": 0.5}
    position.end_epoch(position.means())
    assert (position.epoch, position.next_batch) == (1, 0)
    assert position.means() == {"loss": 0.0, "accuracy": 0.0}


@pytest.mark.parametrize("score", [None, (0.5, -1.25)])
def test_a_position_survives_json(score: tuple[float, float] | None) -> None:
    position = Position(3, 7, history=[{"loss": 0.1}], best_score=score, epochs_without_gain=2)
    assert Position.from_dict(json.loads(json.dumps(position.to_dict()))) == position


def test_an_uneven_last_batch_is_a_step() -> None:
    assert [steps_per_epoch(n, 4, ModelConfig()) for n in (1, 4, 5, 8)] == [1, 1, 2, 2]
    c3d = ModelConfig(architecture="c3d")
    assert [steps_per_epoch(n, 4, c3d) for n in (4, 5, 8)] == [1, 1, 2]


def test_the_time_left_is_that_of_all_epochs() -> None:
    """30 steps took 15 seconds; 20 of this epoch's 50 and two epochs more are left."""
    assert Position(epoch=1, next_batch=30, seconds=15.0).time_left(4, 50) == "0:01:00"
