"""One answer of several people's: agreement, majority, many different answers, workers to look at."""

import krippendorff
import numpy as np
import pytest

from videoqa.labeling.aggregating import aggregate, nominal_alpha
from videoqa.labeling.collecting import Collected
from videoqa.labeling.dawid_skene import Votes
from videoqa.labeling.result_rows import ResultRow
from videoqa.labeling.single_accuracy import single_accuracy
from videoqa.labeling.tasks import TaskFile

from .conftest import ABOUT, question


def test_alpha_is_that_of_the_library_and_of_its_source():
    """The example of Krippendorff (2011), section C: 0.743."""
    rows = ["123321412   ", "1233224125 3", " 3332342251 ", "12332441251 "]
    values = [(unit, int(value)) for row in rows for unit, value in enumerate(row) if value != " "]
    tasks, answers = np.array(values).T
    votes = Votes(tasks, np.zeros_like(tasks), answers, 12, 1, 6)
    expected = krippendorff.alpha(value_counts=votes.counts().astype(int), level_of_measurement="nominal")
    assert nominal_alpha(votes) == pytest.approx(expected, abs=1e-12) == pytest.approx(0.743, abs=5e-4)


@pytest.mark.parametrize("seed", range(3))
def test_alpha_is_that_of_the_library_where_answers_are_missing(seed):
    random = np.random.default_rng(seed)
    tasks = random.integers(30, size=60)
    answers = (tasks + (random.random(60) < 0.4) * random.integers(5, size=60)) % 5
    votes = Votes(tasks, np.zeros(60, int), answers, 30, 1, 5)
    expected = krippendorff.alpha(value_counts=votes.counts().astype(int), level_of_measurement="nominal")
    assert nominal_alpha(votes) == pytest.approx(expected, abs=1e-12)


def test_there_is_no_alpha_without_two_answers_to_a_task_or_of_one_answer():
    one = np.arange(3)
    assert nominal_alpha(Votes(one, one, one, 3, 3, 3)) is None
    same = np.repeat(one, 2)
    assert nominal_alpha(Votes(same, np.tile([0, 1], 3), np.zeros(6, int), 3, 2, 1)) is None


def test_one_number_a_worker_is_enough_for_many_answers():
    """Of 100 answers each task has 4: good workers count more than many."""
    random = np.random.default_rng(0)
    accuracies = np.array([0.95, 0.9, 0.8, 0.6, 0.55, 0.5, 0.25])
    true = random.integers(100, size=400)
    tasks, workers = np.repeat(np.arange(400), 5), np.argsort(random.random((400, 7)), axis=1)[:, :5].ravel()
    wrong = (true[tasks] + random.integers(1, 4, size=2000)) % 100
    answers = np.where(random.random(2000) < accuracies[workers], true[tasks], wrong)
    votes = Votes(tasks, workers, answers, 400, 7, 100)
    found = single_accuracy(votes, np.full(400, 5))
    np.testing.assert_allclose(found.accuracies, accuracies, atol=0.08)
    sums = np.bincount(found.tasks, weights=found.probabilities)
    assert (sums <= 1 + 1e-9).all() and (found.others >= 0).all() and (found.others <= 1).all()
    best = {
        task: answer
        for task, answer, p in sorted(
            zip(found.tasks, found.answers, found.probabilities, strict=True), key=lambda each: each[2]
        )
    }
    right = np.mean([best[task] == true[task] for task in range(400)])
    majority = votes.counts()
    ties = majority == majority.max(axis=1, keepdims=True)
    assert right > (ties[np.arange(400), true] / ties.sum(axis=1)).mean() + 0.02


def collected(*given, num_tasks=10, **fields):
    file = TaskFile(tuple(question(number, **fields) for number in range(num_tasks)), ABOUT)
    found = Collected(file)
    rows = [ResultRow("", file.tasks[task].id, worker, how, answer) for task, worker, how, answer in given]
    found.add(rows, 0)
    return found


def test_a_tie_stays_unlabelled_and_so_does_what_most_cannot_tell():
    given = [(0, "a", "choice", "waving"), (0, "b", "choice", "loading")]
    given += [(1, "a", "choice", "waving"), (1, "b", "cannot_tell", ""), (1, "c", "cannot_tell", "")]
    given += [(2, worker, "choice", "walking") for worker in "abc"]
    table = aggregate(collected(*given), min_certainty=0.8, min_assignments=1).tasks
    assert table["state"].tolist() == ["uncertain", "cannot tell", "labelled"]
    assert table["majority_answer"].tolist() == ["", "waving", "walking"]
    few = aggregate(collected(*given), min_certainty=0.0, min_assignments=3).tasks
    assert few["state"].tolist() == ["too few answers", "cannot tell", "labelled"]


@pytest.mark.parametrize("num_answers", [4, 8, 60])
def test_a_worker_who_does_not_look_is_named(num_answers):
    """Each task shows 4 of the answers, of which the first is right."""
    random = np.random.default_rng(1)
    shown = [tuple(f"answer {(task + place) % num_answers}" for place in range(4)) for task in range(200)]
    file = TaskFile(tuple(question(task, choices=choices) for task, choices in enumerate(shown)), ABOUT)
    rows = []
    for task, choices in zip(file.tasks, shown, strict=True):
        for worker, accuracy in zip("abcd", (0.9, 0.8, 0.7, 0.25), strict=True):
            answer = choices[0 if random.random() < accuracy else random.integers(1, 4)]
            rows.append(ResultRow("", task.id, worker, "choice", answer))
    found = Collected(file)
    found.add(rows, 0)
    workers = aggregate(found, min_certainty=0.8, min_assignments=1).workers
    assert workers["worker"][workers["is_suspicious"]].tolist() == ["d"]
    accuracy = workers["accuracy"].tolist()
    assert min(accuracy[:2]) > accuracy[2] > accuracy[3]


def test_known_tasks_tell_who_is_right():
    known = {number: ("waving", "loading")[number % 2] for number in range(6)}
    file = TaskFile(tuple(question(number, known_answer=known.get(number)) for number in range(20)), ABOUT)
    found = Collected(file)
    rows = []
    for number, task in enumerate(file.tasks):
        right = ("waving", "loading")[number % 2]
        wrong = ("loading", "waving")[number % 2]
        rows += [
            ResultRow("", task.id, worker, "choice", answer)
            for worker, answer in (("good", right), ("bad", wrong))
        ]
    found.add(rows, 0)
    done = aggregate(found, min_certainty=0.8, min_assignments=1)
    assert done.workers["known_accuracy"].tolist() == [1.0, 0.0]
    assert done.tasks["answer"].tolist() == [("waving", "loading")[number % 2] for number in range(20)]


def test_a_known_answer_that_nobody_gives_stays_right():
    file = TaskFile(tuple(question(number, known_answer="jumping") for number in range(5)), ABOUT)
    found = Collected(file)
    found.add(
        (ResultRow("", task.id, worker, "choice", "waving") for task in file.tasks for worker in "ab"), 0
    )
    done = aggregate(found, min_certainty=0.8, min_assignments=1)
    assert done.tasks["answer"].tolist() == ["jumping"] * 5
    assert done.tasks["agreement"].tolist() == [0.0] * 5
    assert done.workers["known_accuracy"].tolist() == [0.0, 0.0]
