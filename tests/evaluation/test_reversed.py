"""Clips in reverse: how many answers depend on the order, by models whose answers are known."""

import json
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

import videoqa
from videoqa.cli.main import main
from videoqa.evaluation.evaluate import change_view
from videoqa.evaluation.evaluated import EvaluatedModel, EvaluatedRows
from videoqa.evaluation.exact_intervals import clopper_pearson
from videoqa.evaluation.prediction import places_seen, predict_examples
from videoqa.evaluation.scores import format_score_table
from videoqa.evaluation.scoring import Scored, score_examples
from videoqa.input_pipeline import Examples
from videoqa.text.answers import AnswerList

A, B = [1.0, 0.0], [0.0, 1.0]
CLIPS = [[B, A, A], [A, A, B], [A, A, A], [B, B, B], [B, A, B]]
"""The first two are the same frames in opposite order; the others are alike in both directions."""


def examples_of(clips: list[list[list[float]]] = CLIPS, num_frames: int = 3, **options) -> Examples:
    """Return one example per clip, each frame of which is its probabilities of the answers "a" and "b"."""
    grids = [np.array(clip, np.float16) for clip in clips]
    answer_ids = np.zeros(len(grids), np.int32)
    return Examples(grids, np.arange(len(grids)), None, answer_ids, num_frames, **options)


def last_frame_model() -> keras.Model:
    """Return a model whose answer is the last frame of a window."""
    features = keras.Input((None, 2), name="features")
    return keras.Model({"features": features}, keras.ops.take(features, -1, axis=1))


def mean_model() -> keras.Model:
    """Return a model whose answer is the mean of a window's frames."""
    features = keras.Input((None, 2), name="features")
    return keras.Model({"features": features}, keras.layers.GlobalAveragePooling1D()(features))


def backwards(examples: Examples) -> Examples:
    return change_view(examples, shuffle_frames=False, single_frame=False, reverse_frames=True, seed=0)


def scored_by(model: keras.Model, **columns: object) -> Scored:
    """Return the scores of `CLIPS` in reverse."""
    rows = pd.DataFrame({"video_id": list("vwxyz"), "answer": list("abaaa"), "question_type": "action"})
    rows = rows.assign(**{"status": "ok", "error": "", **columns})
    failed = (rows["status"] == "failed").to_numpy()
    examples = examples_of()
    examples.clip_index[failed] = -1
    groups = {"first": ["b"], "none": ["c"]}
    evaluated = EvaluatedRows(rows, backwards(examples), forwards=examples, score_groups=groups)
    majority = {"answer": "a", "by_question_type": {}}
    return score_examples(evaluated, EvaluatedModel(model, AnswerList(("a", "b")), majority))


def test_every_window_is_read_backwards() -> None:
    clip = [[float(frame), 0.0] for frame in range(7)]
    examples = examples_of([clip], num_frames=4)
    rows = np.array([0])
    for start in range(4):
        one = examples.model_inputs(rows, np.array([start]))["features"]
        other = backwards(examples).model_inputs(rows, np.array([start]))["features"]
        assert np.array_equal(one, other[:, ::-1])
    assert places_seen(backwards(examples), 0).tolist() == places_seen(examples, 0).tolist()
    looped = examples_of([clip[:3]], num_frames=5, short_clips="loop")
    assert backwards(looped).model_inputs(rows, np.array([0]))["features"][0, :, 0].tolist() == [
        1,
        0,
        2,
        1,
        0,
    ]
    masked = examples_of([clip[:3]], num_frames=5, short_clips="mask", with_mask=True)
    inputs = backwards(masked).model_inputs(rows, np.array([0]))
    assert inputs["features"][0, :, 0].tolist() == [2, 1, 0, 0, 0]
    assert inputs["mask"][0].tolist() == [True, True, True, False, False]


