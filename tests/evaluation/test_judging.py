"""The margin between the two most probable answers."""

import numpy as np

from videoqa.evaluation.judging import Judged


def judged(*rows) -> Judged:
    probabilities = np.array(rows, np.float32)
    return Judged(probabilities, probabilities, None, np.full(len(rows), np.nan), [])


def test_the_margin_and_the_second_answer() -> None:
    found = judged((0.5, 0.25, 0.25), (0.125, 0.25, 0.625), (0, 0, 0))
    np.testing.assert_array_equal(found.margins, [0.25, 0.375, np.nan])
    assert found.second(("a", "b", "c")) == ["b", "b", ""]


def test_a_model_of_one_answer_has_no_second() -> None:
    found = judged((1.0,), (0.0,))
    np.testing.assert_array_equal(found.margins, [1.0, np.nan])
    assert found.second(("a",)) == ["", ""]
