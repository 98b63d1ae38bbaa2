"""`evaluate`: every row counts, the run's own data and split, the views, and what is written."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import videoqa
from videoqa._manifest import write_manifest
from videoqa.evaluation.evaluate import change_view
from videoqa.evaluation.scoring import PREDICTION_COLUMNS
from videoqa.input_pipeline import Examples
from videoqa.saving import PARTS_OF_A_FOLDER, QUESTION_PRIOR
from videoqa.trust.trust import FAMILIARITY, TRUST


@pytest.mark.slow
def test_the_runs_own_test_split_is_scored(question_run: Path, tmp_path: Path) -> None:
    scores = videoqa.evaluate(question_run, out=tmp_path, progress=False)
    assert scores["num_rows"] == 6 and set(scores["by_question_type"]) == {"what", "is"}
    assert scores["majority_accuracy"] == pytest.approx(2 / 6), (
        "most train answers are 'no'; 2 of 6 test answers are"
    )
    assert scores["majority_per_type_accuracy"] == pytest.approx((1 + 2) / 6)
    assert scores["video_gain"] == pytest.approx(scores["accuracy"] - scores["blind_accuracy"])
    assert json.loads((tmp_path / "metrics.json").read_text()) == scores
    rows = pd.read_csv(tmp_path / "predictions.csv")
    assert rows["correct"].mean() == pytest.approx(scores["accuracy"])
    assert (rows["blind_answer"] == rows["answer"]).mean() == pytest.approx(scores["blind_accuracy"])
    assert scores["task"] == "open_ended" and scores["num_videos"] == 3 and scores["absent_rows"] == 0
    assert scores["prefix_prior_accuracy"] == pytest.approx((1 + 2) / 6)
    assert [column for column in rows if column not in PREDICTION_COLUMNS] == [
        "predicted_answer", "probability", "second_answer", "margin", "familiarity", "is_reliable",
        "why_not", "likely", "num_likely", "blind_answer", "correct", "gold_rank", "status", "error",
    ]  # fmt: skip
    assert set(PREDICTION_COLUMNS) < set(rows)
    assert ((rows["gold_rank"] == 1) == rows["correct"]).all() and rows["gold_rank"].between(1, 5).all()
    for picture in ("confusion.png", "curves.png", "reliability.png", "risk_coverage.png"):
        assert (tmp_path / picture).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.slow
def test_an_older_folder_is_scored_by_what_it_has(
    question_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has no prefix prior, and knows nothing of its limits: only a threshold says what is reliable."""
    older = Path(shutil.copytree(question_run, tmp_path / "older"))
    for name in (QUESTION_PRIOR, TRUST, FAMILIARITY):
        (older / name).unlink()
    write_manifest(older, PARTS_OF_A_FOLDER)
    scores = videoqa.evaluate(older, out=tmp_path / "scores", progress=False)
    assert scores["prefix_prior_accuracy"] is None and scores["blind_accuracy"] is not None
    assert scores["share_reliable"] is None and scores["set_coverage"] is None
    assert capsys.readouterr().err.count("cannot judge its answers") == 1
    rows = pd.read_csv(tmp_path / "scores" / "predictions.csv")
    assert rows[["familiarity", "is_reliable", "why_not", "likely", "num_likely"]].isna().all(axis=None)
    scores = videoqa.evaluate(older, min_probability=1.0, out=tmp_path / "strict", progress=False)
    assert scores["share_reliable"] == 0 and scores["min_probability"] == 1


@pytest.mark.slow
def test_thresholds_decide_what_is_reliable(question_run: Path, tmp_path: Path) -> None:
    kept = {"out": tmp_path, "progress": False}
    loose = videoqa.evaluate(question_run, min_familiarity=0, min_probability=0, **kept)
    why_not = pd.read_csv(tmp_path / "predictions.csv")["why_not"].fillna("")
    assert loose["share_reliable"] == (why_not == "").mean(), "only the question may speak against an answer"
    assert not why_not.str.contains("unlike|probability").any()
    assert (
        videoqa.evaluate(question_run, min_familiarity=1, min_probability=1.0, **kept)["share_reliable"] == 0
    )
    rows = pd.read_csv(tmp_path / "predictions.csv")
    assert rows["why_not"].str.contains("this clip is unlike the").all()
    with pytest.raises(ValueError, match="`min_familiarity` must be .*Received: min_familiarity=2"):
        videoqa.evaluate(question_run, min_familiarity=2, **kept)


@pytest.mark.slow
def test_several_annotators_answers_reach_the_soft_accuracies(
    question_run: Path, small_set: Path, tmp_path: Path
) -> None:
    table = pd.read_csv(small_set / "questions.csv").query("split == 'test'")
    table["answers"] = [["loading", "unloading", "waving", "yes", "no"]] * len(table)
    scores = videoqa.evaluate(question_run, table, videos=small_set, out=tmp_path, progress=False)
    assert scores["soft_accuracy_2"] == pytest.approx(1 / 2)
    assert scores["soft_accuracy_3"] == pytest.approx(1 / 3)


def test_actions_have_no_blind_model(action_run: Path, tmp_path: Path) -> None:
    scores = videoqa.evaluate(action_run, out=tmp_path, progress=False)
    assert scores["num_rows"] == 3 and scores["blind_accuracy"] is None and scores["video_gain"] is None
    assert scores["majority_accuracy"] == pytest.approx(1 / 3)
    assert scores["task"] == "action" and scores["prefix_prior_accuracy"] is None
    assert scores["mean_class_accuracy"] == pytest.approx(scores["accuracy"])  # one row of each class
    assert set(scores["per_class"]) == {"loading", "unloading", "waving"}
    assert (tmp_path / "confusion.png").exists()