def test_answers_that_depend_on_the_order_are_counted() -> None:
    scored = scored_by(last_frame_model())
    scores = scored.scores
    assert scores["order_dependent_answers"] == 2 / 5
    assert scores["order_dependent_answers_interval"] == pytest.approx(clopper_pearson(2, 5))
    assert scores["forwards_accuracy"] == 3 / 5  # of "abaaa" the last frames are "ababb"
    assert scores["accuracy"] == 1 / 5, "in reverse the answers are b, a, a, b, b"
    assert scores["by_group"]["first"]["order_dependent_answers"] == 1
    assert scores["by_group"]["none"]["order_dependent_answers"] is None
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores
    assert scored.predictions["forwards_answer"].tolist() == list("ababb")
    assert scored.predictions["order_dependent"].tolist() == [True, True, False, False, False]


@pytest.mark.parametrize("num_test_clips", [1, 3])
def test_no_answer_of_a_bag_of_frames_does(num_test_clips: int) -> None:
    scores = scored_by(mean_model()).scores
    assert scores["order_dependent_answers"] == 0
    assert scores["order_dependent_answers_interval"] == pytest.approx(clopper_pearson(0, 5))
    longer = examples_of([[A, A, B, B, B, A, A, A, B, A], [B, A, A, B, A, A, A, A]])
    one, other = (
        predict_examples(mean_model(), each, num_test_clips=num_test_clips).probabilities
        for each in (longer, backwards(longer))
    )
    assert np.array_equal(one, other), "the same windows, also where they do not lie in the middle"


def test_a_video_that_cannot_be_read_depends_on_nothing() -> None:
    scored = scored_by(last_frame_model(), status=["failed", "ok", "ok", "ok", "ok"])
    assert scored.scores["order_dependent_answers"] == 1 / 4 and scored.scores["num_failed_videos"] == 1
    assert not scored.predictions["order_dependent"][0]


def test_pairs_are_not_scored_in_reverse() -> None:
    assert "num_pairs" not in scored_by(last_frame_model(), pair=["1", "1", "", "", ""]).scores


def test_the_table_says_what_is_not_known() -> None:
    text = format_score_table(scored_by(last_frame_model()).scores | {"view": "reversed"})
    assert "What is right in reverse is not known" in text and "majority" not in text
    cells = [" ".join(line.split()) for line in text.splitlines()]
    assert "type rows accuracy forwards order-dependent answers 95 % interval answer of forwards" in cells
    assert cells[-1] == "all 5 60.00 40.00 5.3 to 85.3 20.00"
    assert max(map(len, text.splitlines())) <= 110


@pytest.mark.slow
def test_a_run_is_scored_in_reverse_and_reported(action_run: Path, tmp_path: Path, capfd) -> None:
    assert main(["evaluate", str(action_run), "--reverse-frames", "--no-progress"]) == 0
    assert "order-dependent answers" in capfd.readouterr().out
    folder = action_run / "evaluation" / "test-reversed"
    scores = json.loads((folder / "metrics.json").read_text())
    rows = pd.read_csv(folder / "predictions.csv")
    assert scores["view"] == "reversed"
    assert scores["order_dependent_answers"] == pytest.approx(rows["order_dependent"].mean())
    forwards = videoqa.evaluate(action_run, out=tmp_path / "forwards", progress=False)
    assert scores["forwards_accuracy"] == forwards["accuracy"]
    before = pd.read_csv(tmp_path / "forwards" / "predictions.csv")["predicted_answer"]
    assert rows["forwards_answer"].tolist() == before.tolist()
    page = videoqa.report(folder, progress=False).read_text("utf-8")
    assert "Every clip was shown with its frames in reverse order." in page
    assert "Answers that depend on the order" in page and "What is right in reverse is not known" in page


def test_one_view_at_a_time(action_run: Path) -> None:
    with pytest.raises(ValueError, match="`single_frame` and `reverse_frames` must not both be True"):
        videoqa.evaluate(action_run, single_frame=True, reverse_frames=True)
