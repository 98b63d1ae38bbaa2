"""What two runs say of their own answers, on the rows that both have."""

from pathlib import Path

import numpy as np
import pandas as pd

from videoqa.reporting.compare_trust import compare_trust, trust_lines
from videoqa.reporting.finished import Evaluation

SCORES = {
    "share_reliable": 0.5, "reliable_accuracy": 1.0, "set_coverage": 0.5, "mean_set_size": 1.5,
    "expected_calibration_error": 0.1, "area_under_risk_coverage": 0.1, "brier_score": 0.2,
}  # fmt: skip
ROWS = pd.DataFrame(
    {
        "question_id": ["a", "b", "c", "d", "e"],
        "probability": [1.0, 0.5, 0.5, 0.0, 0.25],
        "correct": [True, True, False, False, True],
        "is_reliable": ["True", "True", "False", "False", "True"],
        "num_likely": ["1", "2", "1", "", "9"],
        "gold_rank": ["1", "1", "2", "", "1"],
        "status": ["ok", "ok", "ok", "failed", "ok"],
    }
)
"""The last row is in one run only; the video of the one before could not be read."""


def evaluation(rows: pd.DataFrame = ROWS, **scores: float | None) -> Evaluation:
    return Evaluation(Path("scores"), Path("model"), SCORES | scores, rows)


def test_scores_of_the_common_rows_by_hand() -> None:
    timid = ROWS.assign(is_reliable="False", num_likely=["3", "3", "3", "", "3"])
    trust = compare_trust(evaluation(), evaluation(timid), ["a", "b", "c", "d"])
    assert trust["share_reliable"] == [2 / 4, 0]
    assert "reliable_accuracy" not in trust, "the second run has no reliable answer"
    assert trust["set_coverage"] == [2 / 3, 1] and trust["mean_set_size"] == [4 / 3, 3]
    assert np.allclose(trust["expected_calibration_error"], 0), "right at 1; at 0.5 one of two"
    assert np.allclose(trust["area_under_risk_coverage"], 1 - (1 + (1 + 0.5) / 2 + 2 / 3) / 3)
    assert "brier_score" not in trust


def test_what_one_run_lacks_is_not_compared() -> None:
    older = ROWS.drop(columns=["is_reliable", "num_likely", "gold_rank"])
    assert "share_reliable" in compare_trust(evaluation(), evaluation(), ["a"])
    assert list(compare_trust(evaluation(), evaluation(older), ["a"])) == [
        "expected_calibration_error", "area_under_risk_coverage",
    ]  # fmt: skip
    in_reverse = evaluation(**dict.fromkeys(SCORES))
    assert compare_trust(evaluation(), in_reverse, ["a", "b"]) == {} and trust_lines({}) == []


def test_lines() -> None:
    lines = trust_lines({"share_reliable": [0.5, 1.0], "mean_set_size": [1.5, 12.25]})
    assert [line.split()[-2:] for line in lines] == [
        ["A", "B"], ["-" * len(lines[0])], ["50.00", "100.00"], ["1.500", "12.250"], [],
    ]  # fmt: skip
