"""The second stage: the backbone's last layers learn on from the head's best epoch."""

import numpy as np
import pandas as pd
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import videoqa
from videoqa.saving import load_model_folder

OPTIONS = {
    "backbone_layer": "mixed2",
    "frame_size": (75, 75),
    "num_frames": 2,
    "video_units": 8,
    "hidden_units": 8,
    "epochs": 2,
    "batch_size": 8,
    "progress": False,
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Random weights of InceptionV3 up to mixed2, as a file that a user brings."""
    from videoqa.models.backbones import build_backbone

    path = tmp_path_factory.mktemp("weights") / "cut.weights.h5"
    build_backbone("inception_v3", weights=None, layer="mixed2", frame_size=(75, 75)).save_weights(path)
    return path


@pytest.mark.slow
def test_the_last_layers_learn_on_and_come_with_the_model(small_set, tmp_path, weights):
    table = pd.read_csv(small_set / "labels.csv")
    run = videoqa.train(
        table[table["split"] != "val"], videos=small_set, out=tmp_path / "run", validation_share=0.0,
        unfreeze_from="mixed1", unfreeze_epochs=1, unfreeze_learning_rate=0.01, backbone_weights=weights,
        **OPTIONS,
    )  # fmt: skip
    assert len(run.history) == len(pd.read_csv(run.out / "logs" / "epochs.csv")) == 3
    stages = [EventAccumulator(str(path)).Reload() for path in (run.out / "logs/tensorboard/train").iterdir()]
    assert sorted(each.step for events in stages for each in events.Tensors("epoch_loss")) == [0, 1, 2]
    before, after = backbones(run, weights)
    changed = {
        layer.name
        for layer, ours in zip(before.layers, after.layers, strict=True)
        if any(not np.array_equal(a, b) for a, b in zip(layer.get_weights(), ours.get_weights(), strict=True))
    }
    names = [layer.name for layer in before.layers]
    assert changed == {name for name in names[names.index("mixed1") + 1 :] if name.startswith("conv2d")}
    assert videoqa.evaluate(run.out, table, videos=small_set, progress=False)["num_rows"] == 3


def backbones(run, weights):
    from videoqa.models.backbones import build_backbone

    own = load_model_folder(run.out).encoder_config.backbone_weights
    return [
        build_backbone("inception_v3", weights=path, layer="mixed2", frame_size=(75, 75))
        for path in (weights, own)
    ]
