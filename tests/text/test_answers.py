import json

import numpy as np
import pytest

from videoqa.text.answers import AnswerList, build_answer_list


def test_answers_are_ordered_by_frequency_then_first_row():
    answers = ["no", "yes", "two", "yes", "red", "No "]
    assert build_answer_list(answers).answers == ("no", "yes", "two", "red")
    assert build_answer_list(answers, num_answers=3).answers == ("no", "yes", "two")


def test_spellings_are_one_answer_shown_as_most_often_written():
    answers = build_answer_list(["Push Ups", "push  ups", "Push Ups", "YoYo"])
    assert answers.answers == ("Push Ups", "YoYo")
    assert answers.encode(["PUSH UPS", "yoyo", "jump", ""]).tolist() == [0, 1, -1, -1]


def test_encode_gives_int32_also_of_nothing():
    answers = AnswerList(("no", "yes"))
    assert answers.encode(["yes"]).dtype == np.int32
    assert answers.encode([]).shape == (0,)
    assert len(answers) == 2


@pytest.mark.parametrize("answers", [[], ["yes"], ["yes", "Yes", " yes"], ["yes", "", " "]])
def test_fewer_than_two_different_answers_are_refused(answers):
    with pytest.raises(ValueError, match="`training answers` must hold at least two different answers"):
        build_answer_list(answers)


def test_build_refuses_one_class():
    with pytest.raises(ValueError, match="`num_answers` must be an integer of at least 2"):
        build_answer_list(["yes", "no"], num_answers=1)


@pytest.mark.parametrize(
    "answers, message",
    [
        (("yes",), "hold at least two"),
        (("yes", "Yes"), "be distinct texts, none of them blank. Received: answers='Yes'"),
        (("yes", " "), "none of them blank"),
        (("yes", 2), "be distinct texts"),
    ],
)
def test_answer_list_refuses(answers, message):
    with pytest.raises(ValueError, match=message):
        AnswerList(answers)


def test_save_and_load(tmp_path):
    answers = AnswerList(("zwei", "Bär"))
    answers.save(tmp_path / "a.json")
    assert AnswerList.load(tmp_path / "a.json") == answers
    (tmp_path / "a.json").write_text('{"answers": ["yes"]}', "utf-8")
    with pytest.raises(ValueError, match="a.json: `answers` must hold at least two"):
        AnswerList.load(tmp_path / "a.json")


@pytest.mark.real_data
def test_the_thousand_most_frequent_training_answers_cover_91_percent_of_msvd_test_rows(real_data):
    folder = real_data / "annotations" / "msvd-qa"
    train, test = (
        [row["answer"] for row in json.loads((folder / f"{split}_qa.json").read_text("utf-8"))]
        for split in ("train", "test")
    )
    covered = build_answer_list(train, num_answers=1000).encode(test) >= 0
    assert covered.mean() == pytest.approx(0.9108, abs=2e-4)
