"""Evidence: what an answer rests on, worked out on models whose every step is known."""

import keras
import numpy as np
import pytest

from videoqa.evaluation.evidence import Evidence, find_evidence, hide_frames
from videoqa.input_pipeline import Examples
from videoqa.models.building import build_action_model

ANSWERS = ("up", "down", "left")


def mean_model(num_frames: int = 10) -> keras.Model:
    """Return a model whose margin of "up" over "down" is the first feature's mean minus the second's."""
    features = keras.Input((num_frames, 3), name="features")
    mean = keras.layers.GlobalAveragePooling1D()(features)
    return keras.Model({"features": features}, keras.layers.Softmax()(mean))


def example(clip: np.ndarray, num_frames: int = 10, **options: object) -> Examples:
    ids = np.zeros(1, np.int32)
    return Examples([clip.astype(np.float16)], np.zeros(1, np.int64), None, ids, num_frames, **options)


def test_a_moment_that_speaks_for_the_answer_counts_and_one_against_it_counts_below_zero() -> None:
    clip = np.zeros((10, 3))
    clip[2, 0], clip[7, 1] = 4.0, 2.0
    found = find_evidence(mean_model(), example(clip), ANSWERS, timestamps_seconds=np.arange(10) / 2)
    assert (found.answer, found.against) == ("up", "down")
    assert found.margin == pytest.approx(0.4 - 0.2)
    # Two neighbours on each side, 15 % of ten frames, are hidden too.
    assert [found.contributions[place] for place in (1, 2, 7, 8)] == pytest.approx([0.4, 0.4, -0.2, -0.2])
    assert found.timestamps_seconds == tuple(np.arange(10) / 2)
    first, second = found.most_important(2)
    assert abs(first - second) > 2, "neighbours hidden together count as one moment"


def test_the_other_way_round_every_sign_changes() -> None:
    clip = np.zeros((10, 3))
    clip[2, 0] = 4.0
    options = {"timestamps_seconds": np.arange(10) / 2}
    one = find_evidence(mean_model(), example(clip), ANSWERS, pair=(0, 1), **options)
    other = find_evidence(mean_model(), example(clip), ANSWERS, pair=(1, 0), **options)
    assert (other.answer, other.against) == ("down", "up")
    assert other.margin == pytest.approx(-one.margin)
    assert other.contributions == pytest.approx(-np.array(one.contributions))


def test_a_frame_shown_several_times_is_one_frame() -> None:
    clip = np.zeros((10, 3))
    clip[4:6, 0] = 5.0  # shown twice; with one neighbour before and after
    marks = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    found = find_evidence(mean_model(), example(clip), ANSWERS, frame_numbers=marks)
    assert found.frame_numbers == (0, 1, 2, 3, 4)
    assert found.contributions[2] == pytest.approx(found.margin) == pytest.approx(1.0)
    assert found.timestamps_seconds == ()
    early = [(mark - 2) / 2 for mark in marks]  # a film may begin before its second 0
    found = find_evidence(mean_model(), example(clip), ANSWERS, timestamps_seconds=early)
    assert found.timestamps_seconds == (-1.0, -0.5, 0.0, 0.5, 1.0)


def test_only_the_frames_of_the_windows_are_named_and_windows_are_averaged() -> None:
    clip = np.zeros((30, 3))
    clip[14, 0] = 10.0
    options = {"timestamps_seconds": np.arange(30.0)}
    centre = find_evidence(mean_model(), example(clip), ANSWERS, **options)
    assert centre.timestamps_seconds == tuple(range(10, 20))
    spread = find_evidence(mean_model(), example(clip), ANSWERS, num_test_clips=3, **options)
    assert spread.timestamps_seconds == tuple(range(30))
    # The mean of the probabilities of one window of which "up" has e / (e + 2), and of two with 1 / 3.
    up = (np.e / (np.e + 2) + 2 / 3) / 3
    assert spread.margin == pytest.approx(np.log(up / ((1 - up) / 2)))
    assert spread.contributions[14] == pytest.approx(spread.margin)
    assert spread.contributions[:9] == pytest.approx([0] * 9, abs=1e-6)


