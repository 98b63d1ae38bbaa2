"""Probabilities averaged over windows and frames, by models that answer with their input."""

import keras
import numpy as np
import pytest

from videoqa.evaluation.frame_scores import frame_lines, frame_scores
from videoqa.evaluation.prediction import predict_examples, predict_probabilities
from videoqa.evaluation.scores import format_score_table
from videoqa.input_pipeline import Examples


def examples_of(*clips: list[list[float]], num_frames: int = 2, **options) -> Examples:
    """Return one example per clip, each frame of which is its probabilities of two answers."""
    grids = [np.array(clip, np.float16) for clip in clips]
    return Examples(grids, np.arange(len(grids)), None, np.zeros(len(grids), np.int32), num_frames, **options)


def clip_model() -> keras.Model:
    """Return a model whose answer is the mean of its frames."""
    features = keras.Input((None, 2), name="features")
    return keras.Model({"features": features}, keras.layers.GlobalAveragePooling1D()(features))


def frame_model() -> keras.Model:
    """Return a model that answers with each frame."""
    inputs = {
        "features": keras.Input((None, 2), name="features"),
        "mask": keras.Input((None,), dtype="bool", name="mask"),
    }
    return keras.Model(inputs, keras.layers.Identity()(inputs["features"]))


A, B, C = [1.0, 0.0], [0.0, 1.0], [0.25, 0.75]


def test_windows_are_evenly_spaced_and_averaged() -> None:
    examples = examples_of([A, A, B, B, B, C], [B, A])
    model = clip_model()
    centre = predict_probabilities(model, examples)
    assert centre.tolist() == [[0, 1], [0.5, 0.5]]
    three = predict_probabilities(model, examples, num_test_clips=3, batch_size=2)
    # starts 0, 2 and 4: A A, B B, B C
    assert three[0] == pytest.approx([(1 + 0 + 0.125) / 3, (0 + 1 + 0.875) / 3])
    assert three[1].tolist() == [0.5, 0.5]


def test_a_failed_video_gets_no_answer() -> None:
    examples = examples_of([A, A])
    failed = examples.select(np.array([0, 0]))
    failed.clip_index[1] = -1
    assert predict_probabilities(clip_model(), failed, num_test_clips=3).tolist() == [[1, 0], [0, 0]]


def test_a_clips_label_is_the_average_over_the_frames_that_are_there() -> None:
    examples = examples_of([A], [A, B, C], num_frames=3, short_clips="mask", with_mask=True)
    found = predict_examples(frame_model(), examples)
    assert found.probabilities[0].tolist() == [1, 0]
    assert found.probabilities[1] == pytest.approx([1.25 / 3, 1.75 / 3])
    assert [classes.tolist() for classes in found.frame_classes] == [[0], [0, 1, 1]]


def test_a_frame_under_several_windows_counts_once() -> None:
    examples = examples_of([A, B, A, B, B], num_frames=3, with_mask=True, short_clips="mask")
    found = predict_examples(frame_model(), examples, num_test_clips=3, batch_size=2)
    assert found.frame_classes[0].tolist() == [0, 1, 0, 1, 1]
    assert found.probabilities[0] == pytest.approx(
        np.array([[2 / 3, 1 / 3], [1 / 3, 2 / 3], [1 / 3, 2 / 3]]).mean(0)
    )
    (centre,) = predict_examples(frame_model(), examples).frame_classes
    assert centre.tolist() == [1, 0, 1]


def test_frames_are_counted_by_the_label_of_their_clip() -> None:
    classes = [np.array([0, 0, 1]), np.array([1, 0, 0, 0]), np.zeros(0, np.int64)]
    scores = frame_scores(["Swing", "dive", "dive"], classes, ("swing", "dive"))
    assert scores == {
        "num_frames": 7,
        "accuracy": 3 / 7,
        "confused_pairs": [
            {"labelled": "dive", "classified": "swing", "num_frames": 3},
            {"labelled": "Swing", "classified": "dive", "num_frames": 1},
        ],
    }
    lines = frame_lines(scores)
    assert lines[0] == "frames: 7, accuracy 42.86"
    assert lines[1] == "labelled as dive, classified as swing: 3 times"
    table = format_score_table({"num_rows": 3, "num_failed_videos": 1, "accuracy": 0.5, "frames": scores})
    assert "\n".join(lines) in table
    assert frame_lines(frame_scores([], [], ("a",))) == ["frames: none was labelled"]


def test_many_confusions_are_cut_in_print_only() -> None:
    answers = tuple(f"label {number}" for number in range(30))
    scores = frame_scores(["label 0"], [np.arange(30)], answers)
    assert len(scores["confused_pairs"]) == 29
    assert frame_lines(scores)[-1] == "and 9 rarer pairs, in metrics.json"
