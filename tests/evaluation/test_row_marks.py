"""Ranks, accuracy at k and soft accuracies, worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from videoqa.evaluation.metrics import score_table
from videoqa.evaluation.row_marks import RowAnswers, ranks_of_gold, soft_marks

NO_MAJORITY = {"answer": None, "by_question_type": {}}
LETTERS = list("abcdefghijkl")


def scores_of(table: pd.DataFrame, predicted: list, vocabulary: list = LETTERS, **options) -> dict:
    table = table.assign(video_id=[f"v{row}" for row in range(len(table))], question_type="what")
    return score_table(
        table, RowAnswers(predicted, **options), majority=NO_MAJORITY, answer_vocabulary=vocabulary,
    )  # fmt: skip


def test_ranks_count_the_better_answers() -> None:
    probabilities = np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.2, 0.2, 0.6], [0.2, 0.2, 0.6]])
    assert ranks_of_gold(probabilities, np.array([0, 2, 0, 1])).tolist() == [1, 3, 2, 3]


def test_ranks_agree_with_argmax_on_ties() -> None:
    probabilities = np.array([[0.5, 0.5], [0.5, 0.5]])
    assert ranks_of_gold(probabilities, np.array([0, 1])).tolist() == [1, 2]


def test_no_rank_outside_the_vocabulary_or_without_video() -> None:
    probabilities = np.array([[0.9, 0.1], [0, 0]], np.float32)
    assert ranks_of_gold(probabilities, np.array([-1, 0])).tolist() == [0, 0]


def test_accuracy_at_k() -> None:
    table = pd.DataFrame({"answer": list("abcdef"), "status": ["ok"] * 5 + ["failed"]})
    ranks = np.array([1, 5, 6, 10, 11, 1])  # the last row's video failed
    scores = scores_of(table, ["a"] * 6, gold_ranks=ranks)
    assert scores["accuracy"] == 1 / 6
    assert scores["accuracy_at_5"] == 2 / 6 and scores["accuracy_at_10"] == 4 / 6
    unknown = scores_of(table, ["a"] * 6, gold_ranks=np.array([1, 0, 0, 0, 0, 0]))
    assert unknown["accuracy_at_10"] == 1 / 6


def test_accuracy_at_k_needs_more_than_k_answers_and_ranks() -> None:
    table, ranks = pd.DataFrame({"answer": ["a"]}), np.array([1])
    assert scores_of(table, ["a"], LETTERS[:5], gold_ranks=ranks)["accuracy_at_5"] is None
    six = scores_of(table, ["a"], LETTERS[:6], gold_ranks=ranks)
    assert six["accuracy_at_5"] == 1 and six["accuracy_at_10"] is None
    assert scores_of(table, ["a"])["accuracy_at_5"] is None


def test_soft_accuracies() -> None:
    answers = [["a", "a", "b", "A "], ["a", "b", "b"], ["c", "d"], ["a", "b"], ["a", "a"]]
    table = pd.DataFrame({"answer": list("abcaa"), "answers": answers, "status": ["ok"] * 4 + ["failed"]})
    scores = scores_of(table, ["a", "a", "z", None, "a"])
    # n of the five rows: 3, 1, 0 (not in the vocabulary), 0 (no answer), 0 (no video)
    assert scores["soft_accuracy_2"] == pytest.approx((1 + 1 / 2) / 5)
    assert scores["soft_accuracy_3"] == pytest.approx((1 + 1 / 3) / 5)
    assert scores["accuracy"] == 1 / 5


def test_an_annotator_may_agree_with_an_answer_that_is_not_the_gold_one() -> None:
    table = pd.DataFrame({"answer": ["unsaid"], "answers": [["unsaid", "unsaid", "b", "b"]]})
    scores = scores_of(table, ["b"])
    assert scores["accuracy"] == 0 and scores["soft_accuracy_2"] == 1
    assert scores["soft_accuracy_3"] == pytest.approx(2 / 3)


def test_rows_of_one_annotator_have_no_soft_accuracy() -> None:
    table = pd.DataFrame({"answer": ["a", "a"], "answers": [["a"], []]})
    assert (
        soft_marks(["a", "a"], table, 2) is None and scores_of(table, ["a", "a"])["soft_accuracy_2"] is None
    )
    assert soft_marks(["a", "a"], table[["answer"]], 2) is None
    mixed = pd.DataFrame({"answer": ["a", "a"], "answers": [["a"], ["a", "b"]]})
    assert scores_of(mixed, ["b", "a"])["soft_accuracy_2"] == 1 / 2  # of the second row alone