@pytest.mark.parametrize("num_frames", [1, 2, 3, 64, 200])
def test_short_and_long_clips(num_frames: int) -> None:
    clip = np.zeros((num_frames, 3))
    clip[:, 0] = 1.0
    clip[num_frames // 2, 0] = 3.0
    model = mean_model(num_frames)
    found = find_evidence(
        model, example(clip, num_frames), ANSWERS, timestamps_seconds=np.arange(float(num_frames))
    )
    assert len(found.contributions) == num_frames
    assert np.argmax(found.contributions) <= num_frames // 2
    assert max(found.contributions) > 0
    assert 1 <= len(found.most_important()) <= min(3, num_frames)


def test_what_counts_most_speaks_for_the_answer() -> None:
    def most_important(*values: float) -> list[int]:
        return Evidence("up", "down", 1.0, tuple(range(len(values))), contributions=values).most_important()

    assert most_important(0.5, 0.1, 2.0) == [2, 0, 1]
    assert most_important(0.5, -0.1, 2.0) == [2, 0]
    assert most_important(-0.5, -0.1, -2.0) == [1], "where none does, the one least against it"
    assert most_important() == []
    assert most_important(3, 9, 8, 7, 0, 0, 0, 1) == [1, 3, 7], "a neighbour of the first is the same moment"


def test_each_word_is_left_out_in_turn() -> None:
    question = keras.Input((None,), dtype="int32", name="question")
    # Token 2 says "up", token 3 "down", twice as loud.
    table = np.array([[0, 0, 0], [0, 0, 0], [1, 0, 0], [0, 2, 0]], np.float32)
    embedded = keras.layers.Embedding(4, 3, weights=[table], name="words")(question)
    total = keras.layers.Lambda(lambda rows: keras.ops.sum(rows, axis=1))(embedded)
    model = keras.Model({"question": question}, keras.layers.Softmax()(total))
    ids = np.array([[2, 3, 1, 0]], np.int32)
    asked = Examples(None, np.zeros(1, np.int64), ids, np.zeros(1, np.int32), 1)
    found = find_evidence(model, asked, ANSWERS, words=["rise", "fall", "?"])
    assert (found.answer, found.against) == ("down", "up")
    assert dict(found.words) == pytest.approx({"rise": -1, "fall": 2, "?": 0}, abs=1e-6)
    assert found.contributions == ()
    alone = Examples(None, np.zeros(1, np.int64), ids[:, 1:2], np.zeros(1, np.int32), 1)
    assert find_evidence(model, alone, ANSWERS, words=["fall"]).words == (("fall", pytest.approx(2)),)


def test_a_model_with_one_answer_prefers_nothing() -> None:
    features = keras.Input((10, 3), name="features")
    answer = keras.layers.Dense(1, activation="sigmoid")(keras.layers.GlobalMaxPooling1D()(features))
    model = keras.Model({"features": features}, answer)
    found = find_evidence(model, example(np.ones((10, 3))), ("up",), timestamps_seconds=np.arange(10.0))
    assert (found.answer, found.against, found.margin) == ("up", "", 0.0)
    assert set(found.contributions) == {0.0}


def test_a_model_that_reads_frames() -> None:
    keras.utils.set_random_seed(0)
    model = build_action_model(3, architecture="c3d", width=0.0625, num_frames=10)
    clip = np.random.default_rng(0).integers(0, 256, (30, 112, 112, 3), np.uint8)
    ids = np.zeros(1, np.int32)
    asked = Examples([clip], np.zeros(1, np.int64), None, ids, 10, clip_input="clip")
    options = {"frame_numbers": range(30), "num_test_clips": 3}
    found = find_evidence(model, asked, ANSWERS, **options)
    assert found.frame_numbers == tuple(range(30)) and len(found.contributions) == 30
    assert np.ptp(found.contributions) > 0


def test_what_takes_the_place_of_hidden_frames() -> None:
    clip = np.array([[0], [9], [9], [9], [4]], np.float16)
    assert hide_frames(clip, 1, 4).ravel().tolist() == [0, 1, 2, 3, 4]
    assert hide_frames(clip, 0, 3).ravel().tolist() == [9, 9, 9, 9, 4]
    assert hide_frames(clip, 3, 5).ravel().tolist() == [0, 9, 9, 9, 9]
    assert hide_frames(clip, 0, 5).ravel().tolist() == [0] * 5
    frames = np.array([0, 7, 255], np.uint8).reshape(3, 1, 1, 1) * np.ones((1, 2, 2, 3), np.uint8)
    assert hide_frames(frames, 1, 2)[1].tolist() == np.full((2, 2, 3), 128).tolist()
    assert hide_frames(frames, 0, 3).tolist() == np.full((3, 2, 2, 3), 127).tolist()
    assert clip[1] == 9, "the clip itself stays"


def test_evidence_as_json() -> None:
    found = Evidence("up", "down", 1.5, (0.0, 0.5), (), (1.0, -0.5), (0.25, 0.75), (("why", 0.5),))
    assert found.to_dict() == {
        "answer": "up",
        "against": "down",
        "margin": 1.5,
        "timestamps_seconds": [0.0, 0.5],
        "frame_numbers": [],
        "contributions": [1.0, -0.5],
        "attention": [0.25, 0.75],
        "words": [{"word": "why", "contribution": 0.5}],
    }
