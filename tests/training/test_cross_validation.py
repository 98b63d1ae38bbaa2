"""Cross-validation: each row is scored by a model that never saw its clip, and one model learns from all."""

import contextlib
import io
import math
import shutil
from pathlib import Path

import pandas as pd
import pytest

import videoqa
from videoqa.cli.main import main
from videoqa.config import DataConfig, run_config_from_options
from videoqa.data.annotations import read_annotations
from videoqa.data.splits import hold_out_fold
from videoqa.reporting.finished import find_evaluation
from videoqa.saving import load_model_folder
from videoqa.training.cross_validation import order_options


@pytest.fixture(scope="module")
def folds(
    small_set: Path, small_options: dict, tmp_path_factory: pytest.TempPathFactory
) -> videoqa.TrainingRun:
    """Return a cross-validated run of two folds, its table without splits beside it."""
    folder = tmp_path_factory.mktemp("folds")
    table = pd.read_csv(small_set / "labels.csv").drop(columns="split")
    table["opposite"] = table["label"].map({"loading": "unloading", "unloading": "loading"})
    table.rename(columns={"video": "Video"}).to_csv(folder / "my.csv", index=False)
    options = {**small_options, "video_branch": "mean", "num_frames": 2, "videos": small_set}
    with contextlib.redirect_stderr(io.StringIO()) as said:
        run = videoqa.train(folder / "my.csv", out=folder / "run", cross_validate=2, **options)
    (folder / "said.txt").write_text(said.getvalue())
    return run


@pytest.mark.slow
def test_what_is_said_of_the_table_is_said_once(folds: videoqa.TrainingRun) -> None:
    said = (folds.out.parent / "said.txt").read_text()
    assert said.count("columns read: 'Video' as 'video'") == 1


@pytest.mark.slow
def test_the_model_on_all_rows_is_calibrated_with_what_the_folds_held_out(folds: videoqa.TrainingRun) -> None:
    """Eighteen videos are enough for prediction sets, but too few rows for a temperature."""
    trust = load_model_folder(folds.out).trust
    assert trust.temperature is None and trust.sets.num_videos == 18
    rows = pd.read_csv(folds.out / "evaluation" / "cross-validation" / "predictions.csv")
    assert folds.metrics["calibration"]["num_rows"] == len(rows)


@pytest.mark.slow
def test_every_row_is_scored_once_by_a_model_that_never_saw_its_clip(folds: videoqa.TrainingRun) -> None:
    pooled = folds.metrics["cross_validation"]
    rows = pd.read_csv(folds.out / "evaluation" / "cross-validation" / "predictions.csv")
    assert pooled["num_rows"] == len(rows) == 18 and rows["question_id"].is_unique
    assert pooled["accuracy"] == rows["correct"].mean()
    low, high = pooled["accuracy_interval"]
    assert low <= pooled["accuracy"] <= high and pooled["num_videos"] == 18
    for number in (1, 2):
        fold = load_model_folder(folds.out / "folds" / f"fold-{number}")
        learned = {video for videos in fold.metrics["videos"].values() for video in videos}
        assert fold.metrics["fold"] == [number, 2] and len(learned) == 9
        own = rows[rows["fold"] == number]
        assert own["video_id"].nunique() == 9
        assert own["answer"].value_counts().to_dict() == {"loading": 3, "unloading": 3, "waving": 3}
        again = videoqa.evaluate(fold.path, out=fold.path / "again", progress=False)
        assert (again["num_rows"], again["seen_rows"]) == (9, 0)
        assert again["accuracy"] == pooled["folds"][number - 1]["accuracy"] == own["correct"].mean()


@pytest.mark.slow
def test_the_model_on_all_rows_is_reported_by_its_folds(folds: videoqa.TrainingRun, tmp_path: Path) -> None:
    model = load_model_folder(folds.out)
    assert model.metrics["num_train_rows"] == 18 and model.metrics["num_validation_rows"] == 0
    folders = [folds.out / "folds" / f"fold-{number}" for number in (1, 2)]
    best = [load_model_folder(folder).metrics["best_epoch"] for folder in folders]
    assert model.config.training.epochs == math.ceil(sum(best) / 2) == len(folds.history)
    assert (
        model.metrics["command"].endswith("--cross-validate 2")
        and "--num-frames 2" in model.metrics["command"]
    )
    found = find_evaluation(folds.out, progress=False)
    assert found.scores["split"] == "cross-validation" and len(found.predictions) == 18
    page = folds.report(out=tmp_path / "report.html", progress=False).read_text("utf-8")
    assert "18 actions of all folds" in page and "by one of 2 models that never saw its clip" in page
    assert "moments that speak for" not in page, (
        "this model learned from these clips, and did not answer them"
    )
    with pytest.raises(ValueError, match="learned from every row.*videoqa report .*cross-validation"):
        folds.evaluate(progress=False)
    assert folds.evaluate(split="train", out=tmp_path / "train", progress=False)["num_rows"] == 18
    with pytest.raises(FileExistsError, match="`out` must not hold a run yet"):
        videoqa.train("sample", out=folds.out, cross_validate=2, progress=False)


