"""Architectures without a backbone on two real worker processes: C3D equals one, conv_lstm averages."""

from pathlib import Path

import numpy as np
import pytest

import videoqa
from videoqa.training.checkpoints import newest_checkpoint

pytestmark = pytest.mark.slow
C3D = {
    "architecture": "c3d",
    "width": 1 / 32,
    "frame_size": (16, 16),
    "num_frames": 4,
    "batch_size": 4,
    "epochs": 1,
    "precision": "float64",
    "progress": False,
}
CONV_LSTM = {
    "architecture": "conv_lstm",
    "width": 0.1,
    "frame_size": (40, 48),
    "num_frames": 30,
    "batch_size": 4,
    "epochs": 2,
    "progress": False,
}
TWO = {"strategy": "multiworker", "local_workers": 2}


def last_weights(out: Path) -> list[np.ndarray]:
    newest = newest_checkpoint(out / "checkpoints", progress=False)
    assert newest is not None
    return newest.arrays("model")


@pytest.mark.numeric
def test_c3d_learns_what_one_worker_learns(small_set: Path, tmp_path: Path) -> None:
    """12 rows in batches of 4, shared by two; random windows, crops and dropout by place in the batch.

    The bias before the last batch norm has no gradient but rounding, so its size is noise: such small weights
    are held against one step of Adam.
    """
    alone = videoqa.train(small_set / "labels.csv", out=tmp_path / "one", **C3D)
    both = videoqa.train(small_set / "labels.csv", out=tmp_path / "two", **C3D, **TWO)
    # Float64 rounds to 2e-16, batch norms make 1e-13 of it in a gradient, Adam divides that by up to 1e-7.
    for ours, theirs in zip(last_weights(both.out), last_weights(alone.out), strict=True):
        assert np.linalg.norm(ours - theirs) <= 1e-6 * max(np.linalg.norm(theirs), 1e-3)
    assert both.history[0]["loss"] == pytest.approx(alone.history[0]["loss"], rel=1e-6)


def test_conv_lstm_averages_and_goes_on_alone(small_set: Path, tmp_path: Path) -> None:
    """Two workers with segments of their own; one process resumes their run for an epoch more."""
    both = videoqa.train(
        small_set / "labels.csv", out=tmp_path / "two", averaging_frequency=2, **CONV_LSTM, **TWO
    )
    assert [epoch["spread"] > 0 for epoch in both.history] == [True, True]
    assert videoqa.evaluate(both.out, split="test", progress=False)["frames"]["num_frames"] == 90
    before = last_weights(both.out)
    more = videoqa.train(out=both.out, resume=True, epochs=3, local_workers=1, progress=False)
    assert len(more.history) == 3
    assert any((a != b).any() for a, b in zip(before, last_weights(both.out), strict=True))
