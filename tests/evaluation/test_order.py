"""Clips forwards, backwards and shuffled, by models whose answers are known."""

import json
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

import videoqa
from videoqa.answering.ask import SHIPPED_MODEL
from videoqa.evaluation.evaluated import EvaluatedModel, EvaluatedRows
from videoqa.evaluation.exact_intervals import clopper_pearson
from videoqa.evaluation.order import answer_in_other_orders, opposites_of
from videoqa.evaluation.order_scores import order_scores
from videoqa.evaluation.row_marks import RowAnswers
from videoqa.evaluation.rows import rows_to_score
from videoqa.evaluation.scores import format_score_table
from videoqa.evaluation.scoring import Scored, score_examples
from videoqa.evaluation.views import change_view
from videoqa.input_pipeline import Examples, make_examples
from videoqa.saving import load_model_folder
from videoqa.text.answers import AnswerList
from videoqa.trust.trust import Thresholds

A, B = [1.0, 0.0], [0.0, 1.0]
UP, DOWN = [B, B, A], [A, B, B]
"""The same frames in opposite order; their last ones are "a" and "b"."""
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
    rows["opposite"] = rows["answer"].map({"a": "b", "b": "a"})
    return rows.assign(**{"question_type": "action", "status": "ok", "error": "", **columns})


def evaluated_model(name: str, known: str = "ab") -> EvaluatedModel:
    """Return the model of a name, which can give the answers `known`."""
    return EvaluatedModel(model_of(name), AnswerList(tuple(known)), {"answer": "a", "by_question_type": {}})


def scored_by(
    name: str, clips: list[list[list[float]]], rows: pd.DataFrame, known: str = "ab", **options: object
) -> Scored:
    examples = examples_of(clips)
    examples.clip_index[(rows["status"] == "failed").to_numpy()] = -1
    evaluated = EvaluatedRows(rows, examples, opposites=opposites_of(rows))
    return score_examples(evaluated, evaluated_model(name, known), **options)


CLIPS, TRUE = [UP, DOWN, UP, [A, A, A], [B, B, A], DOWN], "abaabb"
"""Their last frames are a, b, a, a, a, b, and their first ones b, a, b, a, b, a."""


def test_both_ways_by_hand() -> None:
    scored = scored_by("last", CLIPS, rows_of(TRUE))
    order, rows = scored.scores["order"], scored.predictions
    assert rows["opposite"].tolist() == list("babbaa")
    assert rows["backwards_answer"].tolist() == list("bababa")
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


def test_a_bag_of_frames_gives_every_clip_the_same_answer_backwards() -> None:
    order = scored_by("mean", CLIPS, rows_of(TRUE)).scores["order"]
    assert order["depends_on_order"] is False
    assert order["conclusion"] == f"{DO_NOT}: every clip gets the same one backwards as forwards."
    assert order["both_right"] == order["both_exchanged"] == order["changed_answers"] == 0
    assert order["both_ways_accuracy"] == 1 / 2, "one of the two opposites is right"
    assert order["shuffled_accuracy"] == order["forwards_accuracy"]


def test_a_model_that_sees_the_order_is_not_said_to_be_blind_to_it() -> None:
    scores = scored_by("last", [UP, DOWN] * 6, rows_of("ab" * 6)).scores
    assert scores["order"]["depends_on_order"] is True and scores["order"]["both_right"] == 1
    assert "do not depend" not in format_score_table(scores)


def test_shuffled_clips_are_scored_in_several_orders() -> None:
    examples, rows = examples_of(CLIPS), rows_of(TRUE)
    shares = scored_by("last", CLIPS, rows, seed=4).predictions["shuffled_accuracy"]
    right = []
    for seed in (4, 5, 6):
        clips = change_view(examples, shuffle_frames=True, single_frame=False, seed=seed).clips
        right.append(["ab"[int(clips[place][-1].argmax())] == TRUE[place] for place in range(6)])
    assert shares.tolist() == pytest.approx(np.mean(right, axis=0))
    assert 0 < shares.mean() < 1


def test_a_video_that_cannot_be_read_is_wrong_both_ways_and_changes_nothing() -> None:
    rows = rows_of(TRUE, status=["failed", *["ok"] * 5])
    scored = scored_by("last", CLIPS, rows)
    order = scored.scores["order"]
    assert order["num_rows"] == 6 and order["both_right"] == 3 / 6
    assert order["changed_answers"] == 4 / 5 and order["shuffled_accuracy"] < 5 / 6
    every = scored_by("last", CLIPS, rows.assign(status="failed")).scores["order"]
    assert every["changed_answers"] is None and every["both_right"] == 0
    assert every["conclusion"].endswith("cannot be told: no clip could be read.")


