"""Calibration, worked out by hand: the temperature of known cases, and the errors of probabilities."""

import numpy as np
import pytest

from videoqa.trust.calibration import (
    HIGHEST,
    LOWEST,
    brier_score,
    expected_calibration_error,
    fit_shared_temperature,
    fit_temperature,
    reliability,
    with_temperature,
)

SURE = np.array([[0.9, 0.1]] * 4, np.float32)
"""Three of four such answers are right: odds of 9 should be odds of 3, and 9 to the power of 1/2 is 3."""
THREE_OF_FOUR = np.array([0, 0, 0, 1])


@pytest.mark.numeric
def test_a_temperature_makes_probabilities_say_what_is_right() -> None:
    assert fit_temperature(SURE, THREE_OF_FOUR) == pytest.approx(2, abs=1e-3)
    assert with_temperature(SURE, 2.0)[0] == pytest.approx([0.75, 0.25], abs=1e-6)
    timid = np.array([[0.75, 0.25]] * 10, np.float32)  # nine of ten are right: it should be surer
    assert fit_temperature(timid, np.array([0] * 9 + [1])) == pytest.approx(1 / 2, abs=1e-3)


def test_rows_that_say_nothing_of_the_probabilities_do_not_count() -> None:
    """Answers outside the vocabulary, and rows of zeros, whose video failed."""
    rows = np.concatenate([SURE, [[0.9, 0.1], [0, 0]]]).astype(np.float32)
    ids = np.concatenate([THREE_OF_FOUR, [-1, 1]])
    assert fit_temperature(rows, ids) == fit_temperature(SURE, THREE_OF_FOUR)


def test_models_with_other_answers_share_a_temperature() -> None:
    wide = np.array([[0, 0.1, 0.9]] * 4, np.float32)
    assert fit_shared_temperature([(SURE, THREE_OF_FOUR), (wide, 2 - THREE_OF_FOUR)]) == pytest.approx(
        2, abs=1e-3
    )


def test_the_temperature_stays_within_its_limits() -> None:
    assert fit_temperature(SURE, np.array([0, 0, 0, 0])) == pytest.approx(LOWEST, rel=1e-3), "always right"
    assert fit_temperature(SURE, np.array([0, 0, 1, 1])) == pytest.approx(HIGHEST, rel=1e-3), "a coin"
    assert LOWEST <= fit_temperature(np.ones((5, 1), np.float32), np.zeros(5, int)) <= HIGHEST, "one answer"
    never = np.array([[1, 0]] * 3, np.float32)
    assert np.isfinite(fit_temperature(never, np.ones(3, int))), "what had no probability at all was right"


def test_a_temperature_keeps_the_order_of_answers_and_rows_without_any() -> None:
    rows = np.array([[0.2, 0.5, 0.3], [0, 0, 0], [0, 0, 1]], np.float32)
    for temperature in (LOWEST, 0.5, 3.0, HIGHEST):
        found = with_temperature(rows, temperature)
        assert found.dtype == np.float32 and np.isfinite(found).all()
        assert found[[0, 2]].sum(axis=1) == pytest.approx([1, 1], abs=1e-6)
        assert (found[0].argsort() == [0, 2, 1]).all() and not found[1].any()
    assert with_temperature(rows, 1.0) is rows


def test_bins_and_expected_calibration_error() -> None:
    """Two rows at 0.75, one right; two at 1, both right: the error is (2 × 0.25 + 0) / 4."""
    probability, correct = np.array([0.75, 0.75, 1.0, 1.0]), np.array([True, False, True, True])
    assert reliability(probability, correct) == [
        {"from": 0.7, "to": 0.8, "num_rows": 2, "probability": 0.75, "accuracy": 0.5},
        {"from": 0.9, "to": 1.0, "num_rows": 2, "probability": 1.0, "accuracy": 1.0},
    ]
    assert expected_calibration_error(probability, correct) == 0.125
    timid = np.array([0.75, 0.75, 0.5, 0.5])  # too sure of the first two, not sure enough of the others
    assert expected_calibration_error(timid, correct) == (2 * 0.25 + 2 * 0.5) / 4
    assert expected_calibration_error(np.zeros(0), np.zeros(0, bool)) == 0


def test_brier_score() -> None:
    """Right at 0.75: 2 × 0.25². Wrong: 2 × 0.75². Outside the vocabulary: 0.75² + 0.25² + 1."""
    rows = np.array([[0.75, 0.25]] * 3)
    assert brier_score(rows, np.array([0, 1, -1])) == pytest.approx((0.125 + 1.125 + 1.625) / 3)
    assert brier_score(np.eye(2), np.array([0, 1])) == 0 and brier_score(np.eye(2), np.array([1, 0])) == 2