@pytest.mark.slow
def test_failed_videos_and_unknown_answers_are_wrong(
    action_run: Path, small_set: Path, tmp_path: Path
) -> None:
    table = pd.read_csv(small_set / "labels.csv").query("split == 'test'")
    table["video"] = [str(small_set / video) for video in table["video"]]
    worse = pd.DataFrame({"video": ["missing.avi", table["video"].iloc[0]], "label": ["waving", "sleeping"]})
    alone = videoqa.evaluate(action_run, table, out=tmp_path / "a", progress=False)
    both = videoqa.evaluate(
        action_run, pd.concat([table, worse.assign(split="test")]), out=tmp_path / "b", progress=False
    )
    assert both["num_rows"] == 5 and both["num_failed_videos"] == 1
    assert both["accuracy"] == pytest.approx(alone["accuracy"] * 3 / 5)
    assert both["share_in_vocabulary"] == pytest.approx(4 / 5)
    rows = pd.read_csv(tmp_path / "b" / "predictions.csv").set_index("answer")
    assert rows.loc[rows["status"] == "failed", "gold_rank"].isna().all() and pd.isna(
        rows.loc["sleeping", "gold_rank"]
    )


def test_a_split_without_rows_and_both_views_are_refused(action_run: Path, small_set: Path) -> None:
    table = pd.DataFrame({"video": ["a.avi"], "label": ["waving"], "split": ["train"]})
    with pytest.raises(ValueError, match="Rows there are: train 1"):
        videoqa.evaluate(action_run, table, progress=False)
    with pytest.raises(ValueError, match="must not both be True"):
        videoqa.evaluate(action_run, shuffle_frames=True, single_frame=True)


def test_a_question_table_is_refused_by_an_action_model(action_run: Path, small_set: Path) -> None:
    with pytest.raises(ValueError, match="`task` must be one that the data has: open_ended"):
        videoqa.evaluate(action_run, small_set / "questions.csv", progress=False)


@pytest.mark.slow
def test_views_shuffle_frames_or_keep_the_middle_one(question_run: Path, tmp_path: Path) -> None:
    clips = np.arange(12, dtype=np.float16).reshape(2, 6, 1)
    examples = Examples(clips, np.arange(2), None, np.zeros(2, np.int32), 6)
    shuffled = change_view(examples, shuffle_frames=True, single_frame=False, seed=0).clips
    assert sorted(shuffled[1].ravel()) == list(range(6, 12)) and shuffled[1].ravel().tolist() != list(
        range(6, 12)
    )
    middle = change_view(examples, shuffle_frames=False, single_frame=True, seed=0).clips
    assert middle[0].ravel().tolist() == [3.0] * 6
    scores = videoqa.evaluate(question_run, shuffle_frames=True, out=tmp_path, progress=False)
    assert scores["num_rows"] == 6


@pytest.mark.slow
def test_no_row_that_was_trained_on_is_scored_as_test(
    small_set: Path, quick_options: dict, tmp_path: Path
) -> None:
    table = pd.read_csv(small_set / "labels.csv").drop(columns="split")
    table["video"] = [str(small_set / video) for video in table["video"]]
    run = videoqa.train(table, out=tmp_path / "run", **{**quick_options, "epochs": 1})
    trained = run.metrics["num_train_rows"] + run.metrics["num_validation_rows"]
    scores = videoqa.evaluate(run.out, table, out=tmp_path / "same", progress=False)
    assert scores["num_rows"] == len(table) - trained == 3, "one of each class"
    assert (
        videoqa.evaluate(run.out, table, split="train", progress=False)["num_rows"]
        == run.metrics["num_train_rows"]
    )
    more = pd.concat([table, pd.DataFrame({"video": ["new.avi"], "label": ["waving"]})])
    assert videoqa.evaluate(run.out, more, out=tmp_path / "more", progress=False)["num_rows"] == 4
    with pytest.raises(ValueError, match="was trained on a DataFrame"):
        videoqa.evaluate(run.out, progress=False)


def test_a_model_folder_is_not_written_into(action_run: Path, tmp_path: Path) -> None:
    with pytest.raises(FileExistsError, match="`out` must not be a model folder"):
        videoqa.evaluate(action_run, out=action_run, progress=False)
    (tmp_path / "file").write_text("")
    with pytest.raises(PermissionError, match="be a folder that can be written to"):
        videoqa.evaluate(action_run, out=tmp_path / "file" / "scores", progress=False)


@pytest.mark.slow
def test_other_data_does_not_replace_the_runs_own_scores(action_run: Path, small_set: Path) -> None:
    own = videoqa.evaluate(action_run, split="val", progress=False)
    other = videoqa.evaluate(action_run, small_set / "labels.csv", split="val", progress=False)
    assert own["out"].endswith("validation") and other["out"].endswith("validation-labels")


def test_a_table_that_is_scored_is_not_written_over(
    question_run: Path, small_set: Path, tmp_path: Path
) -> None:
    table = tmp_path / "predictions.csv"
    table.write_text((small_set / "questions.csv").read_text())
    with pytest.raises(ValueError, match="`out` must not be a file that is read"):
        videoqa.evaluate(question_run, str(table), videos=str(small_set), out=tmp_path, progress=False)
    with pytest.raises(ValueError, match="`out` must not be a file that is read"):
        videoqa.audit(
            str(table.rename(tmp_path / "findings.csv")), videos=str(small_set), out=tmp_path, progress=False
        )
