"""What a model says of its own answers, scored: worked out by hand on five rows."""

import numpy as np
import pandas as pd
import pytest

from videoqa.evaluation.judging import Judged
from videoqa.evaluation.metrics import score_table
from videoqa.evaluation.row_marks import RowAnswers, RowMarks, ranks_of_gold
from videoqa.evaluation.scores import format_score_table
from videoqa.evaluation.trust_scores import CURVE_POINTS, RowTrust, accuracies_of_surest
from videoqa.trust.trust import Judgement

ANSWERS = ("left", "right", "up")
TRUE = ["left", "right", "up", "down", "left"]
#      calibrated          uncalibrated        why not        answers in the set
ROWS = [
    ([0.50, 0.25, 0.25], [0.75, 0.25, 0.00], (), 1),  # right
    ([0.50, 0.25, 0.25], [0.75, 0.25, 0.00], (), 2),  # wrong, and in the set
    ([0.50, 0.25, 0.25], [0.75, 0.25, 0.00], ("unsure",), 1),  # wrong, and in no set
    ([0.00, 1.00, 0.00], [0.00, 1.00, 0.00], (), 3),  # the model does not know the answer: no set holds it
    ([0.00, 0.00, 0.00], [0.00, 0.00, 0.00], ("the video could not be read",), None),
]  # fmt: skip


def row_trust(
    rows: list = ROWS, true: list[str] = TRUE, *, judges: bool = True
) -> tuple[RowTrust, np.ndarray]:
    after, before = (np.array([row[place] for row in rows], np.float32) for place in (0, 1))
    judgements = [Judgement(row[2], row[3]) for row in rows]
    ids = np.array([ANSWERS.index(answer) if answer in ANSWERS else -1 for answer in true])
    judged = Judged(after, before, None, np.full(len(rows), np.nan), judgements)
    return RowTrust.of(judged, ids, judges=judges), ranks_of_gold(after, ids)


def scores_of(trust: RowTrust, ranks: np.ndarray, rows: list = ROWS, true: list[str] = TRUE) -> dict:
    given = [ANSWERS[int(np.argmax(row[0]))] if any(row[0]) else None for row in rows]
    table = pd.DataFrame({"video_id": [f"{number}.mp4" for number in range(len(rows))], "answer": true})
    status = ["ok" if any(row[0]) else "failed" for row in rows]
    return score_table(
        table.assign(question_type="where", status=status),
        RowAnswers(given, gold_ranks=ranks, trust=trust), majority={"answer": "left", "by_question_type": {}},
        answer_vocabulary=ANSWERS,
    )  # fmt: skip


def test_reliable_answers_and_sets() -> None:
    scores = scores_of(*row_trust())
    assert scores["share_reliable"] == 3 / 5  # a video that cannot be read is not answered reliably
    assert scores["reliable_accuracy"] == 1 / 3
    assert scores["set_coverage"] == 2 / 4  # it has no set either
    assert scores["mean_set_size"] == (1 + 2 + 1 + 3) / 4
    assert scores["reliable_accuracy_interval"] == pytest.approx(
        [0.00840, 0.90570], abs=1e-5
    )  # Beta(1, 3), (2, 2)
    by_type = scores["by_question_type"]["where"]
    for name in ("share_reliable", "reliable_accuracy", "set_coverage", "mean_set_size", "brier_score"):
        assert by_type[name] == scores[name]


def test_calibration() -> None:
    """Three rows at 0.5, of which one is right, one at 1, which is wrong; before, three at 0.75."""
    scores = scores_of(*row_trust())
    assert scores["expected_calibration_error"] == pytest.approx((3 * abs(0.5 - 1 / 3) + 1) / 4)
    assert scores["expected_calibration_error_before"] == pytest.approx((3 * abs(0.75 - 1 / 3) + 1) / 4)
    right, wrong, unknown = 0.25 + 2 * 0.0625, 0.25 + 0.5625 + 0.0625, 1 + 1
    assert scores["brier_score"] == pytest.approx((right + 2 * wrong + unknown) / 4)
    bins = [(each["from"], each["num_rows"], each["accuracy"]) for each in scores["reliability"]]
    assert bins == [(0.5, 3, pytest.approx(1 / 3)), (0.9, 1, 0)]
    assert scores["reliability_before"][0]["from"] == 0.7


def test_risk_and_coverage() -> None:
    """The surest answer is wrong; then come three equally sure ones, each of them right with one third."""
    scores = scores_of(*row_trust())
    curve = scores["risk_coverage"]
    assert [point["share_answered"] for point in curve] == [1 / 5, 2 / 5, 3 / 5, 4 / 5]
    accuracies = [0, (1 / 3) / 2, (2 / 3) / 3, 1 / 4]
    assert [point["accuracy"] for point in curve] == pytest.approx(accuracies)
    assert [point["probability"] for point in curve] == [1, 0.5, 0.5, 0.5]
    assert scores["area_under_risk_coverage"] == pytest.approx(1 - np.mean(accuracies))


