"""Flags come from the option dataclasses: same names, same defaults, same refusals."""

import argparse
import dataclasses
import inspect

import pytest

import videoqa
from videoqa.cli.flags import CHOICES, add_option_flags, typed_options
from videoqa.cli.main import COMMANDS, build_parser
from videoqa.config import (
    PARTS,
    LabelExportConfig,
    LaunchConfig,
    ModelConfig,
    SamplingConfig,
    TrainingConfig,
    field_names,
)
from videoqa.demo import run_demo

TRAIN_PARTS = (*PARTS.values(), LaunchConfig)
OPTIONS = [item for part in TRAIN_PARTS for item in dataclasses.fields(part) if "help" in item.metadata]


def parse(*words):
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_option_flags(parser, PARTS.values())
    return typed_options(parser.parse_args(words), PARTS.values())


@pytest.mark.parametrize("item", OPTIONS, ids=lambda item: item.name)
def test_every_option_is_a_flag_of_train(item, capsys):
    with pytest.raises(SystemExit, match="^0$"):
        build_parser().parse_args(["train", "--help"])
    assert f"--{item.name.replace('_', '-')} " in capsys.readouterr().out.replace(",", " ").replace("]", " ")


def test_only_what_was_typed_is_passed_on():
    assert parse() == {}
    assert parse("--epochs", "3", "--no-blind") == {"epochs": 3, "blind": False}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--learning-rate", "1e-4"], {"learning_rate": 1e-4}),
        (["--frame-step", "4"], {"frame_step": 4}),
        (["--frame-step", "none"], {"frame_step": None}),
        (["--frames-per-second", "2.5"], {"frames_per_second": 2.5}),
        (["--patience", "none"], {"patience": None}),
        (["--backbone-weights", "none"], {"backbone_weights": None}),
        (["--backbone-weights", "imagenet"], {"backbone_weights": "imagenet"}),
        (["--video-branch", "none"], {"video_branch": "none"}),
        (["--task", "none"], {"task": None}),
        (["--task", "action"], {"task": "action"}),
        (["--frame-size", "96", "128"], {"frame_size": (96, 128)}),
        (["--frame-size", "96x128"], {"frame_size": (96, 128)}),
        (["--frame-size", "none"], {"frame_size": None}),
        (["--train-backbone"], {"train_backbone": True}),
        (["--no-train-backbone"], {"train_backbone": False}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_words_become_values(words, expected):
    assert parse(*words) == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--epochs", "many"], "invalid integer value: 'many'"),
        (["--epochs", "none"], "invalid integer value: 'none'"),
        (["--dropout", "half"], "invalid number value: 'half'"),
        (["--backbone", "tinny"], "must be one of 'inception_v3', 'tiny'.*Did you mean 'tiny'"),
        (["--frame-size", "96"], "must be two integers"),
        (["--frame-size", "96", "wide"], "must be two integers"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_words_are_refused(words, message):
    with pytest.raises(argparse.ArgumentError, match=message):
        parse(*words)


def test_help_shows_the_defaults_of_the_dataclasses(capsys):
    with pytest.raises(SystemExit, match="^0$"):
        build_parser().parse_args(["train", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    usual = SamplingConfig().num_frames
    assert f"frames per clip (default: {usual}; with c3d 10; with conv_lstm 100)" in text
    assert f"(default: {TrainingConfig().learning_rate}; with --data sample 0.002)" in text
    assert "which never sees the video (default: yes)" in text
    assert "{lstm,bidirectional,convolution,attention,mean,none} what reads the frame features" in text


def test_choices_are_those_the_config_checks():
    for name, choices in CHOICES.items():
        part = next(
            part
            for part in reversed((LabelExportConfig, *TRAIN_PARTS))
            if name in {f.name for f in dataclasses.fields(part)}
        )
        needed = {"frame_step": 1} if name == "short_clips" else {}
        if part is LabelExportConfig:
            needed = {"select": "random", "video_url_prefix": "https://example.org"}
        for choice in choices:
            part(**{**needed, name: choice})
        with pytest.raises(ValueError, match=f"`{name}` must be one of"):
            part(**{**needed, name: "no-such-choice"})


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name, capsys):
    with pytest.raises(SystemExit, match="^0$"):
        build_parser().parse_args([name, "--help"])
    printed = capsys.readouterr().out
    assert f"example:\n  videoqa{'-train' if name == 'train' else ' ' + name}" in printed


@pytest.mark.parametrize("words", [["evaluate", "a"], ["report", "a"], ["compare", "a", "b"]])
def test_every_command_on_a_split_takes_the_same_names(words, capsys):
    for split in ("train", "validation", "val", "test"):
        assert build_parser().parse_args([*words, "--split", split]).split == split
    with pytest.raises(SystemExit, match="^2$"):
        build_parser().parse_args([*words, "--split", "dev"])
    assert "'dev'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["train", "encode", "audit"])
def test_data_says_all_that_it_can_be(name, capsys):
    with pytest.raises(SystemExit, match="^0$"):
        build_parser().parse_args([name, "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for kind in ("CSV or JSONL", "`videoqa data list`", "'sample'", ".toml"):
        assert kind in text


def test_summary_takes_the_model_options():
    arguments = build_parser().parse_args(["summary", "--task", "action", "--num-answers", "4"])
    assert typed_options(arguments, [ModelConfig]) == {"task": "action", "num_answers": 4}


def test_a_video_named_with_a_dash_works_after_a_double_dash():
    arguments = build_parser().parse_args(["ask", "--top-k", "3", "--", "-clip.mp4", "what is he doing"])
    assert (arguments.video, arguments.question, arguments.top_k) == ("-clip.mp4", "what is he doing", 3)
    arguments = build_parser().parse_args(["sheet", "--out", "sheet.png", "--", "--clip.mp4"])
    assert arguments.video == "--clip.mp4"


@pytest.mark.parametrize(
    "name", ["demo", "encode", "audit", "train", "evaluate", "report", "compare", "ask", "predict", "watch"]
)
def test_every_plain_keyword_of_the_library_is_a_flag(name):
    function = run_demo if name == "demo" else getattr(videoqa, name)
    keywords = {word for word, parameter in inspect.signature(function).parameters.items()}
    parser = argparse.ArgumentParser()
    COMMANDS[name].add_arguments(parser)
    flags = {action.dest for action in parser._actions}
    assert keywords - {"callbacks", "options", "fps"} <= flags  # fps: of an array, which no word can be
    if "options" in keywords and name in ("train", "demo"):
        assert set(field_names(SamplingConfig)) | set(field_names(TrainingConfig)) <= flags
        assert set(field_names(ModelConfig)) - {"task"} <= flags
