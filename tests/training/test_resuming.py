"""Resuming: the options of the run come back, and what may not change is refused by name."""

import dataclasses
import itertools
import json
from pathlib import Path

import pytest

from videoqa.config import ARCHITECTURES, run_config_from_options
from videoqa.config.launch import LaunchConfig
from videoqa.launching.job import Job
from videoqa.training.checkpoints import save_checkpoint
from videoqa.training.resuming import (
    check_same_run,
    check_unfinished,
    options_of_run,
    resumable,
    resumed,
)
from videoqa.training.run_folder import CHECKPOINTS
from videoqa.training.state import Position, RunCheckpoints
from videoqa.training.train import train

HASHES = {"data": "d" * 8, "vocabulary": "v" * 8, "answers": "a" * 8}
ASKED = [
    {"data": ("sample",)},
    {"data": ("sample",), "epochs": 30, "backbone": "inception_v3", "learning_rate": 0.1 + 0.2},
    {"data": ("/a.csv", "sample"), "videos": "/clips", "task": "action", "limit": 7},
    {"data": ("/a.csv",), "backbone": "tiny", "backbone_weights": None, "train_backbone": True},
    {"data": ("/a.csv",), "backbone_weights": "/w.h5", "frame_size": (75, 80), "patience": None},
    {"data": ("ucf101",), "classes": ("b", "a"), "annotations": ("/x",), "fold": 2, "num_answers": 5},
    {"data": ("/a.csv",), "strategy": "multiworker", "averaging_frequency": 10, "precision": "float64"},
    {"data": ("/a.csv",), "pretrain": "order", "pretrain_epochs": 3, "pretrain_videos": "/further"},
]


def as_saved(options: dict, **others) -> dict:
    """Return what a checkpoint holds of a run with these options, through JSON."""
    config = dataclasses.asdict(run_config_from_options(options))
    return json.loads(json.dumps({"config": config, "hashes": HASHES, "epoch": 3, **others}))


@pytest.mark.parametrize("options", ASKED, ids=lambda options: " ".join(options))
def test_the_options_of_a_run_give_its_configuration_again(options: dict) -> None:
    again = run_config_from_options(options_of_run(as_saved(options)["config"], {}))
    assert again == run_config_from_options(options)
    check_same_run(as_saved(options), again, HASHES)


def test_what_was_typed_stands_over_what_was_saved() -> None:
    saved = as_saved({"data": ("sample",), "epochs": 9})["config"]
    typed = {"data": ("/moved.csv",), "epochs": 12, "strategy": "mirrored"}
    config = run_config_from_options(options_of_run(saved, typed))
    assert (config.data.data, config.training.epochs) == (("/moved.csv",), 12)
    assert config.training.strategy == "mirrored"
    assert config.model.backbone == "tiny"
    assert config.training.learning_rate == 2e-3


@pytest.mark.parametrize("num_tables", [0, 1])
def test_a_dataframe_must_be_passed_again(num_tables: int) -> None:
    saved = as_saved({"data": ("sample",) if num_tables else ()})["config"]
    with pytest.raises(ValueError, match="`data` must be given to resume this run.*begun from a DataFrame"):
        options_of_run(saved, {"epochs": 5}, num_tables=num_tables)
    table = object()
    assert options_of_run(saved, {"data": table}, num_tables=num_tables)["data"] is table


@pytest.mark.parametrize(
    "typed",
    [
        {"strategy": "multiworker"},
        {"epochs": 12},
        {"epochs": 60},
        {"unfreeze_epochs": 7},
        {"data": ("/new/a.csv",), "videos": "/new/clips", "annotations": "/new"},
    ],
    ids=lambda typed: " ".join(typed),
)
def test_some_things_may_change(typed: dict) -> None:
    saved = as_saved({"data": ("/a.csv",), "epochs": 9})
    check_same_run(saved, run_config_from_options(options_of_run(saved["config"], typed)), HASHES)


