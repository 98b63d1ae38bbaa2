"""Exact intervals against published tables, and scores without exceptions."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from videoqa.evaluation.bootstrap import cluster_sums, percentile_interval, resampled_sums
from videoqa.evaluation.exact_intervals import clopper_pearson, difference_interval, share_interval
from videoqa.evaluation.metrics import score_table
from videoqa.evaluation.row_marks import RowAnswers


def scores_of(videos: list[str], right: Sequence[int], blind_right: list[int] | None = None) -> dict:
    """Score rows whose answer is "yes", given as "yes" or "no"."""
    return score_table(
        pd.DataFrame({"video_id": videos, "answer": "yes", "question_type": "is"}),
        RowAnswers(
            ["yes" if row else "no" for row in right],
            blind=None if blind_right is None else ["yes" if row else "no" for row in blind_right],
        ),
        majority={"answer": None, "by_question_type": {}},
        answer_vocabulary=["yes", "no"],
    )


@pytest.mark.numeric
@pytest.mark.parametrize(
    ("num_right", "num_trials", "interval"),
    [
        (81, 263, (0.2527, 0.3676)),
        (15, 148, (0.0578, 0.1617)),
        (0, 20, (0, 0.1684)),
        (1, 29, (0.0009, 0.1776)),
    ],
)
def test_the_exact_intervals_that_are_published(
    num_right: int, num_trials: int, interval: tuple[float, float]
) -> None:
    # R. G. Newcombe, Two-sided confidence intervals for the single proportion, Stat. Med. 17 (1998), Table I
    assert clopper_pearson(num_right, num_trials) == pytest.approx(interval, abs=5e-5)
    low, high = clopper_pearson(num_trials - num_right, num_trials)
    assert (1 - high, 1 - low) == pytest.approx(interval, abs=5e-5)


@pytest.mark.numeric
@pytest.mark.parametrize("num_trials", [1, 3, 30, 13157])
def test_the_closed_form_of_no_exception(num_trials: int) -> None:
    low, high = clopper_pearson(num_trials, num_trials)
    assert low == pytest.approx(0.025 ** (1 / num_trials), rel=1e-9) and high == 1
    assert clopper_pearson(0, num_trials, 0.9)[1] == pytest.approx(1 - 0.05 ** (1 / num_trials), rel=1e-9)


@pytest.mark.parametrize("numbers", [(1, 0), (-1, 3), (4, 3), (0.5, 3)])
def test_impossible_counts_are_refused(numbers: tuple) -> None:
    with pytest.raises(ValueError, match="must be an integer"):
        clopper_pearson(*numbers)


@pytest.mark.parametrize("num_questions", [1, 4])
@pytest.mark.parametrize(("num_videos", "low"), [(1, 0.025), (3, 0.2924), (100, 0.9638)])
def test_every_row_right_or_wrong_is_no_point(num_questions: int, num_videos: int, low: float) -> None:
    videos = [f"v{video}" for video in range(num_videos)] * num_questions
    right = scores_of(videos, [1] * len(videos), blind_right=[0] * len(videos))
    for part in (right, right["by_question_type"]["is"]):
        assert part["accuracy_interval"] == pytest.approx([low, 1], abs=1e-4)
        assert part["blind_accuracy_interval"] == pytest.approx([0, 1 - low], abs=1e-4)
        ends = part["video_gain_interval"]
        assert ends[0] == pytest.approx(1 - 2**0.5 * (1 - low), abs=1e-4) and ends[1] == 1


def test_almost_every_row_right_is_hardly_more() -> None:
    videos = [f"v{row}" for row in range(100)]
    assert scores_of(videos, [1] * 99 + [0])["accuracy_interval"] == pytest.approx([0.9455, 0.9997], abs=1e-4)
    assert scores_of(videos, [0] * 96 + [1] * 4)["accuracy_interval"] == pytest.approx(
        clopper_pearson(4, 100)
    )


def test_videos_that_are_all_the_same_are_no_point() -> None:
    videos = [f"v{row // 2}" for row in range(80)]
    low, high = scores_of(videos, [1, 0] * 40)["accuracy_interval"]
    assert 0.3 < low < 0.45 and 0.55 < high < 0.7


def test_few_videos_are_counted_and_not_their_rows() -> None:
    # of 10 videos with 20 rows each 7 are wholly right: 7 of 10, not 140 of 200
    videos = [f"v{row // 20}" for row in range(200)]
    alike = scores_of(videos, [1] * 140 + [0] * 60)["accuracy_interval"]
    assert alike == pytest.approx(clopper_pearson(7, 10))
    # rows that differ within each video as coins do are worth more than one trial, but less than each its own
    mixed = scores_of(videos, np.random.default_rng(0).permutation([1] * 140 + [0] * 60).tolist())[
        "accuracy_interval"
    ]
    wide, narrow = (ends[1] - ends[0] for ends in (mixed, clopper_pearson(140, 200)))
    assert narrow < wide < (alike[1] - alike[0]) / 2


def test_one_long_video_is_one_trial() -> None:
    videos = ["long"] * 100 + [f"v{row}" for row in range(9)]
    assert scores_of(videos, [0] * 100 + [1] * 9)["accuracy_interval"] == [0, 1]


def test_many_videos_keep_the_bootstrap() -> None:
    rows, right = np.ones(60), np.repeat([1.0, 0.0], 30)
    drawn = resampled_sums(cluster_sums(np.column_stack([right, rows]), np.arange(60).astype(str)))
    shares = drawn[:, 0] / drawn[:, 1]
    assert share_interval(right, rows, shares) == percentile_interval(shares)
    assert difference_interval(right, 1 - right, rows, 2 * shares - 1) == percentile_interval(2 * shares - 1)
    assert share_interval(right[:0], rows[:0], shares[:0]) is None
    assert difference_interval(right[:0], right[:0], rows[:0], shares[:0]) is None


@pytest.mark.numeric
def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    # 8 videos of 3 rows that are alike
    rng, rows = np.random.default_rng(0), np.full(8, 3.0)
    held = {"exact": 0, "bootstrap": 0}
    for trial in range(100):
        right = 3.0 * (rng.random(8) < 0.9)
        drawn = resampled_sums(np.column_stack([right, rows]), num_resamples=200, seed=trial)
        shares = drawn[:, 0] / drawn[:, 1]
        for name, found in (
            ("exact", share_interval(right, rows, shares)),
            ("bootstrap", percentile_interval(shares)),
        ):
            held[name] += found[0] <= 0.9 <= found[1]
    assert held["exact"] >= 95 > 65 > held["bootstrap"]


def test_the_labels_of_actions_too() -> None:
    table = pd.DataFrame({"video_id": list("abc"), "answer": list("xyy"), "question_type": "action"})
    scores = score_table(
        table, RowAnswers(list("xyy")), task="action",
        majority={"answer": "y", "by_question_type": {}}, answer_vocabulary=list("xy"),
        score_groups={"second": ["y"], "none": ["z"]},
    )  # fmt: skip
    assert scores["accuracy_interval"] == pytest.approx([0.2924, 1], abs=1e-4)
    assert scores["by_group"]["second"]["accuracy_interval"] == pytest.approx([0.1581, 1], abs=1e-4)
    assert scores["by_group"]["none"]["accuracy_interval"] is None
    recalls = scores["recall_intervals"]
    assert recalls == {"x": pytest.approx([0.025, 1]), "y": pytest.approx([0.1581, 1], abs=1e-4)}
