"""Probabilities averaged over windows and frames, by models that answer with their input."""

import keras
import numpy as np
import pytest

from videoqa.evaluation.frame_scores import frame_lines, frame_scores
from videoqa.evaluation.prediction import predict_examples
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
    centre = predict_examples(model, examples).probabilities
    assert centre.tolist() == [[0, 1], [0.5, 0.5]]
    three = predict_examples(model, examples, num_test_clips=3, batch_size=2).probabilities
    # starts 0, 2 and 4: A A, B B, B C
    assert three[0] == pytest.approx([(1 + 0 + 0.125) / 3, (0 + 1 + 0.875) / 3])
    assert three[1].tolist() == [0.5, 0.5]


def test_a_failed_video_gets_no_answer() -> None:
    examples = examples_of([A, A])
    failed = examples.select(np.array([0, 0]))
    failed.clip_index[1] = -1
    assert predict_examples(clip_model(), failed, num_test_clips=3).probabilities.tolist() == [[1, 0], [0, 0]]


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
    """Of swing 2 of 3 frames right, of dive 1 of 4; 5 were called swing, 2 dive; two had no frames."""
    classes = [np.array([0, 0, 1]), np.array([1, 0, 0, 0]), np.zeros(0, np.int64)]
    scores = frame_scores(["Swing", "dive", "run"], classes, ("swing", "dive", "sit"))
    pairs = [("swing", "swing", 2), ("swing", "dive", 1), ("dive", "swing", 3), ("dive", "dive", 1)]
    entries = [dict(zip(("labelled", "classified", "num_frames"), pair, strict=True)) for pair in pairs]
    assert scores == {
        "num_frames": 7,
        "num_classes": 4,
        "accuracy": 3 / 7,
        "macro_precision": pytest.approx((2 / 5 + 1 / 2) / 2),
        "macro_recall": pytest.approx((2 / 3 + 1 / 4) / 2),
        "macro_f1": pytest.approx((4 / 8 + 2 / 6) / 2),
        "classes_left_out": {"macro_precision": 2, "macro_recall": 2, "macro_f1": 2},
        "label_pairs": entries,
        "confused_pairs": [entries[2], entries[1]],
    }
    lines = frame_lines(scores)
    assert lines[:3] == [
        "frames: 7, classes 4, accuracy 42.86",
        "macro precision 45.00 (2 classes left out), macro recall 45.83 (2 classes left out), "
        "macro F1 41.67 (2 classes left out)",
        "labelled as swing, classified as swing: 2 times",
    ]
    assert len(lines) == 2 + len(pairs)
    table = format_score_table({"num_rows": 3, "num_failed_videos": 1, "accuracy": 0.5, "frames": scores})
    assert "\n".join(lines) in table


def test_means_leave_out_classes_as_the_published_evaluation_does() -> None:
    """What Deeplearning4j prints for 2, 1 and 1 frames of three classes, all called the third."""
    scores = frame_scores(["a", "b", "c"], [np.array([2, 2]), np.array([2]), np.array([2])], ("a", "b", "c"))
    means = (scores["accuracy"], scores["macro_precision"], scores["macro_recall"], scores["macro_f1"])
    assert means == pytest.approx((0.25, 0.25, 1 / 3, 0.4))
    assert scores["classes_left_out"] == {"macro_precision": 2, "macro_recall": 0, "macro_f1": 2}


def test_without_frames_there_is_no_score() -> None:
    scores = frame_scores([], [], ("a",))
    assert scores["accuracy"] is None and scores["macro_f1"] is None
    assert frame_lines(scores) == ["frames: none was labelled"]


def test_a_label_that_the_model_does_not_know_is_a_class_never_given() -> None:
    scores = frame_scores(["other"], [np.array([0])], ("a",))
    assert (scores["num_classes"], scores["macro_precision"], scores["macro_recall"]) == (2, 0, 0)
    assert scores["macro_f1"] is None
    assert (
        frame_lines(scores)[1]
        == "macro precision 0.00 (1 class left out), macro recall 0.00 (1 class left out)"
    )