@pytest.mark.parametrize(("before", "now"), [*itertools.permutations(ARCHITECTURES, 2)])
def test_another_architecture_is_what_is_refused(before: str, now: str) -> None:
    asked = {"data": ("/a.csv",), "architecture": before}
    own = {"cnn_lstm": {"backbone": "tiny"}, "c3d": {"width": 0.5, "frame_size": (32, 32)}}
    saved = as_saved({**asked, **own.get(before, {"peepholes": False})})
    config = run_config_from_options(options_of_run(saved["config"], {"architecture": now}))
    with pytest.raises(ValueError, match=rf"architecture='{now}' \(was '{before}'\)"):
        check_same_run(saved, config, HASHES)


@pytest.mark.parametrize(
    ("before", "now", "message"),
    [
        ({}, {"frame_step": 2}, r"frame_step=2 \(was None\), frames_per_second=None \(was 4\.0\)"),
        (
            {"frame_step": 2},
            {"frames_per_second": 4},
            r"frame_step=None \(was 2\), frames_per_second=4\.0 \(was",
        ),
    ],
)
def test_another_grid_is_what_is_refused(before: dict, now: dict, message: str) -> None:
    saved = as_saved({"data": ("/a.csv",), "architecture": "c3d", **before})
    config = run_config_from_options(options_of_run(saved["config"], now))
    with pytest.raises(ValueError, match=f"Received: {message}"):
        check_same_run(saved, config, HASHES)
    again = run_config_from_options(options_of_run(saved["config"], {}))
    check_same_run(saved, again, HASHES)


REFUSED = [
    ({"epochs": 2}, r"Received: epochs=2 \(was \d+, and may only be more\)\. Give"),
    ({"limit": 7}, r"Received: limit=7 \(was None\)\. Give"),
    ({"task": "action"}, r"Received: task='action' \(was None\)\. Give"),
    ({"num_frames": 10}, r"Received: num_frames=10 \(was 20\)\. Give"),
    ({"frame_size": (75, 75)}, r"Received: frame_size=\(75, 75\) \(was \(150, 150\)\)\. Give"),
    ({"batch_size": 8}, r"Received: batch_size=8 \(was 32\)\. Give"),
    ({"precision": "float64"}, r"Received: precision='float64' \(was 'float32'\)\. Give"),
    (
        {"backbone": "tiny"},
        r"backbone='tiny' \(was 'inception_v3'\), backbone_weights='package' \(was 'imagenet'\), frame_size=",
    ),
    (
        {"seed": 1, "dropout": 0.5, "data": ("/b.csv",)},
        r"Received: dropout=0\.5 \(was 0\.0\), seed=1 \(was 0\)\. Give them as they were, or start a new run "
        "with another --out",
    ),
]


@pytest.mark.parametrize(("typed", "message"), REFUSED, ids=lambda value: " ".join(value)[:40])
def test_all_else_is_refused_with_both_values(typed: dict, message: str) -> None:
    saved = as_saved({"data": ("/a.csv",)})
    config = run_config_from_options(options_of_run(saved["config"], typed))
    with pytest.raises(ValueError, match=f"`resume` must go on with the run as it was.*{message}"):
        check_same_run(saved, config, HASHES)


def test_averaging_does_not_go_on_alone() -> None:
    saved = as_saved({"data": ("/a.csv",), "strategy": "multiworker", "averaging_frequency": 10})["config"]
    with pytest.raises(ValueError, match="`averaging_frequency` must be left out with strategy='single'"):
        run_config_from_options(options_of_run(saved, {"strategy": "single"}))


def test_other_data_and_words_are_refused_in_one_message_with_the_options() -> None:
    saved = as_saved({"data": ("/a.csv",)})
    config = run_config_from_options({"data": ("/a.csv",), "seed": 4})
    hashes = r"hash of the answers='b' \(was 'a{8}'\), hash of the vocabulary=None \(was 'v{8}'\)"
    with pytest.raises(ValueError, match=rf"seed=4 \(was 0\), {hashes}"):
        check_same_run(saved, config, {"data": HASHES["data"], "answers": "b"})


