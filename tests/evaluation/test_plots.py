"""Pictures: that they are pictures, and what is counted in them; how they look is looked at."""

import struct

import numpy as np
import pytest

from videoqa.evaluation.plots import (
    NO_ANSWER,
    OTHER,
    _count_pairs,
    _shown,
    confusion_matrix_png,
    reliability_png,
    risk_coverage_png,
    score_bars_png,
    text_image,
    training_curves_png,
)


def size_of(png: bytes) -> tuple[int, int]:
    """Return width and height in pixels, read from the header of a PNG file."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", png[16:24])


def test_rows_and_columns_are_the_most_frequent_true_answers() -> None:
    gold = ["a", "b", "b", "c", "A", "a", "d"]
    given = ["a", "b", "c", None, "c", "zebra", float("nan")]
    counts, rows, columns = _count_pairs(gold, given, max_classes=2)
    assert rows == ["a", "b", OTHER] and columns == ["a", "b", OTHER, NO_ANSWER]
    assert counts.tolist() == [[1, 0, 2, 0], [0, 1, 1, 0], [0, 0, 0, 2]]


def test_a_label_cannot_turn_the_text_around_it() -> None:
    assert _shown("a\u202eb\x00") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"


def test_columns_in_brackets_are_there_only_when_needed() -> None:
    counts, rows, columns = _count_pairs(["b", "a"], ["a", "a"], max_classes=30)
    assert rows == columns == ["a", "b"] and counts.tolist() == [[1, 0], [1, 0]]
    assert _count_pairs(["a"], ["b"], max_classes=1)[2] == ["a", OTHER]
    assert _count_pairs(["a"], [""], max_classes=30)[2] == ["a", NO_ANSWER]


def test_every_class_of_a_small_matrix_is_shown_as_it_is_written() -> None:
    classes = ["PushUps", "YoYo", "Punch", "BabyCrawling"]
    counts, rows, columns = _count_pairs(["YoYo", "Punch", "yoyo"], ["PushUps", "Punch", ""], 30, classes)
    assert rows == ["YoYo", "Punch", "PushUps", "BabyCrawling"] and columns == [*rows, NO_ANSWER]
    assert counts.tolist() == [[0, 0, 1, 0, 1], [0, 1, 0, 0, 0], [0] * 5, [0] * 5]
    assert _count_pairs(["YoYo"], ["Punch"], 3, classes)[1] == ["YoYo", "Punch"]
    assert _count_pairs(["YoYo"], ["Punch"], 1, classes)[2] == ["YoYo", OTHER]


@pytest.mark.slow
def test_confusion_of_few_and_of_many_classes() -> None:
    few = size_of(confusion_matrix_png(["yes", "no", "yes"], ["yes", "yes", None]))
    many = [f"class number {number}" for number in range(60)]
    large = size_of(confusion_matrix_png(many * 2, many + many[::-1]))
    assert few[0] < large[0] < 2500 and few[1] < large[1] < 2500
    assert size_of(confusion_matrix_png(many, many, max_classes=5))[0] < large[0]


def test_any_text_can_be_a_label() -> None:
    labels = ["a $ sign and another $", "你好", "x" * 300, "a_b^c", "\\frac{1}{2}"]
    width, height = size_of(confusion_matrix_png(labels, labels))
    assert width < 1000 and height < 1000


@pytest.mark.slow
def test_curves_of_any_history() -> None:
    epoch = {"loss": 1.0, "accuracy": 0.5}
    assert size_of(training_curves_png([]))
    assert size_of(training_curves_png([epoch]))
    assert size_of(training_curves_png([epoch, {**epoch, "loss": None}]))
    assert size_of(training_curves_png([{**epoch, "val_loss": 2.0, "val_accuracy": 0.1}] * 3))


def test_bars_of_scores() -> None:
    total = {"num_rows": 8, "accuracy": 0.5, "accuracy_interval": [0.4, 0.6], "majority_accuracy": 0.2}
    total |= {"majority_per_type_accuracy": 0.2, "share_in_vocabulary": 0.9, "blind_accuracy": None}
    alone = size_of(score_bars_png(total))
    types = dict.fromkeys(("is", "what", ""), total) | {"who": {"num_rows": 0, "accuracy": None}}
    more = size_of(score_bars_png({**total, "by_question_type": types, "by_group": {"free": total}}))
    assert more[0] == pytest.approx(alone[0], abs=60) and more[1] > alone[1]


def test_refusals() -> None:
    with pytest.raises(ValueError, match="same number of rows, at least one. Received: gold with 0"):
        confusion_matrix_png([], [])
    with pytest.raises(ValueError, match="gold with 1, predicted with 2"):
        confusion_matrix_png(["a"], ["a", "b"])
    with pytest.raises(ValueError, match="`max_classes` must be an integer of at least 1"):
        confusion_matrix_png(["a"], ["a"], max_classes=0)


def test_shares_of_a_row_add_up() -> None:
    counts, _, _ = _count_pairs(list("aabbc"), list("abbcx"), max_classes=2)
    assert np.array_equal(counts.sum(axis=1), [2, 2, 1])


def test_lines_of_text_are_a_picture_in_any_script() -> None:
    image = text_image(["what is he doing → loading", "他在做什么 \N{BELL} $x$"], 300)
    assert image.dtype == np.uint8 and image.shape == (40, 300, 3)
    assert (image[:20] < 128).any() and (image[20:] < 128).any() and (image[:, -1] == 255).all()
    long = text_image(["w" * 1000], 300)
    assert (long[:, :280] < 128).any() and (long[:, -1] == 255).all(), "cut to the width"


@pytest.mark.slow
def test_reliability_and_risk_with_and_without_a_temperature_or_any_row() -> None:
    bins = [{"from": 0.9, "to": 1.0, "num_rows": 3, "probability": 0.95, "accuracy": 1.0}]
    scores = {"reliability": bins, "expected_calibration_error": 0.05}
    before = {"reliability_before": bins * 2, "expected_calibration_error_before": 0.05}
    for each in ({}, scores, scores | before):
        assert size_of(reliability_png(each))
    curve = [{"share_answered": 1.0, "accuracy": 0.5, "probability": 0.3}]
    for each in ({}, {"risk_coverage": curve}, {"share_reliable": 0.5, "reliable_accuracy": 1.0}):
        assert size_of(risk_coverage_png(each | {"share_reliable": each.get("share_reliable")}))
