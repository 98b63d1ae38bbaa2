"""A class with one clip: it trains where that is a training clip, and is counted as wrong where it is not.

A drawn split leaves it for training (`tests/data/test_splits.py`), so here the splits are given.
"""

import pandas as pd
import pytest

import videoqa
from videoqa.config import DataConfig
from videoqa.data.annotations import read_annotations


@pytest.fixture
def table(small_set) -> pd.DataFrame:
    """Return clips of three classes without splits, of "waving" only the first."""
    rows = pd.read_csv(small_set / "labels.csv").drop(columns="split")
    rows["group"] = [video.split("/")[0] for video in rows["video"]]  # whatever the folder of this test run
    rows["video"] = [str(small_set / video) for video in rows["video"]]
    return rows.drop(rows.index[rows["label"] == "waving"][1:])


@pytest.mark.slow
def test_a_class_with_one_training_clip_is_learned(table, quick_options, tmp_path):
    given = table.assign(split=["val" if group.endswith("-5") else "train" for group in table["group"]])
    run = videoqa.train(given, out=tmp_path / "run", **{**quick_options, "epochs": 1})
    assert videoqa.load(run.out).folder.answers.answers == ("loading", "unloading", "waving")
    assert run.metrics["validation"]["share_in_vocabulary"] == 1


@pytest.mark.slow
def test_one_whose_clip_is_for_test_is_said_and_counted_as_wrong(table, quick_options, tmp_path, capsys):
    options = {**quick_options, "epochs": 1, "progress": True}
    table["split"] = ["test" if label == "waving" else "train" for label in table["label"]]
    run = videoqa.train(table, out=tmp_path / "run", **options)
    said = capsys.readouterr().err
    assert "Answers that the model cannot give, counted as wrong: test 1 of 1 row." in said
    assert videoqa.load(run.out).folder.answers.answers == ("loading", "unloading")
    scores = videoqa.evaluate(run.out, table, progress=False)
    assert (scores["num_rows"], scores["accuracy"], scores["share_in_vocabulary"]) == (1, 0, 0)


@pytest.mark.slow
def test_of_classes_of_one_clip_each_one_is_left_to_test_on(table, quick_options, tmp_path):
    one_each = table.groupby("label").head(1)
    run = videoqa.train(one_each, out=tmp_path / "run", **{**quick_options, "epochs": 1})
    assert len(videoqa.load(run.out).folder.answers) == 2
    scores = videoqa.evaluate(run.out, one_each, progress=False)
    assert (scores["num_rows"], scores["share_in_vocabulary"]) == (1, 0)


@pytest.mark.parametrize("seed", range(8))
def test_one_whose_clip_is_drawn_is_learned(table, seed):
    drawn = read_annotations(DataConfig(), tables=[table], seed=seed)
    assert drawn.loc[drawn["answer"] == "waving", "split"].tolist() == ["train"]
    assert set(drawn.loc[drawn["split"] == "test", "answer"]) == {"loading", "unloading"}