def test_a_long_curve_keeps_its_ends() -> None:
    number = 10 * CURVE_POINTS
    rows = [([1 - place / 2000, place / 2000, 0], [1, 0, 0], (), 1) for place in range(number)]
    true = ["left"] * (number // 2) + ["up"] * (number // 2)
    curve = scores_of(*row_trust(rows, true), rows, true)["risk_coverage"]
    assert len(curve) == CURVE_POINTS
    assert (curve[0]["share_answered"], curve[0]["accuracy"]) == (1 / number, 1)
    assert (curve[-1]["share_answered"], curve[-1]["accuracy"]) == (1, 0.5)


def test_the_order_of_equally_sure_answers_does_not_matter() -> None:
    probability = np.array([0.9, 0.5, 0.5, 0.5, 0.1])
    for right in ([1, 1, 0, 0, 1], [1, 0, 0, 1, 1]):
        found = accuracies_of_surest(probability, np.array(right, bool))
        assert found == pytest.approx([1, (4 / 3) / 2, (5 / 3) / 3, 2 / 4, 3 / 5])


def test_a_model_that_cannot_judge_has_no_reliable_answers_and_no_sets() -> None:
    rows = [(row[0], row[0], (), None) for row in ROWS]
    scores = scores_of(*row_trust(rows, judges=False), rows)
    assert scores["share_reliable"] is None and scores["reliable_accuracy_interval"] is None
    assert scores["set_coverage"] is None and scores["mean_set_size"] is None
    assert scores["expected_calibration_error"] is not None, "probabilities it has"
    assert "expected_calibration_error_before" not in scores
    assert scores["brier_score_before"] == scores["brier_score"]
    shown = format_score_table(scores)
    assert "What the model says" not in shown and "without the temperature" not in shown


def test_rows_of_failed_videos_only() -> None:
    rows, true = ROWS[-1:] * 2, TRUE[-1:] * 2
    scores = scores_of(*row_trust(rows, true), rows, true)
    assert (scores["share_reliable"], scores["reliable_accuracy"]) == (0, None)
    assert scores["set_coverage"] is None and scores["brier_score"] is None
    assert "expected_calibration_error" not in scores and "risk_coverage" not in scores
    assert "0.00" in format_score_table(scores)


def test_one_answer_only() -> None:
    judged = Judged(np.ones((3, 1), np.float32), np.ones((3, 1), np.float32), None, np.full(3, np.nan), [])
    trust = RowTrust.of(judged := _with(judged, 3), np.array([0, 0, -1]), judges=True)
    assert trust.totals(np.array([True, True, False]))["expected_calibration_error"] == pytest.approx(1 / 3)
    assert trust.brier_score.tolist() == [0, 0, 2]


def _with(judged: Judged, number: int) -> Judged:
    return Judged(
        judged.probabilities, judged.uncalibrated, None, judged.familiarity, [Judgement((), 1)] * number
    )


def test_folds_are_joined_and_what_one_lacks_all_lack() -> None:
    whole, _ = row_trust()
    old, _ = row_trust(judges=False)
    both = RowTrust.joined([whole, whole])
    assert len(both.probability) == 10 and both.is_reliable.tolist() == [1, 1, 0, 1, 0] * 2
    mixed = RowTrust.joined([whole, old])
    assert np.isnan(mixed.is_reliable).all() and mixed.set_sizes[:4].tolist() == [1, 2, 1, 3]


def test_marks_that_a_fold_lacks_are_left_out() -> None:
    def marks(**named: np.ndarray) -> RowMarks:
        return RowMarks(np.array(["a"], object), np.array([False]), ["left"], ["left"], named)

    one = np.ones(1)
    joined = RowMarks.joined([marks(accuracy=one), marks(accuracy=one, brier_score_before=one)])
    assert joined.marks["brier_score_before"] is None and len(joined.marks["accuracy"]) == 2


def test_the_printed_lines() -> None:
    scores = scores_of(*row_trust()) | {"min_familiarity": 0.01, "min_probability": 0.5}
    lines = format_score_table(scores).splitlines()
    start = lines.index("What the model says of its own answers:")
    shown = [" ".join(line.split()) for line in lines[start + 1 :]]
    headings = (
        "type rows reliable accuracy of these 95 % interval set holds the answer 95 % interval set size"
    )
    assert shown[0] == headings
    assert shown[4] == "all 5 60.00 33.33 0.8 to 90.6 50.00 6.8 to 93.2 1.75"
    assert shown[5:] == [
        "reliable: familiarity of 0.01 or more, probability of 0.5 or more",
        "expected calibration error 37.50 (without the temperature 56.25)",
        "Brier score 1.03 (without the temperature 1.22)",
        "area under the risk–coverage curve 0.840",
        "videos that could not be read (their rows count as wrong): 1",
    ]
