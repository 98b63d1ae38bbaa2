"""Scores against numbers worked out by hand."""

import json

import pandas as pd
import pytest

from videoqa.evaluation.metrics import majority_answer, majority_answers, score_table
from videoqa.evaluation.row_marks import RowAnswers, correct_answers

# Training: "yes" 3 x, "red" 2 x, "blue" and "wave" 1 x; so "yes", of `colour` "red", of `what` "wave".
TRAIN = pd.DataFrame(
    {
        "answer": ["yes", "yes", "yes", "red", "red", "blue", "wave"],
        "question_type": ["is", "is", "is", "colour", "colour", "colour", "what"],
    }
)
VOCABULARY = ["yes", "no", "red", "blue"]
#          video  type     answer   predicted  blind   status
ROWS = [
    ("a.avi", "is", "yes", "yes", "yes", "ok"),
    ("a.avi", "is", "no", "no", "yes", "ok"),
    ("b.avi", "is", "no", "no", "no", "failed"),  # right by chance, but its video failed
    ("a.avi", "colour", "red", "red", "blue", "short_header"),
    ("c.avi", "colour", "green", "red", "red", "ok"),  # outside the vocabulary
    ("b.avi", "colour", "blue", None, "red", "failed"),
    ("c.avi", "how", "yes", "no", "yes", "ok"),  # a type that training never had
    ("d.avi", "how", "two", "two", "two", "ok"),  # cannot be said by a model with this vocabulary
]
# One row of three is right for one model alone, either way: shares of 1/3, which may be 0 to 1: two videos
# are worth one trial here. The correlation of two such shares is -1/2.
GAIN_REACH = ((1 / 3) ** 2 + (2 / 3) ** 2 + (1 / 3) * (2 / 3)) ** 0.5


@pytest.fixture
def table() -> pd.DataFrame:
    columns = ["video_id", "question_type", "answer", "predicted", "blind", "status"]
    return pd.DataFrame(ROWS, columns=columns)


def scores_of(table: pd.DataFrame, blind: bool = True, train: pd.DataFrame = TRAIN) -> dict:
    return score_table(
        table,
        RowAnswers(list(table["predicted"]), blind=list(table["blind"]) if blind else None),
        majority=majority_answers(train),
        answer_vocabulary=VOCABULARY,
    )


def test_total_scores(table: pd.DataFrame) -> None:
    scores = scores_of(table)
    assert scores["num_rows"] == 8 and scores["num_videos"] == 4 and scores["task"] == "open_ended"
    assert scores["num_failed_videos"] == 1  # two rows, one video
    assert scores["accuracy"] == 3 / 8
    assert scores["majority_answer"] == "yes"
    assert scores["majority_accuracy"] == 2 / 8
    assert scores["majority_per_type_accuracy"] == 3 / 8  # yes, red, and "yes" for the unseen type
    assert scores["blind_accuracy"] == 3 / 8  # the third row needs no video; "two" is outside the vocabulary
    assert scores["video_gain"] == 0
    assert scores["share_in_vocabulary"] == 6 / 8


def test_scores_of_one_type(table: pd.DataFrame) -> None:
    assert scores_of(table)["by_question_type"]["is"] == {
        "num_rows": 3,
        "num_failed_videos": 1,
        "accuracy": 2 / 3,
        "accuracy_interval": [0.0, 1.0],  # of two videos: with so few nothing is known
        "majority_answer": "yes",
        "majority_accuracy": 1 / 3,
        "majority_per_type_accuracy": 1 / 3,
        "majority_per_type_answer": "yes",
        "prefix_prior_accuracy": None,
        "blind_accuracy": 2 / 3,
        "blind_accuracy_interval": [0.0, 1.0],
        "video_gain": 0.0,
        "video_gain_interval": pytest.approx([-GAIN_REACH, GAIN_REACH]),
        "share_in_vocabulary": 1.0,
        "accuracy_at_5": None,
        "accuracy_at_10": None,
        "soft_accuracy_2": None,
        "soft_accuracy_3": None,
    }


def test_majority_of_each_type(table: pd.DataFrame) -> None:
    types = scores_of(table)["by_question_type"]
    assert types["colour"]["majority_per_type_answer"] == "red"
    assert types["colour"]["majority_accuracy"] == 0
    assert types["colour"]["majority_per_type_accuracy"] == 1 / 3
    assert types["colour"]["video_gain"] == 1 / 3
    assert types["how"]["majority_per_type_answer"] == "yes"
    assert types["how"]["majority_per_type_accuracy"] == 1 / 2


