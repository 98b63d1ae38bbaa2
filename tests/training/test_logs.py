"""The logs of a training: every epoch is in them, and a full disk ends no training."""

import contextlib
import re
from collections.abc import Callable
from pathlib import Path

import keras
import pandas as pd
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from videoqa.training.logs import TrainingLog

NAMES = (
    "accuracy",
    "cross_entropy_loss",
    "learning_rate",
    "regularisation_loss",
    "total_loss",
    "validation_accuracy",
)
EPOCHS = [{"loss": 0.5, "val_loss": 0.75}, {"loss": 0.25, "val_loss": 0.5}]


def log_for(folder: Path, every: int = 20) -> TrainingLog:
    """Return the log of a small model's training."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    log = TrainingLog(folder, every=every)
    log.set_params({"epochs": 2, "steps": 1, "verbose": 0})
    log.set_model(model)
    return log


def train(log: TrainingLog, *, before_epoch_1: Callable[[], None] = lambda: None) -> None:
    log.on_train_begin()
    for epoch in range(2):
        if epoch == 1:
            before_epoch_1()
        log.on_epoch_begin(epoch)
        log.write_history(EPOCHS[: epoch + 1])
        log.on_epoch_end(epoch, dict(EPOCHS[epoch]))
    log.on_train_end()


def test_every_epoch_is_written(tmp_path: Path, capsys) -> None:
    train(log_for(tmp_path / "logs"))
    table = pd.read_csv(tmp_path / "logs" / "epochs.csv")
    assert table.to_dict("records") == [{"epoch": epoch, **row} for epoch, row in enumerate(EPOCHS)]
    for split in ("train", "validation"):
        (events,) = (tmp_path / "logs" / "tensorboard" / split).iterdir()
        assert events.read_bytes().count(b"epoch_loss") == 2
    assert capsys.readouterr().err == ""


def test_a_full_disk_is_said_once_and_the_epochs_before_stay(small_disk: Path, capsys) -> None:
    def fill() -> None:
        with open(small_disk / "others", "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))

    train(log_for(small_disk / "logs"), before_epoch_1=fill)
    said = capsys.readouterr().err
    assert said.count("The logs of the training could not be written") == 1
    assert re.search(r"No space left on device: '.*logs.*'\); training goes on\.", said)
    assert len(pd.read_csv(small_disk / "logs" / "epochs.csv")) == 1
    assert sorted(path.name for path in (small_disk / "logs").iterdir()) == ["epochs.csv", "tensorboard"]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, capsys) -> None:
    (tmp_path / "logs").write_bytes(b"no folder")
    train(log_for(tmp_path / "logs"))
    assert capsys.readouterr().err.count("The logs of the training could not be written") == 1


def test_every_averaging_is_one_point_of_the_curves(tmp_path: Path) -> None:
    """Three steps of four rows, then two, whose sums come together."""
    log = log_for(tmp_path, every=1)
    log.on_train_begin()
    for step, loss_sum, num_rows in ((3, 6.0, 12.0), (5, 2.0, 8.0)):
        sums = {"loss_sum": loss_sum, "num_correct": 0.0, "weight_sum": num_rows, "regularisation_sum": 0.0}
        log.add_step(step, sums, 1e-3)
    log.on_train_end()
    (events,) = (tmp_path / "tensorboard" / "steps").iterdir()
    points = EventAccumulator(str(events)).Reload().Tensors("cross_entropy_loss")
    assert [(e.step, float(tf.make_ndarray(e.tensor_proto))) for e in points] == [(3, 0.5), (5, 0.25)]


def test_every_20_steps_are_one_point_of_the_curves(tmp_path: Path) -> None:
    """Losses 0, 1, 2, …: the means of steps 0 to 19 and of steps 20 to 39, five rows each."""
    log = log_for(tmp_path / "logs")
    log.on_train_begin()
    for step in range(45):
        sums = {"loss_sum": 5.0 * step, "num_correct": 2.0, "weight_sum": 5.0, "regularisation_sum": 0.5}
        log.add_step(step + 1, {**sums, "stop": 0.0}, 1e-3)
    log.on_epoch_end(0, {"val_accuracy": 0.75})
    log.on_train_end()
    (events,) = (tmp_path / "logs" / "tensorboard" / "steps").iterdir()
    found = EventAccumulator(str(events)).Reload()
    points = {
        name: [(e.step, float(tf.make_ndarray(e.tensor_proto))) for e in found.Tensors(name)]
        for name in NAMES
    }
    assert points == {
        "cross_entropy_loss": [(20, 9.5), (40, 29.5)],
        "regularisation_loss": [(20, pytest.approx(0.1)), (40, pytest.approx(0.1))],
        "total_loss": [(20, pytest.approx(9.6)), (40, pytest.approx(29.6))],
        "accuracy": [(20, pytest.approx(0.4)), (40, pytest.approx(0.4))],
        "learning_rate": [(20, pytest.approx(1e-3)), (40, pytest.approx(1e-3))],
        "validation_accuracy": [(40, 0.75)],
    }
    assert set(found.Tags()["tensors"]) == set(NAMES)
