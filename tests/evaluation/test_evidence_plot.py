"""Pictures of evidence: any number of frames, words in any script, tall and wide frames."""

import cv2
import numpy as np
import pytest

from videoqa.evaluation.evidence import Evidence
from videoqa.evaluation.evidence_plot import (
    CloseUp,
    Explanation,
    enlarged,
    explanation_png,
    signed,
    time_line_png,
)

LONG = "when the tall man with the striped umbrella and the " + 40 * "x" + " leaves what does he do ?"


def explanation(number: int, shape: tuple[int, int], question: str, answer: str, **more: object):
    rng = np.random.default_rng(0)
    words = tuple((word, float(rng.normal())) for word in question.split())
    values = tuple(rng.normal(size=number).tolist())
    evidence = Evidence(answer, "", 1.0, tuple(np.arange(number) / 10), (), values, words=words, **more)
    frames = [np.full((*shape, 3), 128, np.uint8)] * number
    heat = np.eye(6, dtype=np.float32)
    close_ups = [CloseUp(place, frames[0], heat) for place in evidence.most_important()]
    return Explanation(
        answer, question, [(answer, 0.5), ("b", 0.25)], evidence, [answer] * 20, frames, close_ups
    )


@pytest.mark.parametrize(
    ("number", "shape", "question", "answer"),
    [
        (1, (120, 60), LONG, "walking left"),
        (64, (60, 120), "穿 蓝 色 衬 衫 的 男 人 在 做 什 么 ？", "把箱子放进去" * 30),
        (3, (20, 300), "$ why $ ? \u202e \n", "a $very$ long " * 30),
        (2, (300, 20), "", "\x07"),
        (0, (1, 1), "what ?", "yes"),
    ],
    ids=["one frame", "64 frames, Chinese", "wide, with signs", "tall, no question", "blind"],
)
def test_everything_fits_on_the_page(number: int, shape: tuple[int, int], question: str, answer: str) -> None:
    shown = explanation(number, shape, question, answer)
    image = cv2.imdecode(np.frombuffer(explanation_png(shown), np.uint8), cv2.IMREAD_COLOR)
    assert 300 < image.shape[1] <= 1260, "nothing reaches past the page of ten inches"
    assert 100 < image.shape[0] < 2200


def test_the_time_line_alone_is_smaller_and_shows_attention() -> None:
    shown = explanation(8, (60, 60), "what ?", "yes", attention=tuple([0.125] * 8))
    plain = explanation(8, (60, 60), "what ?", "yes")
    assert len(time_line_png(shown)) < len(explanation_png(shown))
    assert time_line_png(shown) != time_line_png(plain)


def test_a_map_is_enlarged_on_straight_lines() -> None:
    assert enlarged(np.array([[0.0, 1.0]]), 1, 4).tolist() == [[0, 0.25, 0.75, 1]]
    assert enlarged(np.array([[2.0]]), 2, 2).tolist() == [[2, 2], [2, 2]]
    assert [signed(value) for value in (-0.001, 0.04, 1.25, -3.0)] == ["0", "+0.04", "+1.2", "-3.0"]
