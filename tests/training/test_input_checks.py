"""Options of several parts that do not go together are refused before any work."""

import pytest

from videoqa.config import RunConfig, run_config_from_options
from videoqa.config.launch import LaunchConfig
from videoqa.launching.job import Job
from videoqa.training.checks import check_input
from videoqa.training.request import read_request


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
