"""Scores of single frames, of one model and of several whose frames are scored together."""

import numpy as np
import pytest

from videoqa.evaluation.frame_scores import frame_scores, pooled_frame_scores


def frames(*classes: int) -> np.ndarray:
    return np.array(classes, np.int64)


def test_pooled_frames_score_as_if_one_model_had_labelled_them() -> None:
    """The second model's answers stand in another order, and in another spelling."""
    whole = frame_scores(["a", "b", "b", "a"], [frames(0, 1), frames(1), frames(1, 0), frames(0)], ["a", "b"])
    first = frame_scores(["a", "b"], [frames(0, 1), frames(1)], ["a", "b"])
    second = frame_scores(["A", "b"], [frames(1), frames(0, 1)], ["b", "A"])
    # rows of `second`: the frame of "A" is given "A", those of "b" are given "b" and "A"
    pooled = pooled_frame_scores([first, second], [["a", "b"], ["b", "A"]])
    renamed = {**whole, "label_pairs": None, "confused_pairs": None}
    assert {**pooled, "label_pairs": None, "confused_pairs": None} == renamed
    assert pooled["num_frames"] == 6 and pooled["accuracy"] == 4 / 6


def test_a_class_that_one_model_does_not_know_is_a_class_of_all() -> None:
    first = frame_scores(["a", "c"], [frames(0), frames(1, 1)], ["a", "b"])
    second = frame_scores(["b", "c"], [frames(1), frames(0)], ["c", "b"])
    pooled = pooled_frame_scores([first, second], [["a", "b"], ["c", "b"]])
    assert pooled["label_pairs"] == [
        {"labelled": "a", "classified": "a", "num_frames": 1},
        {"labelled": "b", "classified": "b", "num_frames": 1},
        {"labelled": "c", "classified": "b", "num_frames": 2},
        {"labelled": "c", "classified": "c", "num_frames": 1},
    ]
    assert (pooled["num_classes"], pooled["accuracy"]) == (3, 3 / 5)
    assert pooled["macro_recall"] == pytest.approx((1 + 1 + 1 / 3) / 3)
    assert pooled["confused_pairs"] == [{"labelled": "c", "classified": "b", "num_frames": 2}]


def test_folds_without_frames_pool_to_none() -> None:
    empty = frame_scores(["a"], [frames()], ["a"])
    assert pooled_frame_scores([empty], [["a"]])["accuracy"] is None
