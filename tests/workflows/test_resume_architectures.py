"""A run of C3D or conv_lstm, stopped within an epoch and resumed, ends as one that nobody stopped."""

import os
import signal
from pathlib import Path

import keras
import numpy as np
import pytest

import videoqa
from videoqa.training.checkpoints import Checkpoint, newest_checkpoint

pytestmark = pytest.mark.slow
COMMON = {"batch_size": 4, "epochs": 2, "patience": None, "dropout": 0.3, "progress": False}
"""Three steps an epoch."""
ARCHITECTURES = {
    "c3d": {"width": 1 / 32, "frame_size": (16, 16), "num_frames": 4, "flip": True},
    "conv_lstm": {"width": 0.1, "frame_size": (40, 48), "num_frames": 30},
}


class Stopped(Exception):
    """What the handler of SIGTERM raises that was there before the run."""


class StopInSecondEpoch(keras.callbacks.Callback):
    """Sends this process SIGTERM in the second step of the second epoch."""

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        if (self.epoch, batch) == (1, 1):
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture
def sigterm_raises():
    def stop(number: int, frame: object) -> None:
        raise Stopped

    earlier = signal.signal(signal.SIGTERM, stop)
    yield
    signal.signal(signal.SIGTERM, earlier)


def last_checkpoint(out: Path) -> Checkpoint:
    newest = newest_checkpoint(out / "checkpoints", progress=False)
    assert newest is not None
    return newest


def arrays_of(checkpoint: Checkpoint) -> list[np.ndarray]:
    """Return weights with moving statistics, optimizer slots and counters, the best epoch's weights."""
    return [array for group in ("model", "optimizer", "best") for array in checkpoint.arrays(group)]


@pytest.mark.numeric
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_run_stopped_within_an_epoch_ends_bit_for_bit_as_a_whole_one(
    small_set: Path, tmp_path: Path, sigterm_raises: None, architecture: str
) -> None:
    options = {"architecture": architecture, **COMMON, **ARCHITECTURES[architecture]}
    data, out = small_set / "labels.csv", tmp_path / "stopped"
    whole = videoqa.train(data, out=tmp_path / "whole", **options)
    assert whole.metrics["failed_videos"] == {}
    with pytest.raises(Stopped):
        videoqa.train(data, out=out, callbacks=[StopInSecondEpoch()], **options)
    position = last_checkpoint(out).state["position"]
    assert (position["epoch"], position["next_batch"]) == (1, 2)
    resumed = videoqa.train(out=out, resume=True, progress=False)
    ours, theirs = arrays_of(last_checkpoint(out)), arrays_of(last_checkpoint(whole.out))
    assert [array.tobytes() for array in ours] == [array.tobytes() for array in theirs]
    shown = ("loss", "accuracy", "val_loss", "val_accuracy")
    assert [[epoch[name] for name in shown] for epoch in resumed.history] == [
        [epoch[name] for name in shown] for epoch in whole.history
    ]
