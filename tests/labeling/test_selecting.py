"""Which rows are asked about first: ties, rows without a measure, repeated rows, older tables."""

import json
import math

import pandas as pd
import pytest

from videoqa._manifest import file_sha256
from videoqa.labeling.candidate_rows import read_candidates
from videoqa.labeling.export_tasks import export_tasks
from videoqa.labeling.selecting import select_rows
from videoqa.labeling.tasks import read_tasks

NAN = math.nan


def predictions(*rows, **columns) -> pd.DataFrame:
    """Return predictions of (video, answer, probability, second answer, margin, familiarity)."""
    names = ("video", "answer", "probability", "second_answer", "margin", "familiarity")
    table = pd.DataFrame(rows, columns=names)
    table["question_id"] = [f"q{number}" for number in range(len(rows))]
    table["question"], table["likely"], table["status"] = "What is he doing?", table["answer"], ""
    return table.assign(**columns)


def chosen(table, select, limit=None, seed=0):
    return [row.row_id for row in select_rows(read_candidates(table), select, limit, seed)]


def test_the_margin_counts_and_not_the_probability() -> None:
    """Of 0.4 against 0.1 the model is surer than of 0.5 against 0.45."""
    table = predictions(
        ("a.mp4", "box", 0.4, "bag", 0.3, NAN),
        ("b.mp4", "box", 0.5, "bag", 0.05, NAN),
        ("c.mp4", "box", 0.9, "bag", 0.85, NAN),
    )
    assert chosen(table, "uncertain") == ["q1", "q0", "q2"]
    first, *_ = read_candidates(table)
    assert first.ranked == (("box", 0.4), ("bag", pytest.approx(0.1)))


def test_one_row_a_video_until_all_videos_had_one_then_a_second() -> None:
    rows = [(video, "box", 0.5, "bag", margin, NAN) for video, margin in zip("aaabbc", range(6), strict=True)]
    assert chosen(predictions(*rows), "uncertain") == ["q0", "q3", "q5", "q1", "q4", "q2"]
    spelled = predictions(*(("./a" if video == "a" else video, *rest) for video, *rest in rows[1:]), rows[0])
    assert [row.video for row in select_rows(read_candidates(spelled), "uncertain", 3)] == ["a", "b", "c"]


def test_ties_are_chosen_by_chance_and_the_seed() -> None:
    table = predictions(*((f"{number}.mp4", "box", 0.5, "bag", 0.2, 0.5) for number in range(12)))
    for select in ("random", "uncertain", "unfamiliar"):
        orders = [chosen(table, select, 6, seed) for seed in (0, 0, 1, 2)]
        assert orders[0] == orders[1] and len({tuple(each) for each in orders}) == 3
    assert len(chosen(table, "uncertain", 100)) == 12


def test_rows_without_a_familiarity_are_left_out_and_counted(tmp_path) -> None:
    table = predictions(
        ("a.mp4", "box", 0.5, "bag", 0.2, NAN),
        ("b.mp4", "box", 0.5, "bag", NAN, 0.7),
        ("c.mp4", "box", 0.5, "bag", 0.1, 0.0),
    )
    assert chosen(table, "unfamiliar") == ["q2", "q1"] and chosen(table, "uncertain") == ["q2", "q0"]
    for select, name in (("unfamiliar", "familiarity"), ("uncertain", "margin")):
        done = export_tasks(table, select=select, format="csv", out=tmp_path / select)
        assert done["notes"] == [f"1 row without a {name} is left out."] and done["num_tasks"] == 2
    with pytest.raises(ValueError, match="no row has a familiarity.*name its folder"):
        select_rows(read_candidates(table.assign(familiarity=NAN)), "unfamiliar")
    with pytest.raises(ValueError, match="no row has a predicted answer"):
        select_rows(read_candidates(pd.DataFrame({"video": ["a"], "question": ["What?"]})), "wrong")


def test_a_table_of_an_earlier_version_goes_by_the_probability_and_says_so(tmp_path) -> None:
    table = predictions(
        ("a.mp4", "box", 0.6, "", NAN, NAN),
        ("b.mp4", "box", 0.5, "", NAN, NAN),
    ).drop(columns=["second_answer", "margin"])
    assert chosen(table, "uncertain") == ["q1", "q0"]
    done = export_tasks(table, select="uncertain", format="csv", out=tmp_path / "tasks")
    assert "no column `margin`" in done["notes"][0]
    assert export_tasks(table, select="random", format="csv", out=tmp_path / "random")["notes"] == []