def test_rows_that_the_model_cannot_answer_both_ways_are_left_out() -> None:
    """It never answers "c": that it is wrong of both clips says nothing about the order."""
    rows = rows_of("abca", opposite=["b", "a", "a", "c"])
    scored = scored_by("last", [UP, DOWN, UP, UP], rows)
    order = scored.scores["order"]
    assert (order["num_rows"], order["num_left_out"]) == (2, 2) and order["both_right"] == 1
    assert scored.predictions["backwards_correct"].isna().tolist() == [False, False, True, True]
    assert "cannot give the answer or its opposite: 2" in format_score_table(scored.scores)
    none = scored_by("last", [UP], rows_of("a", opposite="c")).scores
    assert none["order"]["num_rows"] == 0 and none["order"]["both_right"] is None
    shown = " ".join(format_score_table(none).split())
    assert shown.endswith("cannot be told: the model can give no answer together with its opposite.")
    assert json.loads(json.dumps(none["order"], allow_nan=False)) == none["order"]


def test_rows_without_an_opposite_do_not_count() -> None:
    scored = scored_by("last", [UP, DOWN, UP, DOWN], rows_of("abab", opposite=["b", "", None, "a"]))
    assert (scored.scores["order"]["num_rows"], scored.scores["order"]["num_left_out"]) == (2, 0)
    assert scored.predictions["backwards_answer"].isna().tolist() == [False, True, True, False]


def test_without_opposites_nothing_is_shown_again() -> None:
    opposites = opposites_of(rows_of("ab", opposite=""))
    rows = EvaluatedRows(rows_of("ab"), examples_of([UP, DOWN]), opposites=opposites)
    scored = score_examples(rows, evaluated_model("last"))
    assert "order" not in scored.scores and "opposite" not in scored.predictions


def test_in_reverse_both_answers_are_known_already() -> None:
    examples, rows = examples_of(CLIPS), rows_of(TRUE)
    plain = scored_by("last", CLIPS, rows)
    evaluated = EvaluatedRows(
        rows, examples.played_backwards(), forwards=examples, opposites=opposites_of(rows)
    )
    turned = score_examples(evaluated, evaluated_model("last"))
    assert turned.scores["order"] == plain.scores["order"]
    assert turned.predictions["backwards_answer"].tolist() == turned.predictions["predicted_answer"].tolist()
    shown = format_score_table(turned.scores | {"view": "reversed"})
    assert "known of opposites only" in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 110


def test_the_table_has_all_figures_and_fits() -> None:
    lines = format_score_table(scored_by("last", CLIPS, rows_of(TRUE)).scores).splitlines()
    begin = next(place for place, line in enumerate(lines) if line.startswith("Clips forwards, backwards"))
    assert lines[begin].endswith("of answers with an opposite, 6 rows:")
    cells = [" ".join(line.split()) for line in lines[begin:]]
    assert "right both ways (without the order 0 %) 66.67 22.3 to 95.7" in cells
    assert cells[-2].startswith("Whether these answers depend on the order of the frames cannot be told")
    assert max(map(len, lines)) <= 110


@pytest.mark.slow
def test_the_model_of_the_package_sees_the_order_of_drawn_clips(small_set: Path) -> None:
    table = pd.read_csv(small_set / "questions.csv")
    table["opposite"] = table["answer"].map({"loading": "unloading", "unloading": "loading"})
    table = table[table["question"] == "what is he doing?"].assign(split="test")
    table["video"] = [str(small_set / video) for video in table["video"]]
    folder = load_model_folder(Path(videoqa.__file__).parent / SHIPPED_MODEL)
    rows = rows_to_score(folder, table, "test", {})
    examples, _ = make_examples(
        rows, folder.config, vocabulary=folder.vocabulary, answers=folder.answers, progress=False
    )
    model = EvaluatedModel.of(folder, Thresholds(), num_test_clips=1)
    evaluated = EvaluatedRows(rows, examples, opposites=opposites_of(rows))
    found = answer_in_other_orders(evaluated, model, RowAnswers(model.answers_to(examples)))
    order = order_scores(found.join(rows["answer"]))
    assert (order["num_rows"], order["num_groups"], order["num_left_out"]) == (12, 12, 0)
    assert order["depends_on_order"] is True and order["both_right"] >= 10 / 12
    assert order["shuffled_accuracy"] < order["forwards_accuracy"]
