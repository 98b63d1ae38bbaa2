"""The memory forecast: what it counts, and the refusal."""

from pathlib import Path

import pytest

from videoqa._free_memory import available_bytes
from videoqa.config import LaunchConfig, RunConfig, run_config_from_options
from videoqa.launching.job import Job
from videoqa.models.building import num_weights
from videoqa.training.memory import (
    ONE_REPLICA,
    Replicas,
    check_memory,
    forecast_run,
    largest_batch_size,
    replicas_of_workers,
)
from videoqa.training.preparing import prepare_data
from videoqa.training.request import read_request


def test_features_are_counted_as_float16() -> None:
    config = run_config_from_options({"num_frames": 20, "backbone_layer": "mixed8"})
    assert forecast_run(config, 1000)["clips"] == 1000 * 20 * 1280 * 2


def test_frames_stay_on_the_disk_and_the_trained_backbone_costs_activations() -> None:
    config = run_config_from_options({"num_frames": 4, "backbone": "tiny", "train_backbone": True})
    forecast = forecast_run(config, 10)
    assert forecast["clips"] == 0
    frozen = forecast_run(run_config_from_options({"num_frames": 4, "backbone": "tiny"}), 10)
    assert forecast["activations"] > frozen["activations"]
    assert forecast["runtime"] == frozen["runtime"] > 0


@pytest.mark.parametrize(
    "options",
    [
        {"backbone": "tiny"},
        {"architecture": "c3d", "task": "action", "width": 0.02, "frame_size": (16, 16)},
    ],
)
def test_what_was_learned_before_the_model_is_kept_once_beside_it(options: dict) -> None:
    before, after = (
        forecast_run(run_config_from_options({**options, "pretrain": pretrain}), 10)
        for pretrain in (None, "order")
    )
    assert before["weights"] < after["weights"] <= before["weights"] * 5 / 4
    assert {**after, "weights": before["weights"]} == before


def test_a_blind_model_holds_no_clips() -> None:
    config = run_config_from_options({"backbone": "tiny", "video_branch": "none"})
    assert forecast_run(config, 1000)["clips"] == 0


@pytest.mark.parametrize("branch", ["lstm", "bidirectional", "convolution"])
def test_the_weights_of_a_branch_and_its_differences_are_counted(branch: str) -> None:
    def config(motion: str) -> RunConfig:
        options = {"backbone": "tiny", "video_branch": branch, "motion": motion, "vocabulary_size": 9}
        return run_config_from_options({**options, "num_answers": 3, "num_frames": 8})

    still, moving = config("none"), config("difference")
    for each in (still, moving, config("flow_alone")):
        kept = 4 * num_weights(each.model, 8, starts_from="features")  # the gradient and two moments besides
        assert forecast_run(each, 10)["weights"] == 4 * kept
    assert forecast_run(moving, 10)["activations"] > forecast_run(still, 10)["activations"]


SMALL = {"task": "action", "num_answers": 3, "width": 0.05, "batch_size": 24}


def test_too_little_memory_is_refused_with_the_batch_size_that_fits() -> None:
    config = run_config_from_options({"num_frames": 20, "backbone": "tiny", "batch_size": 64})
    forecast = forecast_run(config, 1000)
    available = sum(forecast.values()) - forecast["activations"] // 2
    with pytest.raises(ValueError, match=r"batch_size=64 needs about .* GiB are free. `batch_size=32` fits"):
        check_memory(config, 1000, available=available)
    with pytest.raises(ValueError, match="Not even `batch_size=1` fits; fewer `num_frames`, fewer clips"):
        check_memory(config, 1000, available=forecast["clips"])
    check_memory(config, 1000, available=sum(forecast.values()))


@pytest.mark.parametrize("architecture", ["c3d", "conv_lstm"])
def test_the_batch_size_named_fits_and_the_next_does_not(architecture: str) -> None:
    def config(batch_size: int) -> RunConfig:
        return run_config_from_options(SMALL | {"architecture": architecture, "batch_size": batch_size})

    needs = [sum(forecast_run(config(size), 10).values()) for size in (1, 13, 14)]
    assert largest_batch_size(config(24), 10, needs[2] - 1) == 13
    assert largest_batch_size(config(24), 10, needs[1] - 1) == 12
    assert largest_batch_size(config(24), 10, needs[0] - 1) == 0
    refused = r"batch_size=24 needs .*runtime 0.3 GiB.*`batch_size=13` fits; smaller frames \(`frame_size`\)"
    with pytest.raises(ValueError, match=refused):
        check_memory(config(24), 10, available=needs[1])
    exact = run_config_from_options(SMALL | {"architecture": architecture, "precision": "float64"})
    with pytest.raises(
        ValueError, match=r"; `precision='float32'` \(half as much\), smaller frames .* help too"
    ):
        check_memory(exact, 10, available=needs[1])


