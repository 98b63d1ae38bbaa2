"""Small data: each class, and of questions each rarest answer, is on every side that its groups allow."""

import pandas as pd
import pytest

from videoqa.config import DataConfig
from videoqa.data.annotations import read_annotations
from videoqa.data.splits import attach_validation, split_by_group
from videoqa.data.strata import ALONE, folds_by_answer, rarest_answers, split_by_answer
from videoqa.sample.sample_set import load_sample_table
from videoqa.text.answers import AnswerList
from videoqa.training.startup_messages import say_left_out, say_untested

THREE = {"train": 0.8, "validation": 0.1, "test": 0.1}


def labels(*counts: int) -> pd.DataFrame:
    """Return a table of so many clips of class a, of class b, ..."""
    names = [letter for letter, count in zip("abcdefgh", counts, strict=False) for _ in range(count)]
    return pd.DataFrame({"video": [f"{n}.avi" for n in range(len(names))], "label": names})


def read(table: pd.DataFrame, seed: int = 0, **options) -> pd.DataFrame:
    return read_annotations(DataConfig(), tables=[table], seed=seed, **options)


def counts(table: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Return split -> answer -> number of groups."""
    groups = table.groupby(["split", "answer"])["group"].nunique()
    return {split: groups[split].to_dict() for split in groups.index.levels[0]}


@pytest.mark.parametrize("seed", range(5))
def test_24_clips_of_four_classes_are_tested_and_validated_in_each(seed: int) -> None:
    found = counts(read(labels(6, 6, 6, 6), seed))
    assert found["test"] == found["validation"] == dict.fromkeys("abcd", 1)
    assert found["train"] == dict.fromkeys("abcd", 4)


@pytest.mark.parametrize(
    ("classes", "test", "validation"),
    [
        ((2, 2, 30), {"a": 1, "b": 1, "c": 2}, {"c": 4}),  # two clips: one to learn from, one to test on
        ((3, 40), {"a": 1, "b": 3}, {"b": 4}),
        ((4, 4, 4), {"a": 1, "b": 1, "c": 1}, {"a": 1, "b": 1, "c": 1}),
        ((1, 20, 20), {"b": 2, "c": 2}, {"b": 2, "c": 2}),  # a single clip is learned from
        ((100, 100), {"a": 10, "b": 10}, {"a": 10, "b": 10}),
        ((50, 30, 20), {"a": 5, "b": 3, "c": 2}, {"a": 5, "b": 3, "c": 2}),
        ((1, 1, 1), {"b": 1}, None),
    ],
)
def test_classes_have_their_shares_and_rare_ones_a_test_group(classes, test, validation) -> None:
    found = counts(read(labels(*classes)))
    assert sum(found["test"].values()) == sum(test.values())
    if validation is not None:
        assert found["test"] == test and found["validation"] == validation
    assert sum(found["train"].values()) >= 2


def test_groups_stay_whole_and_the_order_of_the_rows_does_not_matter() -> None:
    table = labels(12, 12, 12).assign(group=[f"g{number // 3}" for number in range(36)])
    split = read(table).set_index("video_id")["split"]
    assert (read(table).groupby("group")["split"].nunique() == 1).all()
    shuffled = read(table.sample(frac=1, random_state=1)).set_index("video_id")["split"]
    assert shuffled.sort_index().equals(split.sort_index())


def test_the_rarest_answer_of_a_clip_decides() -> None:
    rows = [(f"v{n}", "what is he doing", "abcd"[n % 4]) for n in range(24)]
    rows += [(f"v{n}", "is it day", ("yes", "no")[n < 12]) for n in range(24)]
    rows += [(f"v{n}", "who is it", f"person {n}") for n in range(24)]
    table = read(pd.DataFrame(rows, columns=["video", "question", "answer"]))
    doing = table[table["question"] == "what is he doing"]
    found = counts(doing)
    assert found["test"] == found["validation"] == dict.fromkeys("abcd", 1)
    strata = rarest_answers(table["group"], table["answer"])
    assert set(strata) == set("abcd") and strata.index.is_unique
    assert rarest_answers(pd.Series(["v", "w"]), pd.Series(["x", "y"])).tolist() == [ALONE, ALONE]


def test_many_rare_answers_of_questions_do_not_eat_up_the_training_split() -> None:
    answers = pd.Series([f"word {n // 4}" for n in range(400)])
    groups = pd.Series([f"v{n}" for n in range(400)])
    split = split_by_answer(groups, answers, THREE, classes=False)
    assert split.value_counts().to_dict() == {"train": 320, "validation": 40, "test": 40}
    split = split_by_answer(groups, answers + groups, THREE, classes=False)  # no answer occurs twice
    assert split.value_counts().to_dict() == {"train": 320, "validation": 40, "test": 40}


def test_spellings_of_one_answer_are_one_stratum() -> None:
    table = labels(6, 6).replace({"label": {"a": "Jump"}})
    table.loc[:2, "label"] = " jump "
    assert len(set(rarest_answers(table["video"], table["label"]))) == 2


def test_one_class_alone_is_split_as_ever() -> None:
    table = read(labels(40))
    assert table["split"].equals(split_by_group(table["group"], THREE, seed=0))


def test_an_earlier_draw_is_drawn_again_where_it_is_asked_for() -> None:
    table = read(labels(6, 6, 6, 6), seed=3, stratified=False)
    assert table["split"].equals(split_by_group(table["group"], THREE, seed=3))


def test_validation_drawn_from_own_splits_has_each_class_that_has_three_groups(tmp_path) -> None:
    table = read(labels(6, 6, 3, 2).assign(split=["train"] * 17))
    assert counts(attach_validation(table))["validation"] == {"a": 1, "b": 1, "c": 1}
    earlier = attach_validation(table, seed=4, stratified=False)["split"]
    assert earlier.equals(split_by_group(table["group"], {"train": 0.85, "validation": 0.15}, seed=4))
    table.attrs["sources"] = ["ucf101"]
    assert attach_validation(table, seed=4)["split"].equals(earlier), "a public set keeps its draw"


def test_the_built_in_set_keeps_its_splits(tmp_path) -> None:
    table = load_sample_table(tmp_path, num_clips=33, progress=False)
    assert attach_validation(read(table))["split"].tolist() == table["split"].tolist()


@pytest.mark.parametrize("num_folds", [2, 3, 7, 30])
def test_folds_share_the_groups_of_every_class_evenly(num_folds: int) -> None:
    table = labels(14, 9, 7)
    fold = folds_by_answer(table["video"], table["label"], num_folds, seed=1)
    assert set(fold) == set(range(1, num_folds + 1))
    per_fold = pd.crosstab(table["label"], fold)
    assert (per_fold.max(axis=1) - per_fold.min(axis=1)).max() <= 1
    assert per_fold.sum().max() - per_fold.sum().min() <= 1


@pytest.mark.parametrize(
    ("num_folds", "message"),
    [
        (1, "`cross_validate` must be an integer of at least 2. Received: cross_validate=1"),
        (2.5, "`cross_validate` must be an integer of at least 2"),
        (4, "`cross_validate` must be at most 3, the number of groups. Received: cross_validate=4"),
    ],
)
def test_more_folds_than_groups_are_refused(num_folds, message: str) -> None:
    groups = pd.Series(["g1", "g1", "g2", "g3"])
    with pytest.raises(ValueError, match=message):
        folds_by_answer(groups, pd.Series(list("abab")), num_folds)


def test_classes_without_test_rows_are_named(capsys) -> None:
    table = read(labels(1, 20, 1))
    say_left_out(table, True)
    assert "groups drawn, each answer's share in each split: train 18, validation 2, test 2" in (
        capsys.readouterr().err
    )
    assert say_untested(AnswerList(("b", "a", "c")), table, True) == ["a", "c"]
    assert "2 of 3 classes without a test row, so how well they are known stays open: a, c." in (
        capsys.readouterr().err
    )
    own = read(labels(3, 3).assign(split="train"))
    assert say_untested(AnswerList(("a", "b")), own, True) == [], "other data may be the test"
