"""Intervals by video against cases whose answer is known."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from videoqa.evaluation import bootstrap
from videoqa.evaluation.bootstrap import cluster_sums, percentile_interval, resampled_sums
from videoqa.evaluation.metrics import score_table
from videoqa.evaluation.row_marks import RowAnswers


def scores_of(
    videos: list[str], right: list[int], blind_right: list[int] | None = None, seed: int = 0
) -> dict:
    """Score rows whose answer is "yes", given as "yes" or "no"."""
    table = pd.DataFrame({"video_id": videos, "answer": "yes", "question_type": "is"})
    return score_table(
        table,
        RowAnswers(
            ["yes" if row else "no" for row in right],
            blind=None if blind_right is None else ["yes" if row else "no" for row in blind_right],
        ),
        majority={"answer": None, "by_question_type": {}},
        answer_vocabulary=["yes", "no"],
        seed=seed,
    )


def test_sums_are_per_cluster_in_the_order_of_appearance() -> None:
    columns = np.array([[1, 10], [2, 20], [4, 40]])
    assert cluster_sums(columns, ["b", "a", "b"]).tolist() == [[5, 50], [2, 20]]


def test_every_resample_draws_as_many_clusters_as_there_are() -> None:
    drawn = resampled_sums(np.array([[1.0, 3], [1, 0], [1, 0]]), num_resamples=3000)
    assert drawn.shape == (3000, 2) and set(drawn[:, 0]) == {3}
    # the first of 3 clusters is drawn Binomial(3, 1/3) times: never in 8/27 of the resamples
    assert set(drawn[:, 1]) == {0, 3, 6, 9}
    assert np.mean(drawn[:, 1] == 0) == pytest.approx(8 / 27, abs=0.03)
    assert drawn[:, 1].mean() == pytest.approx(3, abs=0.1)


def test_the_middle_95_percent() -> None:
    values = np.array([*range(1001), np.nan])
    assert percentile_interval(values) == pytest.approx([25, 975])
    assert percentile_interval(np.array([np.nan])) is None


def test_rows_of_one_video_tell_nothing_of_others() -> None:
    assert scores_of(["a"] * 4, [1, 1, 1, 0])["accuracy_interval"] == [0, 1]


def test_two_videos_of_different_length_are_weighed_by_rows() -> None:
    # draws: a a, a b or b a, b b, so accuracies of 1, 3 of 4, and 0; a plain mean of the two would be 1 of 2
    assert scores_of(["a", "a", "a", "b"], [1, 1, 1, 0])["accuracy"] == 0.75
    sums = cluster_sums(np.array([[1, 1], [1, 1], [1, 1], [0, 1]]), list("aaab"))
    drawn = resampled_sums(sums)
    shares, counts = np.unique(drawn[:, 0] / drawn[:, 1], return_counts=True)
    assert shares.tolist() == [0, 0.75, 1]
    assert counts / 2000 == pytest.approx([0.25, 0.5, 0.25], abs=0.04)


def test_independent_rows_have_the_binomial_interval() -> None:
    right = [1] * 240 + [0] * 160
    low, high = scores_of([f"v{row}" for row in range(400)], right)["accuracy_interval"]
    reach = 1.96 * (0.6 * 0.4 / 400) ** 0.5  # 0.048
    assert (low, high) == pytest.approx((0.6 - reach, 0.6 + reach), abs=0.006)


def test_rows_that_are_alike_within_videos_widen_it() -> None:
    videos = [f"v{row // 10}" for row in range(400)]  # 40 videos of 10 rows, wholly right or wholly wrong
    low, high = scores_of(videos, [1] * 240 + [0] * 160)["accuracy_interval"]
    reach = 1.96 * (0.6 * 0.4 / 40) ** 0.5  # 0.152, of 40 and not of 400 independent things
    assert (low, high) == pytest.approx((0.6 - reach, 0.6 + reach), abs=0.02)


def test_the_gain_is_paired() -> None:
    videos, right = [f"v{row}" for row in range(50)], [1, 0] * 25
    scores = scores_of(videos, right, blind_right=right)
    nothing_seen = 1 - 0.025 ** (1 / 50)  # no row of 50 videos that only one has right: at most 7 % of others
    assert scores["video_gain_interval"] == pytest.approx([-nothing_seen, nothing_seen])
    assert scores["accuracy_interval"] == scores["blind_accuracy_interval"] != [0.5, 0.5]
    opposite = scores_of(videos, right, blind_right=[1 - row for row in right])
    assert opposite["blind_accuracy_interval"] == pytest.approx(
        [1 - end for end in reversed(opposite["accuracy_interval"])]
    )
    low, high = opposite["accuracy_interval"]
    assert opposite["video_gain_interval"] == pytest.approx([2 * low - 1, 2 * high - 1])


def test_the_seed_decides() -> None:
    videos, right = [f"v{int(row**0.5)}" for row in range(997)], ([1, 0, 0] * 333)[:997]
    first, again, other = (scores_of(videos, right, seed=seed)["accuracy_interval"] for seed in (0, 0, 1))
    assert first == again != other


def test_draws_do_not_depend_on_the_size_of_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = np.arange(20.0).reshape(10, 2)
    whole = resampled_sums(sums, num_resamples=50, seed=3)
    monkeypatch.setattr(bootstrap, "COUNTS_PER_BLOCK", 70)
    assert np.array_equal(resampled_sums(sums, num_resamples=50, seed=3), whole)


@pytest.mark.slow
def test_memory_stays_small_for_thousands_of_videos() -> None:
    sums = np.ones((5000, 3))
    tracemalloc.start()
    resampled_sums(sums)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60e6  # all counts at once would be 80 MB, and again as floats


def test_no_resamples_are_refused() -> None:
    with pytest.raises(ValueError, match="`num_resamples` must be an integer of at least 1"):
        resampled_sums(np.ones((2, 1)), num_resamples=0)
