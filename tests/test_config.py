"""Options: defaults, checks, and where each goes."""

import inspect
import json
from dataclasses import asdict
from typing import get_type_hints

import pytest

from videoqa import audit, train
from videoqa import config as config_module
from videoqa.config import (
    ModelConfig,
    SamplingConfig,
    ServeConfig,
    TrainingConfig,
    keywords,
    run_config_from_json,
    run_config_from_options,
)
from videoqa.labeling.export_tasks import export_tasks

REFUSED = [
    ({"num_frames": 0}, "`num_frames` must be an integer from 1 to 512. Received: num_frames=0"),
    ({"num_frames": True}, "`num_frames` must be an integer"),
    ({"frame_step": 0}, "`frame_step` must be an integer of at least 1"),
    (
        {"num_frames": 20, "frame_step": 1, "max_grid_frames": 10},
        "`max_grid_frames` must be an integer from 20 to",
    ),
    ({"frames_per_second": 0}, "`frames_per_second` must be a number from 0.001 to 1000"),
    ({"frames_per_second": True}, "`frames_per_second` must be a number"),
    ({"frames_per_second": 4, "frame_step": 2}, "`frames_per_second` must be left out with frame_step=2"),
    ({"dropout": 1.0}, "`dropout` must be a number from 0 to 0.999"),
    ({"dropout": float("nan")}, "`dropout` must be a number"),
    ({"backbone": "inception"}, "`backbone` must be one of .*Did you mean 'inception_v3'?"),
    (
        {"backbone": "tiny", "backbone_weights": "imagenet"},
        "`backbone_weights` must be 'package', a file path",
    ),
    ({"frame_size": (20, 20)}, "`frame_size` must be an integer from 75 to"),
    ({"frame_size": 150}, "`frame_size` must be a pair"),
    ({"epochs": 0}, "`epochs` must be an integer of at least 1"),
    ({"learning_rate": 0}, "`learning_rate` must be a number"),
    ({"strategy": "magic"}, "`strategy` must be one of"),
    ({"limit": 0}, "`limit` must be an integer of at least 1"),
    ({"task": "actions"}, "`task` must be one of .*Did you mean 'action'?"),
    ({"epoch": 3}, "^Did you mean 'epochs'[?] `option` must be one of "),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_a_bad_option_is_refused(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run_config_from_options(options)


def test_the_backbone_brings_its_own_defaults() -> None:
    assert ModelConfig().backbone_weights == "imagenet"
    assert ModelConfig().frame_size == (150, 150)
    assert ModelConfig(backbone="tiny").backbone_weights == "package"
    assert ModelConfig(backbone="tiny").frame_size == (96, 96)
    assert ModelConfig(backbone_weights=None).backbone_weights is None


def test_the_sample_set_alone_goes_with_the_tiny_backbone() -> None:
    assert run_config_from_options({"data": ("sample",)}).model.backbone == "tiny"
    chinese = run_config_from_options({"data": ("sample_zh",)})
    assert (chinese.model.backbone, chinese.training.epochs) == ("tiny", 30)
    assert run_config_from_options({"data": ("sample",), "epochs": 2}).training.epochs == 2
    assert run_config_from_options({"data": ("my.csv",)}).model.backbone == "inception_v3"
    assert run_config_from_options({"data": ("sample", "my.csv")}).model.backbone == "inception_v3"
    chosen = run_config_from_options({"data": ("sample",), "backbone": "inception_v3"})
    assert chosen.model.backbone == "inception_v3"


def test_regular_frames_of_a_whole_clip_need_nothing_said_of_short_clips() -> None:
    """So that `--architecture c3d --frame-step none` is no refusal of an option that was not given."""
    assert run_config_from_options({"architecture": "c3d"}).sampling.short_clips == "loop"
    for architecture in ("c3d", "conv_lstm"):
        config = run_config_from_options({"architecture": architecture, "frame_step": None})
        assert config.sampling.short_clips == "repeat"


@pytest.mark.parametrize(
    ("options", "frame_step", "frames_per_second"),
    [
        ({}, None, None),
        ({"architecture": "c3d"}, None, 4.0),
        ({"architecture": "c3d", "frame_step": 1}, 1, None),
        ({"architecture": "c3d", "frame_step": None}, None, None),
        ({"architecture": "c3d", "frames_per_second": 8}, None, 8.0),
        ({"architecture": "c3d", "frame_step": 1, "frames_per_second": None}, 1, None),
        ({"architecture": "conv_lstm"}, 1, None),
        ({"architecture": "conv_lstm", "frames_per_second": 8}, None, 8.0),
        ({"frames_per_second": 2.5}, None, 2.5),
    ],
)
def test_a_given_grid_takes_the_place_of_the_architectures_own(
    options, frame_step, frames_per_second
) -> None:
    sampling = run_config_from_options(options).sampling
    assert (sampling.frame_step, sampling.frames_per_second) == (frame_step, frames_per_second)
    assert sampling.takes_windows == (frame_step is not None or frames_per_second is not None)


def test_a_configuration_of_an_earlier_version_is_read_as_it_was_meant() -> None:
    saved = json.loads(json.dumps(asdict(run_config_from_options({"architecture": "c3d", "frame_step": 1}))))
    del saved["sampling"]["frames_per_second"]
    sampling = run_config_from_json(saved).sampling
    assert (sampling.frame_step, sampling.frames_per_second) == (1, None)


def test_each_option_goes_to_the_part_that_has_it() -> None:
    config = run_config_from_options({"num_frames": 3, "dropout": 0.5, "seed": 7, "limit": 2})
    assert config.sampling == SamplingConfig(num_frames=3)
    assert config.model == ModelConfig(dropout=0.5)
    assert config.training == TrainingConfig(seed=7)
    assert config.data.limit == 2


def test_only_the_task_stands_in_two_parts() -> None:
    names = [name for part in config_module.PARTS.values() for name in config_module.field_names(part)]
    assert sorted(names) == sorted([*set(names), "task"])
    assert run_config_from_options({"task": None}).model.task == "open_ended"
    assert run_config_from_options({"task": "action"}).model.task == "action"


def test_choices_equal_the_keys_of_their_functions() -> None:
    from videoqa.features import encoding
    from videoqa.models import backbones, branches, building
    from videoqa.training import distribution, optimizers

    assert tuple(encoding.RUNNERS) == config_module.RUNNERS
    assert tuple(backbones._BUILDERS) == config_module.BACKBONES
    assert tuple(branches.VIDEO_BRANCH_FUNCTIONS) == config_module.VIDEO_BRANCHES
    assert tuple(optimizers.LEARNING_RATE_SCHEDULES) == config_module.LEARNING_RATE_SCHEDULES
    assert [*building.ARCHITECTURE_FUNCTIONS] == [*optimizers.RECIPES] == [*config_module.ARCHITECTURES]
    assert tuple(distribution.STRATEGIES) == config_module.STRATEGIES


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"architecture": "c4d"}, "`architecture` must be one of .* Did you mean 'c3d'"),
        ({"architecture": "c3d", "backbone": "tiny"}, "`backbone` must be left out with architecture='c3d'"),
        ({"architecture": "conv_lstm", "video_branch": "mean"}, "`video_branch` must be left out"),
        ({"width": 0.5}, "`width` must be left out with architecture='cnn_lstm'"),
        ({"peepholes": False}, "`peepholes` must be left out with architecture='cnn_lstm'"),
        ({"architecture": "conv_lstm", "frame_size": (33, 60)}, "conv_lstm takes 34 and more"),
        ({"num_test_clips": 3}, "`num_test_clips` must be 1 without frame_step"),
        ({"short_clips": "loop"}, "`short_clips` must be 'repeat' without frame_step"),
        ({"decay_rate": 1.5}, "`decay_rate` must be a number from"),
    ],
)
def test_options_of_architectures_are_checked(options, message) -> None:
    with pytest.raises(ValueError, match=message):
        run_config_from_options(options)