def test_a_field_of_a_newer_version_is_refused_by_name() -> None:
    saved = as_saved({"data": ("/a.csv",)})
    saved["config"]["model"]["memory_tokens"] = 4
    saved["config"]["plan"] = {}
    for refused in (
        lambda: check_same_run(saved, run_config_from_options({}), HASHES),
        lambda: options_of_run(saved["config"], {}),
    ):
        with pytest.raises(ValueError, match="another version.*does not know plan, model.memory_tokens"):
            refused()


def test_a_field_of_this_version_alone_has_its_default() -> None:
    saved = as_saved({"data": ("/a.csv",), "backbone": "tiny"})
    for name in ("frame_size", "dropout"):
        del saved["config"]["model"][name]
    del saved["config"]["sampling"]
    check_same_run(saved, run_config_from_options({"data": ("/a.csv",), "backbone": "tiny"}), HASHES)
    with pytest.raises(ValueError, match=r"dropout=0\.5 \(was 0\.0\)"):
        config = run_config_from_options({"data": ("/a.csv",), "backbone": "tiny", "dropout": 0.5})
        check_same_run(saved, config, HASHES)


def test_a_run_of_an_earlier_version_draws_its_splits_as_it_did(tmp_path: Path) -> None:
    saved = as_saved({"data": ("/a.csv",)}, phase="model", num_tables=0, initial_model=None)
    save_checkpoint(tmp_path / CHECKPOINTS, "1", saved, {}, keep=1)
    job = Job(data=(), options={}, launch=LaunchConfig(), out=str(tmp_path), resume=True)
    assert job.stratified and not resumed(job)[0].stratified
    save_checkpoint(tmp_path / CHECKPOINTS, "2", saved | {"stratified": True}, {}, keep=1)
    assert resumed(job)[0].stratified
    assert RunCheckpoints(tmp_path, run_config_from_options({})).stratified


def test_a_model_that_no_longer_fits_on_the_disk_is_a_lost_run_without_a_checkpoint_alone(
    small_disk: Path,
) -> None:
    def write() -> None:
        with resumable(small_disk):
            (small_disk / "model.weights.h5").write_bytes(bytes(1_000_000))

    message = r"could not be written to .*disk \(No space left on device\)\. "
    with pytest.raises(OSError, match=f"{message}No checkpoint of it could be saved either"):
        write()
    (small_disk / "model.weights.h5").unlink()
    state = {"phase": "model", "position": Position(epoch=3).to_dict()}
    save_checkpoint(small_disk / "checkpoints", "1-model-3", state, {}, keep=1)
    with pytest.raises(
        OSError, match=rf"{message}Its newest checkpoint \(training, after 3 epochs\) stays.*--resume"
    ):
        write()


def test_a_run_that_went_on_and_was_not_saved_is_not_finished(question_run: Path) -> None:
    """The folder still holds the model of its first two epochs."""
    config = run_config_from_options({"data": ("/a.csv",), "backbone": "tiny", "epochs": 3})
    history = [{"loss": 1.0}] * 3
    position = Position(epoch=3, history=history).to_dict()
    check_unfinished({"phase": "model", "position": position}, config, question_run)
    position["history"] = history[:2]
    with pytest.raises(ValueError, match="this one ended after 3"):
        check_unfinished({"phase": "model", "position": position}, config, question_run)


def test_a_run_is_finished_only_where_its_model_was_begun(tmp_path: Path) -> None:
    saved = as_saved({"data": ("/a.csv",)}, phase="blind", num_tables=0, initial_model=None)
    save_checkpoint(tmp_path / CHECKPOINTS, "1", saved, {}, keep=1)
    with pytest.raises(ValueError, match="`finish` must be given with resume"):
        train("sample", finish=True)
    with pytest.raises(ValueError, match="So far only the blind model has been trained"):
        train(out=tmp_path, resume=True, finish=True)
