"""Groups, the prefix prior, classes and confused pairs as `score_table` reports them."""

import json

import pandas as pd
import pytest

from videoqa.evaluation.metrics import majority_answers, score_table
from videoqa.evaluation.row_marks import RowAnswers
from videoqa.text.question_prior import QuestionPrior

QUESTIONS = pd.DataFrame(
    [
        ("a", "is", "is it red?", "yes", "yes"),
        ("a", "is", "is it blue?", "no", "yes"),
        ("b", "colour", "what colour?", "red", "red"),
        ("b", "how", "how many?", "two", None),
        ("c", "colour", "what colour is it?", "blue", "red"),
    ],
    columns=["video_id", "question_type", "question", "answer", "predicted"],
)
LABELS = pd.DataFrame(
    [
        ("a", "Jump", "Jump", "ok"),
        ("b", "Jump", "Run", "ok"),
        ("c", "Run", "run", "ok"),  # the spelling does not matter
        ("d", "Sit", "Jump", "ok"),
        ("e", "Run", "Run", "failed"),
        ("f", "Fly", "Fly", "ok"),  # the model cannot give it
    ],
    columns=["video_id", "answer", "predicted", "status"],
).assign(question_type="action")


def scores_of(table: pd.DataFrame, vocabulary: list[str], **options) -> dict:
    return score_table(
        table, RowAnswers(list(table["predicted"])), majority=majority_answers(table),
        answer_vocabulary=vocabulary, **options,
    )  # fmt: skip


def test_groups_of_question_types() -> None:
    groups = {"free": ["is", "how"], "colours": ["colour"], "absent": ["who"]}
    scores = scores_of(QUESTIONS, ["yes", "no", "red", "two"], score_groups=groups)["by_group"]
    assert list(scores) == ["free", "colours", "absent"]
    assert (scores["free"]["num_rows"], scores["free"]["accuracy"]) == (3, 1 / 3)
    assert (scores["colours"]["num_rows"], scores["colours"]["accuracy"]) == (2, 1 / 2)
    assert scores["colours"]["share_in_vocabulary"] == 1 / 2
    assert scores["free"]["accuracy_interval"] == [0, 1]  # of a 1 of 2, of b 0 of 1: worth one trial
    assert scores["absent"]["num_rows"] == 0 and scores["absent"]["accuracy"] is None
    assert scores_of(QUESTIONS, ["yes", "no"])["by_group"] == {}


def test_groups_of_labels() -> None:
    groups = {"legs": ["jump", "Run"], "still": ["Sit"]}
    scores = scores_of(LABELS, ["Jump", "Run", "Sit"], task="action", score_groups=groups)["by_group"]
    assert (scores["legs"]["num_rows"], scores["legs"]["accuracy"]) == (4, 2 / 4)
    assert scores["legs"]["num_failed_videos"] == 1
    assert (scores["still"]["num_rows"], scores["still"]["accuracy"]) == (1, 0)


def test_the_prefix_prior() -> None:
    prior = QuestionPrior({"": "no", "is": "yes", "what colour is": "blue"})
    scores = scores_of(QUESTIONS, ["yes", "no"], question_prior=prior)
    # yes (right), yes, no, no, blue (right, though the model cannot give it)
    assert scores["prefix_prior_accuracy"] == 2 / 5
    assert scores["by_question_type"]["is"]["prefix_prior_accuracy"] == 1 / 2
    assert scores_of(QUESTIONS, ["yes", "no"])["prefix_prior_accuracy"] is None
    with pytest.raises(ValueError, match="Missing: 'question'"):
        scores_of(QUESTIONS.drop(columns="question"), ["yes", "no"], question_prior=prior)


def test_classes_of_an_action_model() -> None:
    scores = scores_of(LABELS, ["Jump", "Run", "Sit"], task="action")
    assert scores["task"] == "action" and list(scores["per_class"]) == ["Fly", "Jump", "Run", "Sit"]
    assert scores["per_class"]["Run"] == {"num_rows": 2, "precision": 0.5, "recall": 0.5, "f1": 0.5}
    assert scores["per_class"]["Jump"]["precision"] == 1 / 2
    assert scores["mean_class_accuracy"] == pytest.approx((0 + 1 / 2 + 1 / 2 + 0) / 4)
    assert scores["accuracy"] == 2 / 6
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores


def test_questions_have_no_classes() -> None:
    assert not {"per_class", "macro_f1"} & set(scores_of(QUESTIONS, ["yes", "no"]))


def test_confused_pairs_leave_out_what_is_no_answer() -> None:
    pairs = scores_of(LABELS, ["Jump", "Run", "Sit"], task="action")["confused_pairs"]
    assert pairs == [
        {"gold": "Jump", "predicted": "Run", "num_rows": 1},
        {"gold": "Sit", "predicted": "Jump", "num_rows": 1},
    ]
    pairs = scores_of(QUESTIONS, ["yes", "no", "red", "two"])["confused_pairs"]
    assert [(pair["gold"], pair["predicted"]) for pair in pairs] == [("blue", "red"), ("no", "yes")]
