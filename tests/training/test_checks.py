"""Every refusal before work: parts that do not fit together, batches that batch norm cannot take."""

import pandas as pd
import pytest

import videoqa
from videoqa.config import LaunchConfig, ModelConfig, RunConfig, TrainingConfig, run_config_from_options
from videoqa.launching.job import Job
from videoqa.training.checks import (
    check_input,
    check_num_rows,
    check_recipe,
    check_shares,
    check_unfreezing,
    steps_per_epoch,
)
from videoqa.training.memory import Replicas
from videoqa.training.preparing import prepare_data
from videoqa.training.request import read_request

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


def test_an_uneven_last_batch_is_a_step() -> None:
    assert [steps_per_epoch(n, 4, ModelConfig()) for n in (1, 4, 5, 8)] == [1, 1, 2, 2]
    c3d = ModelConfig(architecture="c3d")
    assert [steps_per_epoch(n, 4, c3d) for n in (4, 5, 8)] == [1, 1, 2]


def config_of(**options) -> RunConfig:
    return run_config_from_options({"task": "action", "data": ("rows.csv",), **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backbone": "tiny", "crop": "random"}, "`crop` must be 'center'.*random crops need frames"),
        (
            {"backbone": "tiny", "frame_step": 1, "short_clips": "mask"},
            "`short_clips` must be 'repeat', 'skip' or 'loop': only architecture='conv_lstm' can mask",
        ),
        ({"architecture": "c3d", "short_clips": "mask"}, "only architecture='conv_lstm'"),
        ({"architecture": "c3d", "task": "open_ended"}, "must be 'cnn_lstm' for a table of questions"),
        ({"architecture": "conv_lstm", "task": "open_ended"}, "it names actions only"),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_input(config_of(**options))


@pytest.mark.parametrize(
    "options",
    [
        {"backbone": "tiny", "crop": "random", "train_backbone": True},
        {"backbone": "tiny", "flip": True},
        {"architecture": "c3d"},
        {"architecture": "conv_lstm"},
    ],
)
def test_parts_that_fit_are_taken(options: dict) -> None:
    check_input(config_of(**options))


def test_the_usual_task_of_a_named_set_is_known() -> None:
    options = {"architecture": "c3d"}
    with pytest.raises(ValueError, match="'cnn_lstm' for a table of questions"):
        read_request(Job(data=("sample",), launch=LaunchConfig(), options=options))
    read_request(Job(data=("sample",), launch=LaunchConfig(), options={**options, "task": "action"}))
    read_request(Job(data=("ucf101",), launch=LaunchConfig(), options=options))


def test_the_task_of_the_data_is_not_known_before_it_is_read() -> None:
    check_input(run_config_from_options({"architecture": "c3d"}), task_known=False)


BATCH_OF_7 = {"task": "action", "architecture": "c3d", "width": 0.05, "frame_size": (16, 16), "batch_size": 7}


def absent_clips(num_rows: int) -> pd.DataFrame:
    """Return rows of videos that are not there: decoding them would leave none."""
    labels = ["loading", "waving"] * num_rows
    return pd.DataFrame(
        {"video": [f"absent-{row}.avi" for row in range(2 * num_rows)], "label": labels, "split": "train"}
    )


def test_shares_are_refused_before_workers_start(tmp_path):
    options = {**BATCH_OF_7, "strategy": "multiworker", "local_workers": 2, "progress": False}
    with pytest.raises(ValueError, match=r"divisible by the 2 replicas .*Nearest are 6 or 8"):
        videoqa.train(absent_clips(20), out=tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def test_shares_are_refused_by_the_launcher_of_each_machine(tmp_path, monkeypatch):
    cluster = '{"cluster": {"worker": ["a:1", "b:1", "c:1"]}, "task": {"type": "worker", "index": 1}}'
    monkeypatch.setenv("TF_CONFIG", cluster)
    with pytest.raises(ValueError, match=r"divisible by the 3 replicas .*Nearest are 6 or 9"):
        videoqa.train(absent_clips(20), out=tmp_path / "run", strategy="multiworker", **BATCH_OF_7)


def test_shares_are_refused_by_a_worker_before_it_reads_the_data():
    job = Job(data=("sample",), launch=LaunchConfig(), options=BATCH_OF_7)
    with pytest.raises(ValueError, match="divisible by the 2 replicas"):
        prepare_data(read_request(job), Replicas(num_workers=2))


@pytest.mark.slow
def test_too_few_rows_for_a_batch_are_refused_before_decoding(tmp_path):
    table = absent_clips(3)
    table["video"] = [str(tmp_path / video) for video in table["video"]]
    (tmp_path / "absent-0.avi").write_text("there, but no video: decoding would leave no row")
    with pytest.raises(ValueError, match="`batch_size` must be at most the number of training rows, 6"):
        videoqa.train(table, out=tmp_path / "run", validation_share=0.0, progress=False, **BATCH_OF_7)
