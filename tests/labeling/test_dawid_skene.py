"""Dawid and Skene's EM against the tables of their paper, and what it is for: workers who differ."""

import numpy as np
import pytest

from videoqa.labeling.dawid_skene import Votes, dawid_skene

OBSERVERS = (0, 0, 0, 1, 2, 3, 4)
TABLE_1 = """
1111111 3334334 1122122 2223121 2223222 2223322 1222111 3333433 2222223
2322223 4444444 2223343 1111111 2223212 1211111 1112111 1111111 1111111
2222221 2221322 2222222 2222221 2223222 2212222 1111111 1111111 2322222
1111111 1111111 1121121 1111111 3333233 1111111 2222222 2223232 4334343
2212232 2323233 3333432 1111111 1111111 1212111 2322222 1211111 2222222
""".split()
"""Table 1 of the paper: 45 patients; three answers of the first anaesthetist, one of each of four others."""
TABLE_2 = [
    [[0.89, 0.11, 0.00, 0.00], [0.07, 0.88, 0.05, 0.00], [0.00, 0.34, 0.66, 0.00], [0.00, 0.00, 0.56, 0.44]],
    [[0.83, 0.17, 0.00, 0.00], [0.05, 0.63, 0.31, 0.00], [0.00, 0.00, 1.00, 0.00], [0.00, 0.00, 0.00, 1.00]],
    [[1.00, 0.00, 0.00, 0.00], [0.11, 0.79, 0.11, 0.00], [0.00, 0.40, 0.20, 0.40], [0.00, 0.00, 0.67, 0.33]],
    [[0.94, 0.06, 0.00, 0.00], [0.05, 0.84, 0.10, 0.00], [0.00, 0.00, 0.80, 0.20], [0.00, 0.00, 0.33, 0.67]],
    [[1.00, 0.00, 0.00, 0.00], [0.16, 0.73, 0.11, 0.00], [0.00, 0.21, 0.79, 0.00], [0.00, 0.00, 0.33, 0.67]],
]
"""The error rates that the paper prints: for each observer, the true class by the answer."""
MARGINALS = [0.40, 0.42, 0.11, 0.07]


@pytest.fixture
def anaesthetists() -> Votes:
    answers = np.array([[int(digit) - 1 for digit in row] for row in TABLE_1])
    tasks = np.repeat(np.arange(len(TABLE_1)), len(OBSERVERS))
    return Votes(tasks, np.tile(OBSERVERS, len(TABLE_1)), answers.ravel(), len(TABLE_1), 5, 4)


def test_the_tables_of_the_paper_come_out_to_their_digits(anaesthetists):
    found = dawid_skene(anaesthetists)
    np.testing.assert_allclose(found.prevalence.round(2), MARGINALS, atol=1e-9)
    np.testing.assert_allclose(found.error_rates.round(2), TABLE_2, atol=1e-9)
    uncertain = {3: 2, 7: 1, 12: 3, 30: 1, 35: 2, 38: 3}
    for patient, answer in uncertain.items():
        assert found.probabilities[patient - 1].argmax() == answer - 1
    np.testing.assert_allclose(found.probabilities[[6, 34, 37]].max(axis=1).round(2), [0.98, 0.95, 0.98])


@pytest.mark.parametrize("is_known", [False, True])
def test_what_others_say_leaves_a_vote_out(anaesthetists, is_known):
    """Computed vote by vote from the error rates."""
    votes, known = anaesthetists, np.full(45, -1)
    known[::5] = 2
    found = dawid_skene(votes, known=known if is_known else None, smoothing=1.0)
    for vote in range(0, len(votes.tasks), 11):
        others = np.flatnonzero(votes.tasks == votes.tasks[vote])
        likely = found.prevalence.copy()
        for other in others[others != vote]:
            likely *= found.error_rates[votes.workers[other], :, votes.answers[other]]
        if is_known and known[votes.tasks[vote]] >= 0:
            likely = np.eye(4)[2]
        assert found.others[vote] == pytest.approx((likely / likely.sum())[votes.answers[vote]], abs=1e-12)


def simulated(seed, accuracies, num_answers, num_tasks=1000, per_task=5):
    random = np.random.default_rng(seed)
    true = random.integers(num_answers, size=num_tasks)
    workers = np.argsort(random.random((num_tasks, len(accuracies))), axis=1)[:, :per_task]
    tasks = np.repeat(np.arange(num_tasks), per_task)
    right = random.random(tasks.shape) < np.array(accuracies)[workers.ravel()]
    wrong = (true[tasks] + random.integers(1, num_answers, size=tasks.shape)) % num_answers
    answers = np.where(right, true[tasks], wrong)
    return Votes(tasks, workers.ravel(), answers, num_tasks, len(accuracies), num_answers), true


@pytest.mark.parametrize("smoothing", [0.0, 4.0])
def test_good_workers_count_more_than_many(smoothing):
    accuracies = [0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.62, 0.6, 0.25]
    votes, true = simulated(0, accuracies, 4)
    found = dawid_skene(votes, smoothing=smoothing)
    majority = votes.counts().argmax(axis=1)
    assert (found.probabilities.argmax(axis=1) == true).mean() > (majority == true).mean() + 0.01
    right = np.einsum("wjj,j->w", found.error_rates, found.prevalence)
    np.testing.assert_allclose(right, accuracies, atol=0.06)


def test_what_is_known_stays_and_tells_about_the_workers():
    """Two workers always contradict each other: only what is known says which one is right."""
    tasks, workers = np.repeat(np.arange(20), 2), np.tile([0, 1], 20)
    true = np.arange(20) % 2
    answers = np.where(workers == 0, true[tasks], 1 - true[tasks])
    votes = Votes(tasks, workers, answers, 20, 2, 2)
    unknown = dawid_skene(votes, smoothing=1.0)
    np.testing.assert_allclose(unknown.probabilities, 0.5)
    known = np.where(np.arange(20) < 4, true, -1)
    found = dawid_skene(votes, known=known, smoothing=1.0)
    assert (found.probabilities.argmax(axis=1) == true).all()
    assert found.probabilities[:4].max(axis=1).tolist() == [1.0] * 4


def test_a_vote_is_judged_by_the_others():
    """Of three workers one answers a task otherwise: the others make that answer improbable."""
    tasks, workers = np.repeat(np.arange(30), 3), np.tile([0, 1, 2], 30)
    answers = np.repeat(np.arange(30) % 3, 3)
    answers[2] = 1
    found = dawid_skene(Votes(tasks, workers, answers, 30, 3, 3), smoothing=1.0)
    assert found.others[2] < 0.05 and found.others[5] > 0.95