@pytest.mark.slow
def test_a_bag_of_frames_is_said_not_to_see_the_order(folds: videoqa.TrainingRun) -> None:
    order = folds.metrics["cross_validation"]["order"]
    rows = pd.read_csv(folds.out / "evaluation" / "cross-validation" / "predictions.csv")
    assert order["num_rows"] == order["num_groups"] == 12 == rows["backwards_answer"].notna().sum()
    assert order["both_right"] == 0 == (rows["backwards_correct"].astype("boolean") & rows["correct"]).sum()
    assert order["shuffled_accuracy"] == pytest.approx(rows["shuffled_accuracy"].mean())
    assert order["conclusion"].startswith(
        "These answers do not depend on the order of the frames: every clip"
    )
    assert list(order["by_opposites"]) == ["loading / unloading"]


def test_the_model_on_all_rows_learns_the_order_as_most_folds_did() -> None:
    used, dropped = {"is_used": True, "num_epochs": 9}, {"is_used": False, "best_epoch": 1, "num_epochs": 9}
    best = [used | {"best_epoch": epoch} for epoch in (4, 7)]
    assert order_options([]) == {}
    assert order_options([*best, dropped]) == {"pretrain_epochs": 6}
    assert order_options([used | {"best_epoch": None}]) == {"pretrain_epochs": 9}
    fresh = order_options([best[0], dropped])
    assert fresh == {"pretrain": None, "pretrain_epochs": 20, "pretrain_videos": ()}
    run_config_from_options({"data": ("sample",), "pretrain": "order", "pretrain_epochs": 3} | fresh)


def labels(num_clips: int = 8, **columns) -> pd.DataFrame:
    return pd.DataFrame(
        {"video": [f"{n}.avi" for n in range(num_clips)], "label": list("ab" * num_clips)[:num_clips]}
    ).assign(**columns)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"cross_validate": 1},
            "`cross_validate` must be an integer of at least 2. Received: cross_validate=1",
        ),
        ({"cross_validate": True}, "`cross_validate` must be an integer"),
        ({"cross_validate": 9}, "`cross_validate` must be at most 8, the number of groups"),
        ({"cross_validate": 2, "resume": True}, "`out` must hold a cross-validation that was stopped"),
        ({"cross_validate": 2, "initial_model": "x"}, "`initial_model` must be left out with cross_validate"),
        (
            {"cross_validate": 2, "strategy": "multiworker"},
            "`strategy` must be 'single' or 'mirrored' with cross_validate.*one process, one after the other",
        ),
        *(
            ({"cross_validate": 2, **options}, f"`{name}` must be left out with cross_validate.*mirrored")
            for name, options in {
                "local_workers": {"local_workers": 2},
                "workers": {"workers": ["a:1", "b:1"], "strategy": "multiworker"},
                "worker_index": {"worker_index": 0},
                "runner": {"runner": "ray"},
                "max_restarts": {"max_restarts": 1},
            }.items()
        ),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_written(tmp_path: Path, options, message) -> None:
    with pytest.raises(ValueError, match=message):
        videoqa.train(labels(), out=tmp_path / "run", backbone="tiny", progress=False, **options)
    assert not (tmp_path / "run").exists()


def test_folds_of_an_earlier_cross_validation_are_not_overwritten(tmp_path: Path) -> None:
    options = {"out": tmp_path / "run", "backbone": "tiny", "cross_validate": 2, "progress": False}
    (tmp_path / "run" / "folds" / "fold-1" / "checkpoints" / "0-model-000000001").mkdir(parents=True)
    with pytest.raises(FileExistsError, match="`out` must not hold folds of a stopped run.*--resume"):
        videoqa.train(labels(), **options)
    shutil.rmtree(tmp_path / "run")
    with pytest.raises((ValueError, FileNotFoundError)):
        videoqa.train(labels(), **options)  # no video is there
    assert not (tmp_path / "run").exists(), "nothing was begun"


