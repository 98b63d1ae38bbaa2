"""Prediction sets: the conformal quantile by hand, and that the promise is kept over many splits."""

import numpy as np
import pytest

from videoqa.trust.prediction_sets import COVERAGE, FEWEST_VIDEOS, PredictionSets, fit_prediction_sets

ROW = [0.5, 0.375, 0.125]
"""Above its answers lie probabilities of 0, 0.5 and 0.875."""


def fitted(answer_ids: list[int], videos: list | None = None) -> PredictionSets:
    probabilities = np.array([ROW] * len(answer_ids), np.float32)
    return fit_prediction_sets(probabilities, np.array(answer_ids), videos or list(range(len(answer_ids))))


def test_the_quantile_by_hand() -> None:
    """Of 19 videos 0.9 × 20 = 18 must be in their sets: the least sure one may be left out."""
    sets = fitted([0] * 17 + [1, 2])
    assert sets == PredictionSets(0.5, 19)
    rows = np.array([ROW, [0.375, 0.5, 0.125], [0.75, 0.125, 0.125], [0.25, 0.25, 0.25]], np.float32)
    assert sets.sizes(rows).tolist() == [2, 2, 1, 3]
    assert fitted([0] * 16 + [1, 2, 2]).most_above == 0.875, "two videos too many, so all answers"


@pytest.mark.parametrize("number", [1, FEWEST_VIDEOS - 1, FEWEST_VIDEOS])
def test_few_videos_promise_nothing_but_all_answers(number: int) -> None:
    """0.9 of 10 is 9: nine videos can just promise it, with the least sure of them."""
    sets = fitted([0] * number)
    assert sets.most_above == (0 if number == FEWEST_VIDEOS else 1)
    assert sets.sizes(np.array([ROW])).tolist() == [1 if number == FEWEST_VIDEOS else 3]


def test_answers_outside_the_vocabulary_are_in_no_set() -> None:
    assert fitted([0] * 18 + [-1]).most_above == 0
    assert fitted([0] * 17 + [-1, -1]).most_above == 1


def test_rows_of_a_video_share_its_weight() -> None:
    """Eighteen easy videos and one with a thousand hard rows: it counts once."""
    videos = [*range(18), *["hard"] * 1000]
    assert fitted([0] * 18 + [2] * 1000, videos) == PredictionSets(0.0, 19)
    assert fitted([0] * 18 + [2] * 1000).most_above == 0.875, "as many videos"


def test_rows_without_a_picture_do_not_count() -> None:
    zeros = np.zeros((3, 3), np.float32)
    assert fit_prediction_sets(zeros, np.zeros(3, int), [1, 2, 3]) is None
    assert fit_prediction_sets(zeros[:0], np.zeros(0, int), []) is None
    rows = np.concatenate([np.array([ROW] * 9, np.float32), zeros])
    assert fit_prediction_sets(rows, np.array([0] * 9 + [2] * 3), list(range(12))) == PredictionSets(0.0, 9)


def test_one_answer_is_always_in_the_set() -> None:
    sets = fit_prediction_sets(np.ones((20, 1), np.float32), np.zeros(20, int), list(range(20)))
    assert sets.sizes(np.ones((2, 1))).tolist() == [1, 1]


def simulated(rng: np.random.Generator, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities of six answers, and true answers that come from quite other probabilities."""
    truth = rng.dirichlet(np.full(6, 0.5), number)
    ids = (truth.cumsum(axis=1) > rng.random((number, 1))).argmax(axis=1)
    guess = truth**0.3 * rng.uniform(0.5, 1.5, truth.shape)
    return guess / guess.sum(axis=1, keepdims=True), ids


def held(sets: PredictionSets, probabilities: np.ndarray, ids: np.ndarray) -> np.ndarray:
    order = np.argsort(-probabilities, axis=1)
    ranks = (order == ids[:, None]).argmax(axis=1)
    return ranks < sets.sizes(probabilities)


@pytest.mark.numeric
def test_the_promise_is_kept_over_two_hundred_splits() -> None:
    """With 49 held-out videos the coverage of a split is Beta(45, 5): 0.9 on average (Vovk 2012).

    The mean over 200 splits of 100 new videos each lies within five of its standard deviations. The model is
    badly calibrated: the promise needs exchangeable videos and nothing else.
    """
    splits, new, a, b = 200, 100, 45, 5
    mean, variance = a / (a + b), a * b / ((a + b) ** 2 * (a + b + 1))
    spread = np.sqrt((variance + (mean * (1 - mean) - variance) / new) / splits)
    rng, shares = np.random.default_rng(13), []
    for _ in range(splits):
        sets = fit_prediction_sets(*simulated(rng, 49), list(range(49)))
        shares.append(held(sets, *simulated(rng, new)).mean())
    assert mean == COVERAGE and abs(np.mean(shares) - COVERAGE) < 5 * spread, np.mean(shares)


@pytest.mark.numeric
def test_the_promise_is_about_a_question_to_a_new_video() -> None:
    """Videos of 1 to 12 rows that are all easy or all hard: a random row of a new video is held in 90 %."""
    splits, videos = 200, 60
    rng, shares = np.random.default_rng(14), []

    def rows_of(number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        hard, counts = rng.random(number) < 0.3, rng.integers(1, 13, number)
        of_row = np.repeat(np.arange(number), np.where(hard, counts, 1))
        probabilities, ids = simulated(rng, len(of_row))
        return probabilities, np.where(hard[of_row], ids, probabilities.argmax(axis=1)), of_row

    for _ in range(splits):
        sets = fit_prediction_sets(*rows_of(videos))
        probabilities, ids, of_row = rows_of(videos)
        weights = 1 / np.bincount(of_row)[of_row]
        shares.append((held(sets, probabilities, ids) * weights).sum() / videos)
    spread = np.sqrt(0.25 / videos / splits) * np.sqrt(2)  # no share of a video varies more than a coin
    assert np.mean(shares) > COVERAGE - 5 * spread, np.mean(shares)


@pytest.mark.parametrize("num_answers", [2, 3, 40, 1000])
def test_with_too_few_videos_every_answer_is_in_the_set_however_probabilities_are_rounded(
    num_answers: int,
) -> None:
    rows = np.random.default_rng(1).dirichlet(np.full(num_answers, 0.05), 300).astype(np.float32)
    sets = fit_prediction_sets(rows[:8], rows[:8].argmax(axis=1), list(range(8)))
    assert sets is not None and sets.most_above == 1
    assert (sets.sizes(rows) == num_answers).all()


@pytest.mark.parametrize(
    "row", [[0.25, 0.25, 0.25, 0.25], [0.4, 0.3, 0.3, 0.0], [0.4, 0.4, 0.1, 0.1], [1.0, 0.0, 0.0, 0.0]]
)
def test_equally_probable_answers_are_in_the_set_together(row: list[float]) -> None:
    """Else the sets of the held-out rows themselves would not hold their true answers."""
    probabilities = np.tile(np.array(row, np.float32), (40, 1))
    true = np.arange(40) % 4
    sets = fit_prediction_sets(probabilities, true, list(range(40)))
    assert sets is not None
    rank = np.argsort(np.argsort(-probabilities, axis=1, kind="stable"), axis=1)[np.arange(40), true]
    assert (rank < sets.sizes(probabilities)).mean() >= 0.9
