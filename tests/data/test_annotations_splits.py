"""Tasks, automatic splits, limits and built-in names."""

import pandas as pd
import pytest

from videoqa.config import DataConfig
from videoqa.data.annotations import read_annotations
from videoqa.sample.sample_set import load_sample_table

QUESTIONS = pd.DataFrame({"video": ["a", "b"], "question": ["what", "why"], "answer": ["x", "y"]})
LABELS = pd.DataFrame({"video": ["a", "b", "c"], "label": ["jump", "walk", "jump"]})


def read(*tables, seed=0, **options):
    return read_annotations(DataConfig(**options), tables=tables, seed=seed)


def many_rows(num_videos=40, rows_each=5):
    videos = [f"v{number}.avi" for number in range(num_videos) for _ in range(rows_each)]
    return pd.DataFrame({"video": videos, "question": "what is it", "answer": "x"})


def test_a_mix_of_tasks_is_refused_unless_one_is_picked():
    with pytest.raises(
        ValueError, match=r"Received: open_ended \(2 rows\), action \(3 rows\). .*task='action'"
    ):
        read(QUESTIONS, LABELS)
    questions = read(QUESTIONS, LABELS, task="open_ended")
    assert questions["answer"].tolist() == ["x", "y"]
    assert questions.attrs["left_out"] == {"action": 3}
    labels = read(QUESTIONS, LABELS, task="action")
    assert labels["answer"].tolist() == ["jump", "walk", "jump"]
    assert labels.attrs["left_out"] == {"open_ended": 2}


def test_label_and_question_together_are_refused_unless_one_is_picked():
    both = QUESTIONS.assign(label=["Jump", ""])
    with pytest.raises(ValueError, match="rows of one task.*open_ended or action"):
        read(both)
    assert read(both, task="open_ended")["answer"].tolist() == ["x", "y"]
    labels = read(both, task="action")
    assert labels[["question", "answer"]].to_numpy().tolist() == [["", "Jump"]]
    assert labels.attrs["left_out"] == {"open_ended": 1}


def test_choice_rows_are_never_open_ended_rows():
    choices = QUESTIONS.assign(choices=['["x", "z"]', None])
    with pytest.raises(ValueError, match="rows of one task.*multiple_choice"):
        read(choices)
    table = read(choices, task="open_ended")
    assert table["answer"].tolist() == ["y"]
    assert table.attrs["left_out"] == {"multiple_choice": 1}
    with pytest.raises(ValueError, match="multiple_choice.*cannot use a `choices` column"):
        read(choices[:1])


def test_a_task_without_rows_is_refused():
    with pytest.raises(ValueError, match=r"`task` must be one that the data has: action \(3 rows\)"):
        read(LABELS, task="open_ended")


def test_automatic_split_is_by_video_seeded_and_said():
    table = read(many_rows(), seed=3)
    assert table.attrs["automatic_split"] is True
    assert (table.groupby("video_id")["split"].nunique() == 1).all()
    assert table["split"].value_counts().to_dict() == {"train": 160, "validation": 20, "test": 20}
    assert read(many_rows(), seed=3)["split"].equals(table["split"])
    assert not read(many_rows(), seed=4)["split"].equals(table["split"])


def test_automatic_split_is_by_group():
    rows = many_rows().assign(group=[f"g{number % 20}" for number in range(200)])
    table = read(rows)
    assert (table.groupby("group")["split"].nunique() == 1).all()


def test_one_file_under_two_names_is_one_group():
    rows = pd.DataFrame({"video": ["a.avi", "./a.avi", "x/../a.avi"], "label": ["p", "q", "p"]})
    assert read(rows)["group"].nunique() == 1


def test_splits_in_some_rows_only_are_refused():
    with pytest.raises(
        ValueError, match="in every row or in none.*1 of 2 rows has none, the first of them in Data"
    ):
        read(QUESTIONS.assign(split=["train", None]))
    with pytest.raises(ValueError, match="2 of 5 rows have none"):
        read(LABELS.assign(split="train"), LABELS[:2])


def test_limit_keeps_rows_of_each_split_and_their_order():
    rows = many_rows().assign(split=["train"] * 150 + ["test"] * 50, answer=[str(n) for n in range(200)])
    table = read(rows, limit=10)
    assert table["split"].tolist() == ["train"] * 10 + ["test"] * 10
    numbers = table["answer"].astype(int)
    assert numbers.is_monotonic_increasing
    assert numbers[9] > 75, "rows are drawn from the whole split, not from its beginning"
    assert read(rows, limit=10).equals(table)
    assert len(read(rows, limit=1000)) == 200


def test_limit_leaves_the_automatic_split_as_it_is():
    whole = read(many_rows()).set_index("question_id")["split"]
    limited = read(many_rows(), limit=7)
    assert limited["split"].value_counts().to_dict() == {"train": 7, "validation": 7, "test": 7}
    assert limited["split"].tolist() == whole[limited["question_id"]].tolist()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("sampel", "sample"), ("msvd", "msvd_qa"), ("Sample", "sample"), ("ucf", "ucf101"), ("", "")],
)
def test_an_unknown_name_is_refused_with_the_nearest(tmp_path, monkeypatch, name, nearest):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=f"`data` must be one of .*'sample'.*Nearest: '{nearest}"):
        read(data=(name,))


@pytest.mark.parametrize("task", ["open_ended", "action"])
def test_the_built_in_table_is_an_annotation_table(tmp_path, task):
    sample = load_sample_table(tmp_path, num_clips=33, task=task, progress=False)
    table = read(sample)
    assert table.attrs["task"] == task
    pd.testing.assert_frame_equal(table, sample)
