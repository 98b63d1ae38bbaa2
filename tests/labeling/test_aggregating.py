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

from .conftest import ABOUT, CHOICES, question


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


def test_many_answers_are_weighed_as_accuracies_say():
    """Computed task by task as products of the workers' probabilities to give each answer."""
    random = np.random.default_rng(0)
    tasks, workers = np.divmod(np.flatnonzero(random.random(120) < 0.6), 4)
    true = random.integers(50, size=30)
    answers = np.where(random.random(len(tasks)) < 0.7, true[tasks], random.integers(50, size=len(tasks)))
    known = np.where(np.arange(30) % 5 == 0, true, -1)
    votes = Votes(tasks, workers, answers, 30, 4, 50)
    found = single_accuracy(votes, np.full(30, 6), known=known, smoothing=4.0)
    places = {pair: place for place, pair in enumerate(zip(found.tasks, found.answers, strict=True))}

    def shares(of_task):
        """Return the probability of each answer to a task that some votes give, of 6 in all."""
        given = [*dict.fromkeys(answers[of_task].tolist()), -1]
        rates = found.accuracies[workers[of_task]][None]
        right = answers[of_task][None] == np.array(given)[:, None]
        likely = np.where(right, rates, (1 - rates) / 5).prod(axis=1)
        likely[-1] *= 6 - len(given) + 1  # those that nobody gave
        return dict(zip(given, likely / likely.sum(), strict=True)), likely[-1] / likely.sum() / (
            7 - len(given)
        )

    for task in set(tasks.tolist()):
        of_task = np.flatnonzero(tasks == task)
        for vote in of_task:
            answer = answers[vote]
            own, others = shares(of_task)[0][answer], shares(of_task[of_task != vote])
            expected = (own, others[0].get(answer, others[1]))
            if known[task] >= 0:
                expected = (float(answer == known[task]),) * 2
            got = (found.probabilities[places[task, answer]], found.others[vote])
            assert got == pytest.approx(expected, abs=1e-5) and found.own[vote] == got[0]


def collected(*given, num_tasks=10, **fields):
    file = TaskFile(tuple(question(number, **fields) for number in range(num_tasks)), ABOUT)
    found = Collected(file)
    rows = [ResultRow("", file.tasks[task].id, worker, how, answer) for task, worker, how, answer in given]
    found.add(rows, 0)
    return found


def test_everybody_may_answer_everything():
    given = [(task, f"worker {worker}", "choice", "waving") for task in range(10) for worker in range(20)]
    assert collected(*given).outcomes.counts == {"used": 200}


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


def test_who_looks_but_errs_more_than_others_is_not_named():
    random, rows = np.random.default_rng(0), []
    for task in range(200):
        for worker, accuracy in zip("abcd", (0.95, 0.95, 0.95, 0.6), strict=True):
            answer = (task if random.random() < accuracy else task + random.integers(1, 4)) % 4
            rows.append((task, worker, "choice", CHOICES[answer]))
    workers = aggregate(collected(*rows, num_tasks=200), min_certainty=0.8, min_assignments=1).workers
    assert workers["by_others"].idxmin() == 3 and not workers["is_suspicious"].any()


@pytest.mark.parametrize(("share", "first"), [(0.1, 0.9), (0.02, 0.9), (0.1, 0.25)])
def test_who_mostly_answers_alone_is_judged_by_the_other_tasks(share, first):
    """Ten workers are right in 90 %, or the first one by chance; this share of tasks has a second answer."""
    random = np.random.default_rng(0)
    rows, true = [], random.integers(4, size=1000)
    for task in range(1000):
        for worker in random.permutation(10)[: 2 if random.random() < share else 1].tolist():
            is_right = random.random() < (0.9 if worker else first)
            answer = true[task] if is_right else (true[task] + random.integers(1, 4)) % 4
            rows.append((task, f"worker {worker}", "choice", CHOICES[answer]))
    workers = aggregate(collected(*rows, num_tasks=1000), min_certainty=0.8, min_assignments=1).workers
    assert workers["worker"][workers["is_suspicious"]].tolist() == ["worker 0"] * (first == 0.25)


def test_who_is_wrong_where_the_answer_is_known_is_not_taken_at_their_word():
    file = TaskFile(
        tuple(question(task, known_answer="waving" if task < 9 else None) for task in range(12)), ABOUT
    )
    found = Collected(file)
    answers = ("walking", "jumping", "loading")
    found.add((ResultRow("", task.id, "a", "choice", answers[n % 3]) for n, task in enumerate(file.tasks)), 0)
    done = aggregate(found, min_certainty=0.8, min_assignments=1)
    assert done.tasks["state"].tolist() == ["labelled"] * 9 + ["uncertain"] * 3
    assert done.workers["num_known"].tolist() == [9]


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


def test_an_answer_that_nobody_gave_is_no_label():
    """Who always says the other one makes the right answer probable by saying the wrong one alone."""
    file = TaskFile(tuple(question(number, choices=("in", "out")) for number in range(21)), ABOUT)
    found = Collected(file)
    for number, task in enumerate(file.tasks):
        right, wrong = ("in", "out") if number % 2 else ("out", "in")
        said = {"a": right, "b": right, "c": right, "d": wrong} if number < 20 else {"d": wrong}
        found.add((ResultRow("", task.id, *each[:1], "choice", each[1]) for each in said.items()), 0)
    last = aggregate(found, min_certainty=0.8, min_assignments=1).tasks.iloc[-1]
    assert (last["answer"], last["agreement"], last["state"]) == ("out", 0, "uncertain")
    assert last["certainty"] > 0.8


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
