"""`train`: what it writes and repeats, and how it starts from an earlier model."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

import videoqa
from videoqa.models.weight_files import TINY_WEIGHTS_FILE
from videoqa.saving import UNFINISHED, load_model_folder


def weights_of(folder: Path) -> list[np.ndarray]:
    return load_model_folder(folder).build().get_weights()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights(
    small_set: Path, small_options: dict, question_run: Path, tmp_path
) -> None:
    again = videoqa.train(small_set / "questions.csv", out=tmp_path / "again", **small_options)
    assert all(
        np.array_equal(a, b) for a, b in zip(weights_of(question_run), weights_of(again.out), strict=True)
    )
    options = {**small_options, "seed": 1}
    other = videoqa.train(small_set / "questions.csv", out=tmp_path / "other", **options)
    assert not all(
        np.array_equal(a, b) for a, b in zip(weights_of(question_run), weights_of(other.out), strict=True)
    )


def test_logs_and_metrics_are_written(question_run: Path) -> None:
    rows = pd.read_csv(question_run / "logs" / "epochs.csv")
    assert {"epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"} <= set(rows.columns)
    assert list((question_run / "logs" / "tensorboard").rglob("events.out.*"))
    metrics = json.loads((question_run / "metrics.json").read_text())
    assert metrics["num_train_rows"] == 24 and metrics["num_validation_rows"] == 6
    assert 0 <= metrics["validation"]["accuracy"] <= 1
    assert metrics["validation"]["blind_accuracy"] is not None


@pytest.mark.slow
def test_callbacks_are_driven_and_can_stop(small_set: Path, small_options: dict, tmp_path: Path) -> None:
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
    options = {**small_options, "epochs": 5, "blind": False}
    run = videoqa.train(small_set / "questions.csv", out=tmp_path / "run", callbacks=[callback], **options)
    assert len(run.history) == 1 and callback.batches == 3
    assert not (run.out / "blind").exists()
    assert run.metrics["validation"]["video_gain"] is None


@pytest.mark.slow
def test_broken_videos_cost_their_rows_only(
    small_set: Path, small_options: dict, tmp_path: Path, capsys
) -> None:
    table = pd.read_csv(small_set / "labels.csv")
    (tmp_path / "text.mp4").write_text("no video")
    bad = pd.DataFrame(
        {"video": [str(tmp_path / "text.mp4"), "missing.avi"], "label": "waving", "split": "train"}
    )
    table["video"] = [str(small_set / video) for video in table["video"]]
    options = {**small_options, "progress": True}
    run = videoqa.train(pd.concat([table, bad]), out=tmp_path / "run", **options)
    assert run.metrics["num_dropped_rows"] == 2 and run.metrics["num_train_rows"] == 12
    assert "2 rows left out, of 2 videos that could not be used" in capsys.readouterr().err


@pytest.mark.slow
def test_a_run_starts_from_an_earlier_model(
    small_set: Path, small_options: dict, question_run: Path, tmp_path: Path
) -> None:
    options = {**small_options, "learning_rate": 1e-12, "epochs": 1, "blind": False}
    run = videoqa.train(
        small_set / "questions.csv", out=tmp_path / "run", initial_model=question_run, **options
    )
    for a, b in zip(weights_of(question_run), weights_of(run.out), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-7)


@pytest.mark.slow
def test_words_and_answers_keep_their_weights_in_a_new_place(
    small_set: Path, small_options: dict, question_run: Path, tmp_path: Path
) -> None:
    table = pd.read_csv(small_set / "questions.csv")
    table["video"] = [str(small_set / video) for video in table["video"]]
    table = pd.concat([table, table.assign(question="quickly now?", answer="aaa")])
    options = {**small_options, "learning_rate": 1e-12, "epochs": 1, "blind": False}
    run = videoqa.train(table, out=tmp_path / "run", initial_model=question_run, **options)
    old, new = load_model_folder(question_run), load_model_folder(run.out)
    old_rows = old.build().get_layer("question_embedding").get_weights()[0]
    new_rows = new.build().get_layer("question_embedding").get_weights()[0]
    word_places = [words.words.index("waving") for words in (old.vocabulary, new.vocabulary)]
    assert word_places[0] != word_places[1]
    np.testing.assert_allclose(old_rows[word_places[0]], new_rows[word_places[1]], atol=1e-7)
    places = [answers.answers.index("loading") for answers in (old.answers, new.answers)]
    assert places[0] != places[1]
    biases = [folder.build().get_layer("answer").get_weights()[1] for folder in (old, new)]
    assert biases[0][places[0]] == pytest.approx(biases[1][places[1]], abs=1e-7)


@pytest.mark.slow
def test_the_backbone_can_be_trained_end_to_end(small_set: Path, small_options: dict, tmp_path: Path) -> None:
    options = {**small_options, "train_backbone": True, "epochs": 1, "limit": 6, "num_frames": 4}
    run = videoqa.train(small_set / "labels.csv", out=tmp_path / "run", **options)
    folder = load_model_folder(run.out)
    assert (run.out / "backbone.weights.h5").exists()
    assert folder.backbone["weights_sha256"] != load_model_folder_identity()
    scores = videoqa.evaluate(run.out, split="test", progress=False)
    assert scores["num_rows"] == 3


@pytest.mark.slow
def test_a_question_model_trains_its_backbone_beside_a_blind_one(
    small_set: Path, small_options: dict, tmp_path: Path
) -> None:
    options = {**small_options, "train_backbone": True, "epochs": 1, "limit": 6, "num_frames": 4}
    run = videoqa.train(small_set / "questions.csv", out=tmp_path / "run", **options)
    assert videoqa.evaluate(run.out, progress=False)["blind_accuracy"] is not None


def load_model_folder_identity() -> str:
    from videoqa.models.backbones import backbone_identity

    return backbone_identity("tiny", "package", None)["weights_sha256"]


@pytest.mark.slow
@pytest.mark.parametrize("branch", ["mean", "none"])
def test_other_video_branches_train(
    small_set: Path, small_options: dict, tmp_path: Path, branch: str
) -> None:
    options = {**small_options, "video_branch": branch, "epochs": 1}
    run = videoqa.train(small_set / "questions.csv", out=tmp_path / "run", **options)
    assert videoqa.load(run.out).folder.config.model.video_branch == branch
    assert (run.out / "blind").exists() == (branch == "mean")


@pytest.mark.slow
def test_a_cosine_schedule_falls(small_set: Path, small_options: dict, tmp_path: Path) -> None:
    options = {**small_options, "learning_rate_schedule": "cosine", "epochs": 3, "patience": None}
    run = videoqa.train(small_set / "labels.csv", out=tmp_path / "run", **options)
    rates = [epoch["learning_rate"] for epoch in run.history]
    assert rates == sorted(rates, reverse=True) and rates[-1] < 1e-3


@pytest.mark.slow
def test_what_a_stopped_run_left_is_no_part_of_the_next(
    small_set: Path, small_options: dict, question_run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    shutil.copytree(question_run / "blind", out / "blind")
    (out / "backbone.weights.h5").write_text("left over")
    with pytest.raises(FileExistsError, match="`out` must not hold a run yet"):
        videoqa.train(small_set / "questions.csv", out=out, **small_options)
    (out / UNFINISHED).write_text("")
    run = videoqa.train(
        small_set / "questions.csv", out=out, **{**small_options, "blind": False, "epochs": 1}
    )
    assert not (out / "blind").exists() and not (out / "backbone.weights.h5").exists()
    assert not (out / UNFINISHED).exists()
    assert videoqa.evaluate(run.out, progress=False)["blind_accuracy"] is None


@pytest.mark.slow
def test_paths_may_be_path_objects_and_are_kept_absolute(
    small_set: Path, small_options: dict, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(small_set.parent)
    options = {**small_options, "epochs": 1, "backbone_weights": TINY_WEIGHTS_FILE}
    run = videoqa.train(
        small_set / "labels.csv", out=tmp_path / "run", videos=Path(small_set.name), **options
    )
    monkeypatch.chdir(tmp_path)
    assert load_model_folder(run.out).config.data.videos == (str(small_set),)
    assert videoqa.evaluate(run.out, progress=False)["num_failed_videos"] == 0


@pytest.mark.slow
def test_without_validation_the_last_epoch_is_kept(
    small_set: Path, small_options: dict, tmp_path: Path
) -> None:
    table = pd.read_csv(small_set / "labels.csv").query("split == 'train'")
    table["video"] = [str(small_set / video) for video in table["video"]]
    run = videoqa.train(table, out=tmp_path / "run", validation_share=0.0, **small_options)
    assert run.metrics["num_validation_rows"] == 0 and "validation" not in run.metrics
    assert "val_accuracy" not in run.history[-1]
