"""The command of a run: its words, parsed again, give the configuration they were made of."""

import importlib.metadata
import json
import os
import shlex
from pathlib import Path

import pytest

from videoqa._command import shortest_options, training_command
from videoqa.cli.flags import typed_options
from videoqa.cli.main import build_parser
from videoqa.config import PARTS, RunConfig, run_config_from_options
from videoqa.data.annotations import split_sources

OPTIONS = [
    {"data": ("sample",)},
    {"data": ("sample",), "epochs": 30, "patience": 10, "learning_rate_schedule": "constant"},
    {"data": ("sample",), "backbone": "inception_v3"},
    {"data": ("/a/my set.csv", "/a/it's.jsonl", "sample"), "videos": "/clips of mine"},
    {"data": ("/a.csv",), "backbone": "tiny", "backbone_weights": None, "train_backbone": True},
    {"data": ("/a.csv",), "backbone": "tiny", "frame_size": (96, 128)},
    {"data": ("/a.csv",), "backbone": "tiny", "frame_size": (150, 150)},
    {"data": ("/a.csv",), "backbone_weights": "/w.h5", "backbone_layer": "mixed8", "frame_size": (75, 80)},
    {"data": ("/a.csv",), "backbone_layer": "-odd name"},
    {"data": ("/a.csv",), "task": "action", "limit": 7, "video_branch": "mean"},
    {"data": ("/a.csv",), "task": "open_ended", "video_branch": "none", "blind": False},
    {"data": ("/a.csv",), "patience": None, "validation_share": 0, "dropout": 0.1, "learning_rate": 1e-12},
    {"data": ("/a.csv",), "frame_step": 4, "num_frames": 512, "max_grid_frames": 600, "seed": 2**31 - 1},
    {"data": ("/a.csv",), "task": "action", "architecture": "c3d"},
    {"data": ("/a.csv",), "task": "action", "architecture": "c3d", "frame_step": 2},
    {"data": ("/a.csv",), "task": "action", "architecture": "conv_lstm", "frames_per_second": 12.5},
    {"data": ("/$HOME/`ls`;\n.csv",)},
    {"data": ("ucf101", "/a.csv"), "videos": ("/v 1", "/v2"), "annotations": ("/x", "/y"), "fold": 2},
    {
        "data": ("ucf101",),
        "videos": "/v",
        "classes": ("-odd", "Two Words", "it's"),
        "allow_other_counts": True,
    },
    {"data": ("folder",), "videos": "/v", "fold": None, "allow_other_counts": False},
]


def parsed(command: str) -> tuple[RunConfig, object]:
    """Return what the real parser makes of a command."""
    program, *words = shlex.split(command)
    assert program == "videoqa-train"
    arguments = build_parser().parse_args(["train", *words])
    options = typed_options(arguments, PARTS.values())
    sources, _ = split_sources(options["data"])
    return run_config_from_options({**options, "data": sources}), arguments


@pytest.mark.parametrize(
    "options", OPTIONS, ids=lambda options: " ".join(list(options)[1:]) or options["data"][0]
)
def test_the_words_give_the_configuration_again(options: dict) -> None:
    config = run_config_from_options(options)
    again, _ = parsed(training_command(config))
    assert again == config
    assert set(shortest_options(config)) <= set(options)


def test_only_what_differs_is_named() -> None:
    config = run_config_from_options(
        {"data": ("sample",), "epochs": 3, "backbone": "tiny", "patience": 4, "blind": False}
    )
    assert (
        training_command(config, out="/runs/x")
        == "videoqa-train --data sample --epochs 3 --no-blind --out /runs/x"
    )


def test_folders_are_absolute_and_quoted(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = run_config_from_options({"data": ("sample",)})
    _, arguments = parsed(training_command(config, out="a run", initial_model="../-old"))
    assert arguments.out == os.path.abspath("a run")
    assert arguments.initial_model == os.path.abspath("../-old")


def test_what_words_cannot_say_has_no_command() -> None:
    assert training_command(run_config_from_options({"data": (), "epochs": 3}), out="x") == ""
    assert training_command(run_config_from_options({"data": ("ucf101",), "classes": ("a,b", "c")})) == ""


def test_what_the_data_brings_itself_is_named() -> None:
    config = run_config_from_options({"data": ("msvd_qa",), "num_answers": 1000})
    assert training_command(config) == "videoqa-train --data msvd_qa"
    assert training_command(config, named={"num_answers": 2423}).endswith("msvd_qa --num-answers 1000")


def test_an_inferred_task_is_not_named() -> None:
    config = run_config_from_options({"data": ("/a.csv",)})
    inferred = run_config_from_options({"data": ("/a.csv",), "task": "action"})
    inferred = RunConfig(config.data, inferred.sampling, inferred.model, inferred.training)
    assert training_command(inferred) == training_command(config)


def test_a_run_records_its_command_and_versions(question_run, small_set, small_options) -> None:
    metrics = json.loads((question_run / "metrics.json").read_text("utf-8"))
    again, arguments = parsed(metrics["command"])
    options = {name: value for name, value in small_options.items() if name != "progress"}
    options |= {"data": (str(small_set / "questions.csv"),), "blind": True}
    assert again == run_config_from_options(options)
    assert Path(arguments.out).name == question_run.name
    assert list(metrics["versions"]) == [
        *("videoqa", "python", "tensorflow", "keras", "numpy", "opencv", "av", "nltk", "pandas", "platform"),
    ]
    assert metrics["versions"]["tensorflow"] == importlib.metadata.version("tensorflow")
