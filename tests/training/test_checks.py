"""What architectures refuse before any work."""

import pytest

from videoqa.config import ModelConfig, TrainingConfig
from videoqa.training.checks import (
    check_num_rows,
    check_recipe,
    check_shares,
    check_unfreezing,
    steps_per_epoch,
)

C3D, CONV_LSTM = ModelConfig(architecture="c3d"), ModelConfig(architecture="conv_lstm")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strategy": "mirrored"}, "`strategy` must be 'single' or 'multiworker' with conv_lstm"),
        ({"strategy": "multiworker"}, "`averaging_frequency` must be given with conv_lstm"),
        ({"precision": "mixed_float16"}, "`precision` must be another one with conv_lstm"),
    ],
)
def test_conv_lstm_trains_alone_or_averages(options, message):
    with pytest.raises(ValueError, match=message):
        check_recipe(CONV_LSTM, TrainingConfig(**options))
    check_recipe(C3D, TrainingConfig(**options))
    check_recipe(CONV_LSTM, TrainingConfig(strategy="multiworker", averaging_frequency=3))


@pytest.mark.parametrize(
    ("batch_size", "num_replicas", "nearest"), [(7, 2, "6 or 8"), (2, 3, "3"), (25, 4, "24 or 28")]
)
def test_shares_of_batch_norm_are_equal(batch_size, num_replicas, nearest):
    message = f"`batch_size` must be divisible by the {num_replicas} replicas .* Nearest are {nearest}."
    with pytest.raises(ValueError, match=message):
        check_shares(C3D, batch_size, num_replicas)
    check_shares(ModelConfig(), batch_size, num_replicas)
    check_shares(C3D, batch_size * num_replicas, num_replicas)


def test_only_c3d_drops_an_incomplete_batch():
    assert [steps_per_epoch(11, 4, model) for model in (ModelConfig(), C3D, CONV_LSTM)] == [3, 2, 3]


@pytest.mark.parametrize(
    ("model", "layer", "message"),
    [
        (ModelConfig(backbone="tiny"), "mixed7", "unless a frozen inception_v3 comes first"),
        (ModelConfig(video_branch="none"), "mixed7", "unless a frozen inception_v3 comes first"),
        (ModelConfig(train_backbone=True), "mixed7", "unless a frozen inception_v3 comes first"),
        (ModelConfig(backbone_layer="mixed8"), "mixed8", "before the backbone's last: one of .*'?mixed7"),
        (ModelConfig(), "mixed99", "a layer before the backbone's last"),
    ],
)
def test_a_second_stage_needs_layers_to_train(model, layer, message):
    with pytest.raises(ValueError, match=f"`unfreeze_from` must be .*{message}"):
        check_unfreezing(model, layer)
    check_unfreezing(ModelConfig(backbone_layer="mixed8"), "mixed7")


def test_rows_that_fill_no_batch_are_said():
    assert "The last 3 of 11 training rows are left out of each epoch" in check_num_rows(C3D, 11, 4)
    assert check_num_rows(C3D, 12, 4) == check_num_rows(ModelConfig(), 3, 4) == ""
    with pytest.raises(ValueError, match="`batch_size` must be at most the number of training rows, 3"):
        check_num_rows(C3D, 3, 4)
