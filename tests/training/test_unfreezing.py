"""The second stage: the backbone's last layers learn on from the head's best epoch."""

import shutil

import h5py
import pandas as pd
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import videoqa
from videoqa.saving import load_model_folder
from videoqa.training.checkpoints import newest_checkpoint
from videoqa.training.run_folder import CHECKPOINTS

OPTIONS = {
    "backbone_layer": "mixed1",
    "frame_size": (75, 75),
    "num_frames": 2,
    "video_units": 8,
    "hidden_units": 8,
    "epochs": 1,
    "learning_rate": 1e-6,
    "batch_size": 8,
    "unfreeze_from": "mixed0",
    "unfreeze_epochs": 2,
    "unfreeze_learning_rate": 3e-3,
    "progress": False,
}
FILES = ("model.weights.h5", "backbone.weights.h5")


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Random weights of InceptionV3 up to mixed1, as a file that a user brings."""
    from videoqa.models.backbones import build_backbone

    path = tmp_path_factory.mktemp("weights") / "cut.weights.h5"
    build_backbone("inception_v3", weights=None, layer="mixed1", frame_size=(75, 75)).save_weights(path)
    return path


@pytest.fixture(scope="module")
def run(small_set, tmp_path_factory, weights):
    """A whole run of two stages, with validation rows and a checkpoint of every step."""
    return videoqa.train(
        small_set / "labels.csv",
        out=tmp_path_factory.mktemp("runs") / "whole",
        backbone_weights=weights,
        checkpoint_steps=1,
        keep_checkpoints=9,
        **OPTIONS,
    )


@pytest.mark.slow
def test_the_last_layers_learn_on_and_come_with_the_model(small_set, run, weights):
    assert len(run.history) == len(pd.read_csv(run.out / "logs" / "epochs.csv")) == 3
    stages = [EventAccumulator(str(path)).Reload() for path in (run.out / "logs/tensorboard/train").iterdir()]
    assert sorted(each.step for events in stages for each in events.Tensors("epoch_loss")) == [0, 1, 2]
    before, after = (
        weights_in(weights),
        weights_in(load_model_folder(run.out).encoder_config.backbone_weights),
    )
    changed = {name.split("/")[1] for name in before if before[name] != after[name]}
    # Of 19 convolutions up to mixed1, five before mixed0 and seven in it are frozen; batch norm always is.
    assert changed == {f"conv2d_{number}" for number in range(12, 19)}


@pytest.mark.slow
def test_its_validation_scores_are_those_of_the_changed_backbone(small_set, run):
    best = max(epoch["val_accuracy"] for epoch in run.history)
    scores = videoqa.evaluate(run.out, split="validation", progress=False)
    assert run.metrics["validation"]["accuracy"] == scores["accuracy"] == best


@pytest.mark.numeric
@pytest.mark.slow
def test_a_second_stage_that_diverges_leaves_the_head_and_the_backbone_as_they_were(
    small_set, tmp_path, weights, capsys
):
    options = {**OPTIONS, "learning_rate": 1e-2, "backbone_weights": weights, "progress": True}
    diverges = {"unfreeze_from": "mixed0", "unfreeze_epochs": 2, "unfreeze_learning_rate": 1e39}
    head, both = (
        videoqa.train(small_set / "labels.csv", out=tmp_path / name, **{**options, **second})
        for name, second in (("head", {"unfreeze_from": None}), ("both", diverges))
    )
    message = (
        "The second stage diverged: after 1 epoch weights of layer 'backbone' are not finite. The model of "
        "the first stage stays; for a better one train anew with a smaller --unfreeze-learning-rate, which "
        "was 1e+39."
    )
    assert both.metrics["diverged"] == [message] and message in capsys.readouterr().err
    assert len(head.history) == 1 and len(both.history) == 2  # no epoch follows one that diverged
    assert weights_in(both.out / "model.weights.h5") == weights_in(head.out / "model.weights.h5")
    assert weights_in(both.out / "backbone.weights.h5") == weights_in(weights)


@pytest.mark.numeric
@pytest.mark.slow
def test_a_second_stage_goes_on_bit_for_bit_from_its_first_step(run, tmp_path):
    out = tmp_path / "run"
    shutil.copytree(run.out, out)
    for checkpoint in (out / CHECKPOINTS).glob("2-unfrozen-*"):
        if not checkpoint.name.endswith("1"):
            shutil.rmtree(checkpoint)
    newest = newest_checkpoint(out / CHECKPOINTS, progress=False)
    assert (newest.state["phase"], newest.state["step"]) == ("unfrozen", 1)
    for name in FILES:
        (out / name).unlink()
    again = videoqa.train(out=out, resume=True, progress=False)
    for name in FILES:
        ours, theirs = (weights_in(folder / name) for folder in (again.out, run.out))
        assert ours == theirs and len(ours) > 5
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert [epoch[name] for epoch in again.history] == [epoch[name] for epoch in run.history]


@pytest.mark.slow
def test_a_second_stage_that_has_ended_is_refused_with_what_goes_on(run):
    message = r"its second stage ended after 2\..*Give more --unfreeze-epochs to go on with it"
    with pytest.raises(ValueError, match=message):
        videoqa.train(out=run.out, resume=True)
    with pytest.raises(ValueError, match=r"epochs=9 \(was 1, and its stage is over\)"):
        videoqa.train(out=run.out, resume=True, epochs=9)
    with pytest.raises(ValueError, match=r"unfreeze_epochs=1 \(was 2, and may only be more\)"):
        videoqa.train(out=run.out, resume=True, unfreeze_epochs=1)


def weights_in(path):
    """Return the bytes of every array of a weights file, by its name."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: (
                found.update({name: item[()].tobytes()}) if isinstance(item, h5py.Dataset) else None
            )
        )
    return found
