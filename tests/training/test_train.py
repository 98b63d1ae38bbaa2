"""`train`: what it writes and repeats, and how it starts from an earlier model."""

import json
import math
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

import videoqa
from videoqa.config import LaunchConfig
from videoqa.launching.job import Job
from videoqa.models.backbones import backbone_identity
from videoqa.models.building import build_from_config
from videoqa.models.weight_files import TINY_WEIGHTS_FILE
from videoqa.saving import UNFINISHED, load_model_folder
from videoqa.training.preparing import PreparedData, prepare_data
from videoqa.training.request import read_request


def weights_of(folder: Path) -> list[np.ndarray]:
    return load_model_folder(folder).build().get_weights()


def prepared(data: object, *, progress: bool = False, **options: object) -> PreparedData:
    """Return what a run on `data` would be trained from."""
    job = Job((data,), options, LaunchConfig(), progress=progress)
    return prepare_data(read_request(job))


def with_absolute_paths(small_set: Path, name: str) -> pd.DataFrame:
    table = pd.read_csv(small_set / name)
    return table.assign(video=[str(small_set / video) for video in table["video"]])


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights_with_a_blind_model_or_without(
    small_set: Path, small_options: dict, question_run: Path, tmp_path
) -> None:
    again = videoqa.train(small_set / "questions.csv", out=tmp_path / "again", **small_options)
    assert not (again.out / "blind").exists() and again.metrics["validation"]["video_gain"] is None
    for ours, theirs in zip(weights_of(question_run), weights_of(again.out), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_logs_and_metrics_are_written(question_run: Path) -> None:
    rows = pd.read_csv(question_run / "logs" / "epochs.csv")
    assert {"epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"} <= set(rows.columns)
    assert list((question_run / "logs" / "tensorboard").rglob("events.out.*"))
    metrics = json.loads((question_run / "metrics.json").read_text())
    assert metrics["num_train_rows"] == 24 and metrics["num_validation_rows"] == 6
    scores = metrics["validation"]
    assert scores["accuracy"] == pytest.approx(rows["val_accuracy"].max())
    assert scores["video_gain"] == pytest.approx(scores["accuracy"] - scores["blind_accuracy"])
    assert (question_run / "blind").is_dir() and not (question_run / UNFINISHED).exists()


@pytest.mark.numeric
@pytest.mark.slow
def test_callbacks_are_driven_and_can_stop(small_set: Path, quick_options: dict, tmp_path: Path) -> None:
    class StopAfterFirst(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.batches = 0

        def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
            self.batches += 1

        def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
            assert logs is not None and "val_accuracy" in logs
            self.model.stop_training = True

    callback = StopAfterFirst()
    options = {**quick_options, "epochs": 5, "learning_rate": 0.01, "learning_rate_schedule": "cosine"}
    run = videoqa.train(small_set / "labels.csv", out=tmp_path / "run", callbacks=[callback], **options)
    assert len(run.history) == 1 and callback.batches == 2
    # Of the cosine over all ten steps that were planned, two are done.
    assert run.history[0]["learning_rate"] == pytest.approx(
        0.005 * (1 + math.cos(math.pi * 2 / 10)),
        rel=16 * 2.0**-23,  # in float32
    )


def test_broken_videos_cost_their_rows_only(
    small_set: Path, small_options: dict, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.mp4").write_text("no video")
    bad = pd.DataFrame(
        {"video": [str(tmp_path / "text.mp4"), "missing.avi"], "label": "waving", "split": "train"}
    )
    table = pd.concat([with_absolute_paths(small_set, "labels.csv"), bad])
    found = prepared(table, **{**small_options, "progress": True})
    assert sorted(Path(path).name for path in found.failures) == ["missing.avi", "text.mp4"]
    assert "it is text, not a video" in found.failures[str(tmp_path / "text.mp4")]
    assert found.num_dropped == 2 and len(found.rows_of("train", found.examples)) == 12
    assert "2 rows left out, of 2 videos that could not be used" in capsys.readouterr().err


@pytest.mark.numeric
@pytest.mark.slow
def test_a_run_starts_from_an_earlier_model(
    small_set: Path, small_options: dict, question_run: Path, tmp_path: Path
) -> None:
    options = {**small_options, "learning_rate": 1e-12, "epochs": 1}
    run = videoqa.train(
        small_set / "questions.csv", out=tmp_path / "run", initial_model=question_run, **options
    )
    for a, b in zip(weights_of(question_run), weights_of(run.out), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=3 * 1e-12)  # three steps of Adam, none over its rate


@pytest.mark.slow
def test_a_question_model_trains_its_backbone_beside_a_blind_one(
    small_set: Path, quick_options: dict, tmp_path: Path
) -> None:
    options = {
        **quick_options,
        "blind": True,
        "train_backbone": True,
        "epochs": 1,
        "limit": 6,
        "num_frames": 4,
    }
    run = videoqa.train(small_set / "questions.csv", out=tmp_path / "run", **options)
    folder = load_model_folder(run.out)
    assert (run.out / "backbone.weights.h5").exists()
    assert folder.backbone["weights_sha256"] != backbone_identity("tiny", "package", None)["weights_sha256"]
    scores = videoqa.evaluate(run.out, split="test", progress=False)
    assert scores["num_rows"] == 6 and scores["blind_accuracy"] is not None


@pytest.mark.slow
def test_a_blind_run_looks_at_no_video(small_set: Path, small_options: dict, tmp_path: Path) -> None:
    table = pd.read_csv(small_set / "questions.csv").assign(video="no-such-clip.avi")
    options = {**small_options, "video_branch": "none", "blind": True, "epochs": 1}
    run = videoqa.train(table, out=tmp_path / "run", **options)
    assert run.metrics["num_dropped_rows"] == 0 and not (run.out / "blind").exists()
    assert list(load_model_folder(run.out).build().input) == ["question"]


def test_paths_may_be_path_objects_and_are_kept_absolute(
    small_set: Path, small_options: dict, monkeypatch
) -> None:
    monkeypatch.chdir(small_set.parent)
    options = {**small_options, "backbone_weights": TINY_WEIGHTS_FILE, "videos": Path(small_set.name)}
    found = prepared(small_set / "labels.csv", **options)
    assert found.config.data.videos == (str(small_set),) and found.num_dropped == 0
    assert found.config.model.backbone_weights == str(TINY_WEIGHTS_FILE)


@pytest.mark.slow
def test_training_begins_at_its_seed_and_without_validation_ends_at_the_last_epoch(
    small_set: Path, small_options: dict, tmp_path: Path
) -> None:
    class KeepWeights(keras.callbacks.Callback):
        def on_train_begin(self, logs: dict | None = None) -> None:
            self.first = self.model.get_weights()

        def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
            self.last = self.model.get_weights()

    table = with_absolute_paths(small_set, "labels.csv").query("split == 'train'")
    options = {**small_options, "video_branch": "mean", "validation_share": 0.0, "seed": 5}
    callback = KeepWeights()
    run = videoqa.train(table, out=tmp_path / "run", callbacks=[callback], **options)
    assert run.metrics["num_validation_rows"] == 0 and "validation" not in run.metrics
    assert len(run.history) == 2 and "val_accuracy" not in run.history[-1]
    for kept, last in zip(weights_of(run.out), callback.last, strict=True):
        np.testing.assert_array_equal(kept, last)
    keras.utils.set_random_seed(5)
    fresh = build_from_config(run.config.model, 8, starts_from="features").get_weights()
    for first, drawn in zip(callback.first, fresh, strict=True):
        np.testing.assert_array_equal(first, drawn)
    assert not np.array_equal(callback.first[0], callback.last[0])