def test_wrong_actions_the_most_probable_first(tmp_path) -> None:
    table = predictions(
        ("a.mp4", "Box", 0.6, "Run", 0.3, NAN),
        ("b.mp4", "Run", 0.9, "Box", 0.8, NAN),
        ("c.mp4", "Run", 0.7, "Box", 0.5, NAN),
        question="",
        truth=["box", "Box", "Jump"],
    )
    assert chosen(table, "wrong") == ["q1", "q2"]
    done = export_tasks(table, select="wrong", format="csv", out=tmp_path / "tasks")
    assert done["kind"] == "label"
    with pytest.raises(ValueError, match="no row of 3 is wrong"):
        select_rows(read_candidates(table.assign(truth=table["answer"])), "wrong")


def test_as_many_tasks_as_are_wanted_although_rows_ask_the_same(tmp_path) -> None:
    """A repeated question, a known row and a row without an answer to verify make no task of their own."""
    rows = [("a.mp4", "box", 0.5, "bag", margin, NAN) for margin in (0.11, 0.1, 0.12)]
    rows += [(f"{number}.mp4", "box", 0.5, "bag", 0.2 + number / 100, NAN) for number in range(6)]
    table = predictions(*rows, truth=["box"] * 8 + [""])
    done = export_tasks(table, select="uncertain", limit=5, format="csv", out=tmp_path / "tasks")
    assert done["num_tasks"] == done["num_videos"] == 5
    corrected = [task.corrects for task in read_tasks(tmp_path / "tasks").tasks if task.video == "a.mp4"]
    assert corrected == ["q1"], "the row that was chosen first"
    options = {"select": "uncertain", "limit": 5, "format": "csv", "known": table.iloc[[0, 3]]}
    done = export_tasks(table, out=tmp_path / "known", num_known=2, **options)
    tasks = read_tasks(tmp_path / "known").tasks
    assert done["num_known"] == 2 and len(tasks) == 7 == len({task.video for task in tasks})
    done = export_tasks(table, select="random", limit=6, kind="verify", format="csv", out=tmp_path / "verify")
    assert done["num_tasks"] == 6


def test_the_scores_beside_predictions_say_which_model_and_which_split(tmp_path) -> None:
    table = predictions(("a.mp4", "box", 0.6, "bag", 0.3, NAN), truth="bag")
    table = table.rename(columns={"answer": "predicted_answer", "video": "video_id", "truth": "answer"})
    folder = tmp_path / "mine" / "evaluation" / "test"
    folder.mkdir(parents=True)
    table.to_csv(folder / "predictions.csv", index=False)
    scores = {"model": "/runs/mine", "model_sha256": "ab" * 32, "split": "test"}
    (folder / "metrics.json").write_text(json.dumps(scores))
    options = {"select": "wrong", "format": "csv"}
    done = export_tasks(folder / "predictions.csv", out=tmp_path / "tasks", **options)
    assert "1 task is about videos of the test split" in done["notes"][0]
    about = read_tasks(tmp_path / "tasks").about
    assert (about["model"], about["model_sha256"]) == ("mine", "ab" * 32)
    (tmp_path / "mine" / "MANIFEST.json").write_text("{}")
    path = tmp_path / "mine" / "answers.csv"
    table.to_csv(path, index=False)
    assert export_tasks(path, out=tmp_path / "others", **options)["notes"] == []
    about = read_tasks(tmp_path / "others").about
    assert (about["model"], about["model_sha256"]) == ("mine", file_sha256(path.parent / "MANIFEST.json"))


def test_annotations_of_the_test_split_are_said(tmp_path) -> None:
    rows = {"video": ["a.mp4", "b.mp4"], "question": "What?", "answer": "", "split": ["train", "test"]}
    table = pd.DataFrame(rows)
    usual = {"select": "unlabelled", "format": "csv"}
    done = export_tasks(data=table, out=tmp_path / "tasks", **usual)
    assert "1 task is about videos of the test split" in done["notes"][0]
    assert export_tasks(data=table.drop(columns="split"), out=tmp_path / "none", **usual)["notes"] == []