def test_an_architecture_brings_its_recipe_along() -> None:
    config = run_config_from_options({"architecture": "c3d", "batch_size": 6, "data": ("sample",)})
    assert (config.training.batch_size, config.training.epochs, config.sampling.num_frames) == (6, 20, 10)
    assert config.model.frame_size == (112, 112) and config.model.backbone is None
    assert (config.model.dropout, config.model.l2) == (0.5, pytest.approx(4.5e-6, rel=0.02))
    assert config.training.learning_rate_schedule == "staircase"
    whole_clip = run_config_from_options({"architecture": "c3d", "frame_step": None})
    assert whole_clip.sampling.short_clips == "repeat"
    averaged = run_config_from_options({"architecture": "conv_lstm", "strategy": "multiworker"})
    assert averaged.training.averaging_frequency == 1 and averaged.sampling.short_clips == "mask"


WIDER = {
    "videos",
    "annotations",
    "reverse_labels",
    "mirror_labels",
    "pretrain_videos",
    "classes",
    "workers",
    "backbone_weights",
}
"""Options that take more types than the dataclass keeps: one value for several, a path for a text."""


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (keywords.TrainOptions, ("Data", "Sampling", "Model", "Training", "Launch")),
        (keywords.ExtractOptions, ("Data", "Extraction")),
        (keywords.EvaluateOptions, ("Data",)),
        (keywords.LabelExportOptions, ("LabelExport",)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_typed_keywords_are_the_fields_of_the_dataclasses(options, parts) -> None:
    fields = {}
    for part in parts:
        fields = get_type_hints(getattr(config_module, f"{part}Config")) | fields
    of_training = {"data", "task", "mirror_labels"}
    left_out = of_training if options is keywords.EvaluateOptions else {"data"}
    typed = get_type_hints(options)
    assert set(typed) == set(fields) - left_out
    for name in set(typed) - WIDER:
        assert typed[name] == fields[name], name


@pytest.mark.parametrize("options", [keywords.EncodeOptions, keywords.AuditOptions])
def test_keywords_of_other_functions_are_among_those_of_train(options) -> None:
    assert set(keywords.DataOptions.__annotations__) < set(options.__annotations__)
    assert set(keywords.SamplingOptions.__annotations__) < set(options.__annotations__)
    assert get_type_hints(options).items() <= get_type_hints(keywords.TrainOptions).items()


def test_help_shows_every_option_with_its_default() -> None:
    shown = inspect.signature(train).parameters
    assert set(keywords.TrainOptions.__annotations__) < set(shown) and "options" not in shown
    assert shown["epochs"].default == 30 and shown["epochs"].annotation is int
    assert shown["task"].default is None and shown["frame_size"].default is None
    assert inspect.signature(audit).parameters["seed"].default == 0
    shown = inspect.signature(export_tasks).parameters
    assert shown["select"].default is inspect.Parameter.empty and shown["reward"].default == 0.1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"port": 65536}, "`port` must be an integer from 0 to 65535"),
        ({"host": ""}, "`host` must not be empty"),
        ({"allow_host": ("a.example", "")}, "`allow_host` must not be empty"),
        ({"cache": ""}, "`cache` must not be empty"),
        ({"max_waiting": 0}, "`max_waiting` must be an integer from 1 to 10000"),
        ({"max_question_characters": 1001}, "from 1 to 1000.*The library takes at most 1,000"),
        ({"clip_seconds": 0}, "`clip_seconds` must be a number from 0.1 to"),
        ({"keep_minutes": float("nan")}, "`keep_minutes` must be a number from 0.01"),
        ({"insecure": 1}, "`insecure` must be True or False"),
    ],
)
def test_a_bad_option_of_a_server_is_refused(options, message) -> None:
    with pytest.raises(ValueError, match=message):
        ServeConfig(**options)


def test_a_server_listens_to_this_machine_alone_unless_told_otherwise() -> None:
    assert ServeConfig().host == "127.0.0.1" and not ServeConfig().insecure
    assert ServeConfig(allow_host="a.example").allow_host == ("a.example",)
