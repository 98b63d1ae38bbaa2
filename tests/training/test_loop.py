"""The loop's choice of weights: the best validation accuracy, then the lowest loss; patience."""

import numpy as np

from videoqa.training.loop import BestWeights, steps_per_epoch


class Counter:
    """Stands for a network: its one weight is the number of the epoch."""

    def __init__(self) -> None:
        self.epoch = 0

    def get_weights(self) -> list[np.ndarray]:
        return [np.array(self.epoch)]

    def set_weights(self, weights: list[np.ndarray]) -> None:
        self.epoch = int(weights[0])


def run(scores: list[tuple[float, float]], patience: int | None) -> tuple[int, int]:
    """Return the epoch whose weights are kept and the number of epochs run."""
    model, best = Counter(), BestWeights(patience)
    for epoch, (accuracy, loss) in enumerate(scores):
        model.epoch = epoch
        if best.update(model, {"val_accuracy": accuracy, "val_loss": loss}):
            break
    epochs = model.epoch + 1
    best.restore(model)
    return model.epoch, epochs


def test_the_highest_accuracy_wins() -> None:
    assert run([(0.5, 1.0), (0.7, 2.0), (0.6, 0.1)], None) == (1, 3)


def test_of_equal_accuracies_the_lowest_loss_wins() -> None:
    assert run([(0.7, 1.0), (0.7, 0.5), (0.7, 0.8)], None) == (1, 3)


def test_patience_counts_epochs_without_a_better_accuracy() -> None:
    assert run([(0.7, 1.0), (0.6, 1.0), (0.6, 1.0), (0.9, 1.0)], 2) == (0, 3)
    assert run([(0.7, 1.0), (0.6, 1.0), (0.8, 1.0), (0.7, 1.0), (0.7, 1.0)], 2) == (2, 5)


def test_an_uneven_last_batch_is_a_step() -> None:
    assert [steps_per_epoch(n, 4) for n in (1, 4, 5, 8)] == [1, 1, 2, 2]
