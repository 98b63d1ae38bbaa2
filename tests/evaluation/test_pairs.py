"""Pair accuracy: both clips of a pair right, in total, by type and by group."""

import itertools

import numpy as np
import pandas as pd
import pytest

from videoqa.evaluation.exact_intervals import clopper_pearson
from videoqa.evaluation.metrics import score_table
from videoqa.evaluation.pairs import find_pairs
from videoqa.evaluation.row_marks import RowAnswers
from videoqa.evaluation.scores import format_score_table

#        pair  video    question              answer     predicted
ROWS = [
    ("1", "a.mp4", "What is he doing?", "loading", "loading"),
    ("1", "b.mp4", "what is  he doing?", "unloading", "unloading"),  # spelled otherwise, the same question
    ("1", "a.mp4", "is he waving?", "no", "no"),
    ("1", "b.mp4", "is he waving?", "no", "yes"),
    ("2", "c.mp4", "what is he doing?", "entering", "entering"),
    ("2", "d.mp4", "what is he doing?", "leaving", "entering"),  # does not see the order
    ("2", "c.mp4", "is he waving?", "no", "no"),
    ("2", "d.mp4", "is he waving?", "no", "no"),
    ("3", "e.mp4", "what is he doing?", "loading", "loading"),  # its partner is in another split
    ("", "f.mp4", "what is he doing?", "waving", "waving"),
    ("", "g.mp4", "what is he doing?", "waving", "loading"),
]


@pytest.fixture
def table() -> pd.DataFrame:
    table = pd.DataFrame(ROWS, columns=["pair", "video_id", "question", "answer", "predicted"])
    return table.assign(question_type=table["question"].str.split().str[0].str.lower())


def scores_of(table: pd.DataFrame, **options) -> dict:
    return score_table(
        table,
        RowAnswers(list(table["predicted"])),
        majority={"answer": "no", "by_question_type": {}},
        answer_vocabulary=sorted(set(table["answer"]) | {"yes"}),
        **options,
    )


def test_both_clips_of_a_pair_must_be_right(table: pd.DataFrame) -> None:
    scores = scores_of(table, score_groups={"doing": ["what"], "none": ["who"]})
    assert scores["accuracy"] == 8 / 11
    assert (scores["num_pairs"], scores["pair_accuracy"]) == (4, 2 / 4)
    assert (scores["num_differing_pairs"], scores["differing_pair_accuracy"]) == (2, 1 / 2)
    assert scores["num_rows_without_pair"] == 1
    what, is_, doing = (
        scores["by_question_type"]["what"], scores["by_question_type"]["is"], scores["by_group"]["doing"],
    )  # fmt: skip
    assert (what["num_pairs"], what["pair_accuracy"], what["differing_pair_accuracy"]) == (2, 0.5, 0.5)
    assert (is_["num_pairs"], is_["pair_accuracy"], is_["num_differing_pairs"]) == (2, 0.5, 0)
    assert is_["differing_pair_accuracy"] is None and is_["differing_pair_accuracy_interval"] is None
    assert doing["pair_accuracy"] == 0.5 and scores["by_group"]["none"]["num_pairs"] == 0


def test_the_interval_is_that_of_groups(table: pd.DataFrame) -> None:
    # two groups with two pairs each, of which one has one right and the other one as well
    assert scores_of(table)["pair_accuracy_interval"] == pytest.approx(clopper_pearson(1, 2))
    rows = [(f"{number}", f"{number}{half}.mp4", "", half, half) for number in range(5) for half in "ab"]
    right = pd.DataFrame(rows, columns=["pair", "video_id", "question", "answer", "predicted"])
    right = right.assign(question_type="action")
    scores = scores_of(right, task="action")
    assert scores["pair_accuracy"] == 1
    assert scores["pair_accuracy_interval"] == pytest.approx(clopper_pearson(5, 5)), "one trial for each pair"
    assert scores["accuracy_interval"] == pytest.approx(clopper_pearson(10, 10))
    joined = scores_of(right.assign(group=["x"] * 8 + ["y"] * 2), task="action")
    assert joined["pair_accuracy_interval"] == pytest.approx(clopper_pearson(2, 2)), "for each group"


def test_many_pairs_have_the_interval_of_the_bootstrap() -> None:
    rows = [(f"{n}", f"{n}{half}.mp4", "", half, half if n % 2 else "a") for n in range(80) for half in "ab"]
    table = pd.DataFrame(rows, columns=["pair", "video_id", "question", "answer", "predicted"])
    scores = scores_of(table.assign(question_type="action"), task="action")
    assert (scores["accuracy"], scores["pair_accuracy"]) == (0.75, 0.5)
    reach = 1.96 * (0.5 * 0.5 / 80) ** 0.5
    assert scores["pair_accuracy_interval"] == pytest.approx([0.5 - reach, 0.5 + reach], abs=0.02)


def test_a_failed_video_and_an_answer_that_cannot_be_given_break_a_pair(table: pd.DataFrame) -> None:
    failed = scores_of(table.assign(status=["failed", *["ok"] * 10]))
    assert failed["by_question_type"]["what"]["pair_accuracy"] == 0
    unknown = table.assign(predicted=table["answer"].where(table.index != 1, None))
    assert scores_of(unknown)["pair_accuracy"] == 3 / 4


def test_three_clips_may_share_a_pair() -> None:
    for marks in itertools.product((True, False), repeat=3):
        rows = [
            ("1", f"{n}.mp4", "order?", "abc"[n], "abc"[n] if mark else "z") for n, mark in enumerate(marks)
        ]
        table = pd.DataFrame(rows, columns=["pair", "video_id", "question", "answer", "predicted"])
        scores = scores_of(table.assign(question_type="order"))
        assert (scores["num_pairs"], scores["pair_accuracy"]) == (1, float(all(marks)))


def test_two_segments_are_two_clips_and_one_clip_asked_twice_is_none() -> None:
    twice = pd.DataFrame({"pair": "1", "video_id": ["a.mp4"] * 2, "question": "what", "answer": ["x", "y"]})
    assert find_pairs(twice) is None
    assert find_pairs(twice.assign(start_seconds=[np.nan, 2.5])).differing.tolist() == [True]
    assert find_pairs(twice.drop(columns="pair")) is None
    assert find_pairs(twice.assign(pair="", video_id=["a.mp4", "b.mp4"])) is None


def test_data_without_pairs_has_no_such_field(table: pd.DataFrame) -> None:
    for other in (table.drop(columns="pair"), table.assign(pair="")):
        scores = scores_of(other)
        assert not [name for name in scores if "pair" in name and name != "confused_pairs"]
        assert "Pairs" not in format_score_table(scores)


def test_pair_accuracy_is_printed_beside_accuracy(table: pd.DataFrame) -> None:
    scores = scores_of(table, score_groups={"doing": ["what"]})
    lines = format_score_table(scores).splitlines()
    start = lines.index("Pairs of clips that show the same things in another order, both of them right:")
    cells = [" ".join(line.split()) for line in lines[start + 1 :]]
    assert cells[0] == (
        "type rows pairs accuracy pair accuracy 95 % interval that differ pair accuracy 95 % interval"
    )
    assert cells[2] == "is 4 2 75.00 50.00 1.3 to 98.7 0 - -"
    assert cells[-2] == "all 11 4 72.73 50.00 1.3 to 98.7 2 50.00 1.3 to 98.7"
    assert cells[-1] == "rows with a pair of which no other clip here is asked the same: 1"
    assert max(map(len, lines)) <= 110
