"""The memory forecast: what it counts, and the refusal."""

import pytest

from videoqa.config import run_config_from_options
from videoqa.training.memory import GIB, available_bytes, check_memory, forecast_run


def test_features_are_counted_as_float16() -> None:
    config = run_config_from_options({"num_frames": 20, "backbone_layer": "mixed8"})
    assert forecast_run(config, 1000)["clips"] == 1000 * 20 * 1280 * 2


def test_frames_are_counted_as_bytes_and_the_trained_backbone_costs_activations() -> None:
    config = run_config_from_options({"num_frames": 4, "backbone": "tiny", "train_backbone": True})
    forecast = forecast_run(config, 10)
    assert forecast["clips"] == 10 * 4 * 96 * 96 * 3
    frozen = forecast_run(run_config_from_options({"num_frames": 4, "backbone": "tiny"}), 10)
    assert forecast["activations"] > frozen["activations"]


def test_a_blind_model_holds_no_clips() -> None:
    config = run_config_from_options({"backbone": "tiny", "video_branch": "none"})
    assert forecast_run(config, 1000)["clips"] == 0


def test_too_little_memory_is_refused_with_both_figures() -> None:
    forecast = {"clips": 3 * GIB, "weights": GIB, "activations": 0}
    with pytest.raises(ValueError, match=r"needs about 4.0 GiB .*clips 3.0 GiB.*; 2.0 GiB are free"):
        check_memory(forecast, available=2 * GIB)
    check_memory(forecast, available=4 * GIB)


def test_the_system_says_how_much_is_free() -> None:
    available = available_bytes()
    assert available is None or 2**26 < available < 2**50
