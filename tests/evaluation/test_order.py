"""Clips forwards, backwards and shuffled, by models whose answers are known."""

import json

import keras
import numpy as np
import pandas as pd
import pytest

from videoqa.evaluation.exact_intervals import clopper_pearson
from videoqa.evaluation.order import opposites_of
from videoqa.evaluation.scoring import Scored, score_examples
from videoqa.input_pipeline import Examples
from videoqa.text.answers import AnswerList

A, B = [1.0, 0.0], [0.0, 1.0]
UP, DOWN = [B, B, A], [A, B, B]
"""The same frames in opposite order; their last ones are "a" and "b"."""
DECLARED = {"a": "b", "B": "a"}
DO_NOT = "These answers do not depend on the order of the frames"


def examples_of(clips: list[list[list[float]]]) -> Examples:
    """Return one example per clip, each frame of which is its probabilities of the answers "a" and "b"."""
    grids = [np.array(clip, np.float16) for clip in clips]
    return Examples(grids, np.arange(len(grids)), None, np.zeros(len(grids), np.int32), 3)


def model_of(name: str) -> keras.Model:
    """Return a model whose answer is the last frame of a window, or the mean of its frames."""
    features = keras.Input((None, 2), name="features")
    last = keras.ops.take(features, -1, axis=1)
    mean = keras.layers.GlobalAveragePooling1D()(features)
    return keras.Model({"features": features}, last if name == "last" else mean)


def rows_of(answers: str, **columns: object) -> pd.DataFrame:
    """Return annotation rows, one group each."""
    names = [f"{number}.avi" for number in range(len(answers))]
    rows = pd.DataFrame({"video_id": names, "group": names, "answer": list(answers)})
    return rows.assign(**{"question_type": "action", "status": "ok", "error": "", **columns})


def scored_by(
    name: str, clips: list[list[list[float]]], rows: pd.DataFrame, known: str = "ab", **options: object
) -> Scored:
    examples = examples_of(clips)
    examples.clip_index[(rows["status"] == "failed").to_numpy()] = -1
    return score_examples(
        rows, examples, model_of(name), blind=None, answers=AnswerList(tuple(known)),
        majority={"answer": "a", "by_question_type": {}}, opposites=opposites_of(rows, DECLARED), **options,
    )  # fmt: skip


CLIPS, TRUE = [UP, DOWN, UP, [A, A, A], [B, B, A], DOWN], "abaabb"
"""Their last frames are a, b, a, a, a, b, and their first ones b, a, b, a, b, a."""


def test_both_ways_by_hand() -> None:
    scored = scored_by("last", CLIPS, rows_of(TRUE))
    order, rows = scored.scores["order"], scored.predictions
    assert rows["opposite"].tolist() == list("babbaa")
    assert rows["backwards_answer"].tolist() == list("babaaa"[:4] + "ba")
    assert rows["backwards_correct"].tolist() == [True, True, True, False, False, True]
    assert (order["num_rows"], order["num_groups"], order["num_left_out"]) == (6, 6, 0)
    assert order["forwards_accuracy"] == 5 / 6 and order["backwards_accuracy"] == 4 / 6
    assert order["both_ways_accuracy"] == 9 / 12 and order["both_right"] == 4 / 6
    assert order["both_exchanged"] == 1 / 6 and order["changed_answers"] == 5 / 6
    assert order["order_gain"] == 3 / 6 and order["order_gain_interval"][0] < 0
    assert order["both_right_interval"] == pytest.approx(clopper_pearson(4, 6))
    assert (
        order["depends_on_order"] is None and "cannot be told from 6 rows of 6 groups" in order["conclusion"]
    )
    assert list(order["by_opposites"]) == ["a / b"]
    assert order["by_opposites"]["a / b"]["both_right"] == order["both_right"]
    assert json.loads(json.dumps(order, allow_nan=False)) == order


def test_balanced_accuracy_is_the_mean_over_the_answers() -> None:
    order = scored_by("last", [UP, UP, UP, DOWN, UP], rows_of("aaabb")).scores["order"]
    assert order["forwards_accuracy"] == 4 / 5
    assert order["balanced_forwards_accuracy"] == pytest.approx((3 / 3 + 1 / 2) / 2)
    low, high = order["balanced_forwards_accuracy_interval"]
    assert low < 3 / 4 < high
