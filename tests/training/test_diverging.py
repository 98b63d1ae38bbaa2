"""A training that diverges keeps what was good before it, and says so; where nothing was, it is refused."""

import json
import re
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

import videoqa
from videoqa.saving import load_model_folder


class Overflow(keras.callbacks.Callback):
    """Makes one weight infinite as an epoch begins, as a step too large does, on any processor."""

    def __init__(self, epoch: int, layer: str) -> None:
        super().__init__()
        self.epoch, self.layer = epoch, layer

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        if epoch == self.epoch:
            weight = self.model.get_layer(self.layer).weights[-1]
            weight.assign(np.full(weight.shape, np.inf))


@pytest.mark.numeric
@pytest.mark.slow
@pytest.mark.parametrize("validated", [True, False])
def test_the_epoch_before_it_stays_and_no_other_follows(
    small_set: Path, quick_options: dict, tmp_path: Path, capsys: pytest.CaptureFixture, validated: bool
) -> None:
    table = pd.read_csv(small_set / "labels.csv")
    if not validated:
        table = table[table["split"] == "train"]
    options = {**quick_options, "videos": small_set, "validation_share": 0, "progress": True}
    short, long = (
        videoqa.train(table, out=tmp_path / str(epochs), **{**options, "epochs": epochs}, callbacks=callbacks)
        for epochs, callbacks in ((1, ()), (5, [Overflow(1, "answer")]))
    )
    (message,) = json.loads((long.out / "metrics.json").read_text())["diverged"]
    assert re.fullmatch(
        r"Training diverged: after 2 epochs weights of layer '\w+' are not finite\. The model of epoch 1 "
        r"stays; for a better one train anew with a smaller --learning-rate, which was 0\.001\.",
        message,
    )
    assert message in capsys.readouterr().err
    assert "diverged" not in short.metrics and len(long.history) == 2
    ours, theirs = (load_model_folder(run.out).build().get_weights() for run in (long, short))
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.numeric
@pytest.mark.slow
def test_a_first_epoch_that_diverges_is_refused_also_when_it_is_resumed(
    small_set: Path, quick_options: dict, tmp_path: Path
) -> None:
    options = {**quick_options, "learning_rate": 1e39, "epochs": 3}
    message = r"diverged: after 1 epoch weights of layer .*smaller --learning-rate, which was 1e\+39"
    with pytest.raises(ValueError, match=message):
        videoqa.train(small_set / "labels.csv", out=tmp_path / "run", **options)
    assert not (tmp_path / "run" / "model.weights.h5").exists()
    with pytest.raises(ValueError, match=message):
        videoqa.train(out=tmp_path / "run", resume=True, progress=False)


@pytest.mark.numeric
@pytest.mark.slow
def test_a_moving_statistic_counts_as_a_weight(small_set: Path, tmp_path: Path) -> None:
    options = {"architecture": "c3d", "width": 0.02, "frame_size": (32, 32), "num_frames": 16}
    message = (
        "diverged: after 1 epoch weights of layer 'logits_norm' are not finite"  # no gradient carries it
    )
    with pytest.raises(ValueError, match=message):
        videoqa.train(
            small_set / "labels.csv",
            out=tmp_path / "run",
            epochs=2,
            batch_size=8,
            progress=False,
            callbacks=[Overflow(0, "logits_norm")],
            **options,
        )


@pytest.mark.slow
def test_a_blind_model_that_diverges_is_named(small_set: Path, quick_options: dict, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="The blind model diverged: after 1 epoch"):
        options = {**quick_options, "blind": True, "learning_rate": 1e39}
        videoqa.train(small_set / "questions.csv", out=tmp_path / "run", **options)