@pytest.mark.slow
def test_a_stopped_cross_validation_goes_on_where_it_was(folds: videoqa.TrainingRun, tmp_path: Path) -> None:
    out = shutil.copytree(folds.out, tmp_path / "run")
    with pytest.raises(ValueError, match="`out` must hold a cross-validation that was stopped"):
        videoqa.train(out=out, resume=True, cross_validate=2, progress=False)
    (out / "MANIFEST.json").unlink()  # as if it had been stopped before the last model was written
    times = {path: path.stat().st_mtime_ns for path in out.glob("folds/*/model.weights.h5")}
    with pytest.raises(ValueError, match="`cross_validate` must be left out, or 2 as it was"):
        videoqa.train(out=out, resume=True, cross_validate=3, progress=False)
    with pytest.raises(ValueError, match="`epochs` must be 2, as in the folds that are done"):
        videoqa.train(out=out, resume=True, epochs=5, progress=False)
    with pytest.raises(ValueError, match="video_units=32 \\(was 16\\)"):
        videoqa.train(out=out, resume=True, video_units=32, progress=False)
    again = videoqa.train(out=out, resume=True, progress=False)
    before, now = (run.metrics["cross_validation"] for run in (folds, again))
    assert {path: path.stat().st_mtime_ns for path in out.glob("folds/*/model.weights.h5")} == times
    assert now["accuracy"] == before["accuracy"] and now["num_rows"] == 18
    assert again.out == out and (out / "MANIFEST.json").exists()


def test_own_test_rows_are_in_no_fold() -> None:
    splits = ["train"] * 4 + ["validation"] * 2 + ["test"] * 2
    table = read_annotations(DataConfig(), tables=[labels(split=splits)])
    tested = [hold_out_fold(table, number, 3) for number in (1, 2, 3)]
    held_out = [set(fold.loc[fold["split"] == "test", "video_id"]) for fold in tested]
    assert sorted(video for videos in held_out for video in videos) == [f"{n}.avi" for n in range(6)]
    assert all(len(fold) == 6 and set(fold["split"]) == {"train", "test"} for fold in tested)
    whole = hold_out_fold(table, 0, 3)
    assert whole["split"].tolist() == ["train"] * 6 + ["test"] * 2


def test_classes_of_one_group_are_named(tmp_path: Path, capfd) -> None:
    rows = labels(6)
    rows.loc[5, "label"] = "c"
    rows.to_csv(tmp_path / "my.csv", index=False)
    words = ["--data", str(tmp_path / "my.csv"), "--backbone", "tiny", "--out", str(tmp_path / "run")]
    assert main(["train", *words, "--cross-validate", "7"]) == 2
    assert main(["train", *words, "--cross-validate", "2"]) == 2, "no video is there"
    assert "cannot know it: c." in capfd.readouterr().err


@pytest.mark.slow
def test_a_stopped_cross_validation_is_finished_once_its_last_model_has_begun(
    folds: videoqa.TrainingRun, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = shutil.copytree(folds.out, tmp_path / "run")
    shutil.rmtree(out / "evaluation")  # as if it had been stopped before the folds were pooled
    weights = (out / "model.weights.h5").stat().st_mtime_ns
    again = videoqa.train(out=out, resume=True, progress=False)
    assert again.metrics["cross_validation"]["accuracy"] == folds.metrics["cross_validation"]["accuracy"]
    assert (out / "model.weights.h5").stat().st_mtime_ns == weights
    (out / "MANIFEST.json").unlink()
    finished = videoqa.train(out=out, resume=True, finish=True)
    assert "The model on all rows is trained" not in capsys.readouterr().err
    assert finished.metrics["finished_after"] == len(folds.history)
    assert finished.metrics["cross_validation"]["num_rows"] == 18
    (out / "MANIFEST.json").unlink()
    shutil.rmtree(out / "checkpoints")
    (out / "folds" / "fold-2" / "MANIFEST.json").unlink()
    message = "once the training of the model on all rows has begun.*Folds that are done: 1 of 2, in "
    with pytest.raises(ValueError, match=f"{message}{out / 'folds'}"):
        videoqa.train(out=out, resume=True, finish=True, progress=False)
    assert main(["train", "--out", str(out), "--resume", "--finish", "--cross-validate", "2"]) == 2
    assert "`finish` must be left out with cross_validate" in capsys.readouterr().err


@pytest.mark.slow
def test_who_stops_between_two_folds_is_told_how_to_go_on(
    folds: videoqa.TrainingRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = shutil.copytree(folds.out, tmp_path / "run")
    (out / "MANIFEST.json").unlink()

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("videoqa.training.cross_validation.score_folder", stop)
    with pytest.raises(KeyboardInterrupt) as stopped:
        videoqa.train(out=out, resume=True, progress=False)
    line = f"videoqa-train --out {out} --resume"
    ending = f"\nor make a model of what is there:\n  {line} --finish"
    assert stopped.value.__notes__ == [f"Nothing new was kept yet. Go on with:\n  {line}{ending}"]