def test_a_step_of_c3d_is_counted_by_hand() -> None:
    config = run_config_from_options(SMALL | {"architecture": "c3d", "frame_size": (16, 16), "num_frames": 2})
    forecast = forecast_run(config, 1000)
    # Width 0.05: 3, 6, 13, 13, 26 x 4 filters, two times 205 units, 3 classes; each has a norm besides.
    once = 2 * 256 * 3 + 2 * 64 * 6 + 2 * (16 * 13) + 2 * (4 * 26) + 2 * 26 + 2 * 205 + 3
    pools = 2 * 64 * 3 + 16 * 6 + 4 * 13 + 26 + 26
    kept = (
        2 * 256 * 3 + 2 * once + pools + 205 + 3
    )  # standardization, layers and norms, pools, dropout, softmax
    assert forecast["activations"] == 24 * (kept + 2 * 2 * 256 * 3) * 4
    assert forecast["batches"] == 3 * 24 * 2 * 16 * 16 * 3
    doubled = forecast_run(
        run_config_from_options(SMALL | {"architecture": "c3d", "precision": "float64"}), 0
    )
    single = forecast_run(run_config_from_options(SMALL | {"architecture": "c3d"}), 0)
    assert doubled["activations"] == 2 * single["activations"]


def test_a_step_of_conv_lstm_holds_one_segment() -> None:
    options = SMALL | {"architecture": "conv_lstm", "frame_size": (40, 48)}
    short, long = (
        forecast_run(run_config_from_options(options | {"num_frames": number}), 0) for number in (20, 100)
    )
    assert short["activations"] == long["activations"]
    assert 5 * short["batches"] == long["batches"] == 3 * 24 * 100 * 40 * 48 * 3


def test_the_system_says_how_much_is_free() -> None:
    available = available_bytes()
    assert available is None or 2**26 < available < 2**50


@pytest.mark.parametrize(
    "options", [{"architecture": "c3d", **SMALL}, {"backbone": "tiny", "train_backbone": True}]
)
def test_workers_on_one_machine_hold_weights_and_input_each_and_share_the_batch(options: dict) -> None:
    config = run_config_from_options({"batch_size": 24, **options})
    alone, two = (forecast_run(config, 10, replicas=replicas) for replicas in (ONE_REPLICA, Replicas(2, 2)))
    assert two["activations"] == alone["activations"]
    for name in set(alone) - {"activations"}:
        assert two[name] == 2 * alone[name]
    mirrored = forecast_run(config, 10, replicas=Replicas(num_per_worker=2))
    assert mirrored == alone | {"weights": 2 * alone["weights"]}


def test_a_worker_on_a_machine_of_its_own_is_forecast_its_share() -> None:
    config = run_config_from_options(SMALL | {"architecture": "c3d"})
    alone, one_of_four = (
        forecast_run(config, 10, replicas=replicas) for replicas in (ONE_REPLICA, Replicas(4, 1))
    )
    assert one_of_four == alone | {"activations": alone["activations"] // 4}
    available = sum(one_of_four.values())
    check_memory(config, 10, available=available, replicas=Replicas(4, 1))
    with pytest.raises(ValueError, match="batch_size=24 needs"):
        check_memory(config, 10, available=available)


def test_workers_with_one_host_share_its_memory() -> None:
    workers = ("a:2222", "b:2222", "a:2223")
    assert replicas_of_workers(workers, 0) == Replicas(num_workers=3, num_local_workers=2)
    assert replicas_of_workers(workers, 1) == Replicas(num_workers=3, num_local_workers=1)
    assert replicas_of_workers(workers, 2) == Replicas(3, num_local_workers=2, is_first_local=False)
    assert replicas_of_workers(("localhost:1",), 0) == ONE_REPLICA


def test_of_the_workers_of_one_machine_the_first_refuses_for_all(small_set: Path) -> None:
    options = {"backbone": "tiny", "num_frames": 8, "batch_size": 8, "video_units": 2**16}
    job = Job((small_set / "labels.csv",), options, LaunchConfig())
    workers = [f"a:{port}" for port in range(1, 9)]  # 256 GiB of weights each
    with pytest.raises(ValueError, match="needs about .* GiB of memory"):
        prepare_data(read_request(job), replicas_of_workers(workers, 0), progress=False)
    second = prepare_data(read_request(job), replicas_of_workers(workers, 1), progress=False)
    assert len(second.table) == 15


@pytest.mark.parametrize("architecture", ["c3d", "cnn_lstm"])
def test_batches_at_hand_are_counted(architecture: str) -> None:
    own = SMALL if architecture == "c3d" else {"backbone": "tiny", "train_backbone": True, "batch_size": 24}
    config = run_config_from_options({"architecture": architecture, **own})
    height, width = config.model.frame_size
    usual, more = (sum(forecast_run(config, 0, prefetch_batches=number).values()) for number in (2, 12))
    assert more - usual == 10 * 24 * config.sampling.num_frames * height * width * 3


@pytest.mark.slow
def test_of_two_stages_the_one_that_needs_more_is_forecast() -> None:
    options = {"num_frames": 2, "frame_size": (75, 75), "backbone_layer": "mixed2", "backbone_weights": None}
    asked = [{}, {"unfreeze_from": "mixed1"}, {"unfreeze_from": "mixed0"}, {"train_backbone": True}]
    frozen, short, long, whole = (forecast_run(run_config_from_options(options | each), 10) for each in asked)
    assert frozen["activations"] < short["activations"] < long["activations"] < whole["activations"]
    assert frozen["weights"] < short["weights"] < long["weights"] < whole["weights"]
    assert frozen["clips"] == short["clips"] > whole["clips"] == 0  # features stay in memory
    config = run_config_from_options(options | asked[1])
    with pytest.raises(ValueError, match="batch_size=32 needs"):
        check_memory(config, 10, available=sum(frozen.values()))