def test_type_seen_only_in_training_has_no_scores(table: pd.DataFrame) -> None:
    empty = scores_of(table)["by_question_type"]["what"]
    assert empty["num_rows"] == 0 and empty["num_failed_videos"] == 0
    counts = ("num_rows", "num_failed_videos", "majority_answer", "majority_per_type_answer")
    assert {value for field, value in empty.items() if field not in counts} == {None}


def test_types_share_the_rows(table: pd.DataFrame) -> None:
    scores = scores_of(table)
    types = scores["by_question_type"].values()
    assert sum(entry["num_rows"] for entry in types) == 8
    right = sum(entry["num_rows"] * entry["accuracy"] for entry in types if entry["num_rows"])
    assert right == pytest.approx(8 * scores["accuracy"])


def test_without_a_blind_model(table: pd.DataFrame) -> None:
    scores = scores_of(table, blind=False)
    assert scores["blind_accuracy"] is None and scores["video_gain"] is None
    assert scores["by_question_type"]["is"]["video_gain"] is None


def test_without_training_answers(table: pd.DataFrame) -> None:
    scores = scores_of(table, train=TRAIN.iloc[:0])
    assert scores["majority_answer"] is None
    assert scores["majority_accuracy"] is None and scores["majority_per_type_accuracy"] is None
    assert scores["accuracy"] == 3 / 8


def test_scores_are_strict_json(table: pd.DataFrame) -> None:
    scores = scores_of(table)
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores


def test_table_without_status_and_with_another_index(table: pd.DataFrame) -> None:
    scores = scores_of(table.drop(columns="status").set_index(pd.Index(range(100, 108))))
    assert scores["num_failed_videos"] == 0
    assert scores["accuracy"] == 4 / 8


def test_missing_question_type_is_a_type_of_its_own(table: pd.DataFrame) -> None:
    table.loc[6:7, "question_type"] = None
    types = scores_of(table)["by_question_type"]
    assert types[""]["num_rows"] == 2


def test_several_answers_are_scored_against_the_first(table: pd.DataFrame) -> None:
    table["answers"] = [["yes", "no"]] * len(table)
    assert scores_of(table)["accuracy"] == 3 / 8


def test_majority_answer_breaks_ties_in_sorted_order() -> None:
    assert majority_answer(["b", "a", "c", "b", "a"]) == "a"
    assert majority_answer(["b"]) == "b"
    assert majority_answer([]) is None


def test_majority_answers_are_strict_json() -> None:
    expected = {"answer": "yes", "by_question_type": {"colour": "red", "is": "yes", "what": "wave"}}
    assert json.loads(json.dumps(majority_answers(TRAIN), allow_nan=False)) == expected
    assert majority_answers(TRAIN.iloc[:0]) == {"answer": None, "by_question_type": {}}


def test_spelling_variants_are_one_answer(table: pd.DataFrame) -> None:
    table.loc[0, "answer"], table.loc[1, "predicted"], table.loc[3, "blind"] = "YES", "  No ", "Red"
    scores = scores_of(table, train=TRAIN.replace("yes", "Yes "))
    assert scores["accuracy"] == 3 / 8
    assert scores["blind_accuracy"] == 4 / 8
    assert scores["majority_accuracy"] == 2 / 8
    assert majority_answer(["Push-ups", "push-ups", "punch"]) == "Push-ups"


def test_a_missing_answer_is_never_correct() -> None:
    assert correct_answers(["a", "b", None, "d"], ["a", "x", "c", "D"]).tolist() == [True, False, False, True]


def test_refusals(table: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="at least one row. Received: 0 rows"):
        scores_of(table.iloc[:0])
    with pytest.raises(ValueError, match="Missing: 'question_type'. Found: 'video_id'"):
        scores_of(table.drop(columns="question_type"))
    with pytest.raises(ValueError, match="Missing: 'answer'. Found: 'question_type'"):
        scores_of(table, train=TRAIN[["question_type"]])
    with pytest.raises(ValueError, match="predicted with 1, blind with 8"):
        score_table(
            table,
            RowAnswers(["yes"], blind=list(table["blind"])),
            majority=majority_answers(TRAIN),
            answer_vocabulary=VOCABULARY,
        )
