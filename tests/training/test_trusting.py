"""What the model on all rows of a cross-validation is calibrated with: the rows that the folds held out."""

import numpy as np
import pytest

from videoqa.training.trusting import HeldOutRows, _calibrated, _say_calibrated, _say_limits
from videoqa.trust.prediction_sets import PredictionSets, fit_prediction_sets
from videoqa.trust.trust import Trust

SURE = np.array([[0.9, 0.1]] * 12, np.float32)
WIDE = np.array([[0, 0.1, 0.9]] * 12, np.float32)
"""The model of another fold, which learned an answer more."""
IDS = np.array([0] * 9 + [1] * 3)


def test_folds_with_other_answers_share_a_temperature_and_sets() -> None:
    """Three of four are right at 0.9: the temperature is 2 (odds of 9 become odds of 3)."""
    held_out = HeldOutRows([SURE, WIDE], [IDS, 2 - IDS], list(range(24)))
    temperature, sets, figures = _calibrated(held_out)
    assert temperature == pytest.approx(2, abs=1e-3) and figures["num_rows"] == 24
    assert figures["expected_calibration_error_before"] == pytest.approx(0.15, abs=1e-6)
    assert figures["expected_calibration_error"] == pytest.approx(0, abs=1e-4)
    assert figures["brier_score_before"] == pytest.approx((3 * 2 * 0.01 + 2 * 0.81) / 4, abs=1e-6)
    assert figures["brier_score"] == pytest.approx(2 * 0.75 * 0.25, abs=1e-4)
    one_fold = np.array([[0.75, 0.25]] * 24)
    expected = fit_prediction_sets(one_fold, np.tile(IDS, 2), list(range(24)))
    assert sets.most_above == pytest.approx(expected.most_above, abs=1e-3) and sets.num_videos == 24


@pytest.mark.parametrize(
    ("probabilities", "ids"),
    [
        (SURE, IDS),
        (np.concatenate([SURE, SURE]), np.concatenate([IDS, [-1] * 12])),
        (np.concatenate([SURE, 0 * SURE]), np.concatenate([IDS, IDS])),
    ],
)
def test_fewer_than_twenty_rows_that_say_something_fit_no_temperature(probabilities, ids) -> None:
    held_out = HeldOutRows([probabilities], [ids], list(range(len(ids))))
    temperature, sets, figures = _calibrated(held_out)
    assert temperature is None and figures["temperature"] is None
    assert sets is not None and figures["brier_score"] == figures["brier_score_before"]


def test_rows_of_failed_videos_only() -> None:
    temperature, sets, _ = _calibrated(HeldOutRows([0 * SURE], [IDS], list(range(12))))
    assert temperature is None and sets is None


@pytest.mark.parametrize(
    ("number", "kind", "said"),
    [
        (
            18,
            "held-out",
            ["not calibrated: 18 held-out rows; 20 are needed", "8 held-out videos or groups; 9 are"],
        ),
        (1, "validation", ["not calibrated: 1 validation row; 20 are needed"]),
        (0, "validation", ["not calibrated: no validation rows"]),
    ],
)
def test_what_cannot_be_promised_is_said(number: int, kind: str, said: list[str], capsys) -> None:
    trust = Trust(None, "features", None, PredictionSets(1.0, 8), None)
    _say_limits(trust, np.zeros(number, int), kind, sees_video=False, progress=True)
    printed = capsys.readouterr().err
    assert all(text in printed for text in said), printed


def test_what_the_last_model_is_calibrated_with_is_said(capsys) -> None:
    _say_calibrated(HeldOutRows([SURE, WIDE], [IDS, 2 - IDS], list(range(24))), progress=True)
    assert (
        "with the 24 rows of all 2 folds, each answered by a model that never saw" in capsys.readouterr().err
    )
