"""Scores per class worked out by hand."""

import pytest

from videoqa.evaluation.class_metrics import class_scores, classes_not_tested, confused_pairs
from videoqa.evaluation.scores import format_score_table
from videoqa.reporting.verdict import verdict

# jump: 4 rows, 3 found, 1 taken for run. run: 2 rows, 1 found, 1 without an answer. sit: 1, taken for fly.
GOLD = ["jump", "jump", "jump", "jump", "run", "run", "sit"]
GIVEN = ["jump", "jump", "jump", "run", "run", None, "fly"]


def test_each_class() -> None:
    assert class_scores(GOLD, GIVEN)["per_class"] == {
        "jump": {"num_rows": 4, "precision": 1.0, "recall": 3 / 4, "f1": pytest.approx(6 / 7)},
        "run": {"num_rows": 2, "precision": 1 / 2, "recall": 1 / 2, "f1": 1 / 2},
        "sit": {"num_rows": 1, "precision": 0.0, "recall": 0.0, "f1": 0.0},  # never given
    }  # "fly" has no rows and so no entry


def test_means_are_over_the_classes_that_have_rows() -> None:
    scores = class_scores(GOLD, GIVEN)
    assert scores["macro_precision"] == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert scores["macro_recall"] == pytest.approx((3 / 4 + 1 / 2 + 0) / 3)
    assert scores["mean_class_accuracy"] == scores["macro_recall"]
    assert scores["macro_f1"] == pytest.approx((6 / 7 + 1 / 2 + 0) / 3)  # not 2 P R / (P + R) of the means


def test_classes_without_rows_are_named() -> None:
    scores = class_scores(["b", "b", "z"], ["b", "a", None], ["b", "a", "c"])
    assert scores["classes_without_rows"] == ["a", "c"]
    said = "2 of 4 classes have no row here, so the means leave them out: a, c."
    assert classes_not_tested(scores) == said
    table = {"task": "action", "num_rows": 3, "num_failed_videos": 0, "accuracy": 1 / 3, **scores}
    assert format_score_table(table).splitlines()[-1] == said
    assert verdict(table)[1][-1] == said
    assert classes_not_tested(class_scores(["b"], ["b"], ["b"])) == classes_not_tested({}) == ""
    many = classes_not_tested({"classes_without_rows": [f"c{n}" for n in range(50)]})
    assert many.endswith("c18, c19 and 30 more.")


def test_a_perfect_model() -> None:
    scores = class_scores(["a", "a", "b"], ["a", "a", "b"])
    assert {scores[name] for name in ("macro_precision", "macro_recall", "macro_f1")} == {1.0}


def test_pairs_come_by_frequency_then_name() -> None:
    gold, given = ["a", "a", "b", "c", "c", "b", "d"], ["b", "b", "a", "c", "a", None, "a"]
    assert confused_pairs(gold, given) == [
        {"gold": "a", "predicted": "b", "num_rows": 2},
        {"gold": "b", "predicted": "a", "num_rows": 1},
        {"gold": "c", "predicted": "a", "num_rows": 1},
        {"gold": "d", "predicted": "a", "num_rows": 1},
    ]
    assert len(confused_pairs([str(row) for row in range(50)], ["x"] * 50)) == 20
    assert confused_pairs(["a"], ["a"]) == []
