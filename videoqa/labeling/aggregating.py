"""Joins the answers of several people to one for each task, and says how well people agree and answer."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from videoqa.labeling.collecting import Collected
from videoqa.labeling.dawid_skene import Votes, dawid_skene
from videoqa.labeling.single_accuracy import single_accuracy

LABELLED, UNCERTAIN, UNTOLD, FEW = "labelled", "uncertain", "cannot tell", "too few answers"
MOST_TABLE_ANSWERS, MOST_TABLE_CELLS = 20, 4_000_000
"""Up to so many different answers, and cells in all, each worker has a whole table of errors."""
SMOOTHING = 4.0
CHANCE_DEVIATIONS = 2.33
"""Standard deviations above chance that a worker must answer, or within what is usual: luck gives more in 1
of 100 cases."""


@dataclass(frozen=True)
class Aggregated:
    """What people say.

    Attributes:
        tasks: one row per task with an answer, index: its number in the file. `num_assignments`,
            `num_cannot_tell`, `answer` (Dawid-Skene's, "" if all say they cannot tell), `certainty` (its
            probability), `agreement` (share of the answers that are it), `majority_answer` ("" of a tie),
            `state`.
        workers: one row per worker: `worker`, `num_answers`, `num_cannot_tell`, `num_known`,
            `known_accuracy` (share of known tasks answered right), `accuracy` (by Dawid and Skene's model),
            `by_others` (the mean probability of the worker's answers by all others' and the known answers),
            `chance` (what that would be if the worker did not look), `is_suspicious` (`by_others` is no
            better than chance, and worse than one who answers as all do would have by luck). `accuracy`,
            `by_others` and `chance` are of tasks that somebody else answered, or whose answer is known.
        agreement: for each question type Krippendorff's alpha; None where it is not defined.
    """

    tasks: pd.DataFrame
    workers: pd.DataFrame
    agreement: dict[str, float | None]


def aggregate(collected: Collected, *, min_certainty: float, min_assignments: int) -> Aggregated:
    """Return what people say of each task, and of each worker.

    Args:
        collected: the answers.
        min_certainty: probability below which a task stays unlabelled.
        min_assignments: answers below which a task stays unlabelled.
    """
    known = _known_answers(collected)
    answers = np.array(collected.answers, dtype=np.int64)
    tasks, workers = np.array(collected.tasks, np.int64), np.array(collected.workers, np.int64)
    num_tasks = len(collected.file.tasks)
    told = np.flatnonzero(answers >= 0)
    best = np.full(num_tasks, -1)
    certainty = np.zeros(num_tasks)
    of_votes = {name: np.full(len(answers), np.nan) for name in ("own", "others", "chance")}
    agreement: dict[str, float | None] = {}
    for name, group in _groups(collected, tasks, told).items():
        votes, of_group = _votes(tasks[group], workers[group], answers[group], known)
        group_known = np.array([of_group.number(known.get(task, -1)) for task in of_group.tasks.tolist()])
        found = _estimated(collected, votes, of_group, group_known)
        best[of_group.tasks], certainty[of_group.tasks] = found.answers, found.certainty
        is_alone = (np.bincount(votes.tasks)[votes.tasks] == 1) & (group_known[votes.tasks] < 0)
        for column, values in of_votes.items():  # what nobody else answered says nothing of a worker
            values[group] = np.where(is_alone, np.nan, getattr(found, column))
        agreement[name] = nominal_alpha(votes)
    table = _task_table(collected, tasks, answers, best, certainty)
    state = np.full(len(table), LABELLED, dtype=object)
    is_nobodys = (table["agreement"] == 0) & ~table.index.isin(list(known))  # only inferred from bad habits
    state[(table["certainty"] < min_certainty) | is_nobodys] = UNCERTAIN
    told_often = table["num_assignments"] - table["num_cannot_tell"]
    state[told_often < min_assignments] = FEW
    state[table["num_cannot_tell"] * 2 >= table["num_assignments"]] = UNTOLD
    table["state"] = state
    return Aggregated(table, _worker_table(collected, known, of_votes), agreement)


@dataclass(frozen=True)
class _Group:
    """The tasks and answers of one question type: what their numbers within it mean."""

    tasks: np.ndarray
    answers: np.ndarray

    def number(self, answer: int) -> int:
        """Return the number within the group of an answer, -1 of one that it does not have."""
        place = int(np.searchsorted(self.answers, answer))
        return place if place < len(self.answers) and self.answers[place] == answer else -1


@dataclass(frozen=True)
class _Estimate:
    """Of each task of a group its best answer and certainty; of each vote how probable it is, and by whom."""

    answers: np.ndarray
    certainty: np.ndarray
    own: np.ndarray
    others: np.ndarray
    chance: np.ndarray


def _groups(collected: Collected, tasks: np.ndarray, told: np.ndarray) -> dict[str, np.ndarray]:
    """Return the places of the votes of each question type, in the order of their names."""
    names = [
        f"{task.kind}: {task.question_type}" if task.question_type else task.kind
        for task in collected.file.tasks
    ]
    number = {name: place for place, name in enumerate(sorted(set(names)))}
    types = np.array([number[name] for name in names], np.int64)[tasks[told]]
    ends = np.cumsum(np.bincount(types, minlength=len(number)))[:-1]
    parts = np.split(told[np.argsort(types, kind="stable")], ends)
    return {name: part for name, part in zip(number, parts, strict=True) if len(part)}


def _votes(
    tasks: np.ndarray, workers: np.ndarray, answers: np.ndarray, known: dict[int, int]
) -> tuple[Votes, _Group]:
    """Return the votes of a group in numbers of their own; answers are those given and those known."""
    given, task_of = np.unique(tasks, return_inverse=True)
    people, worker_of = np.unique(workers, return_inverse=True)
    right = [known[task] for task in given.tolist() if task in known]
    texts = np.unique([*answers.tolist(), *right])
    answer_of = np.searchsorted(texts, answers)
    return Votes(task_of, worker_of, answer_of, len(given), len(people), len(texts)), _Group(given, texts)


def _estimated(collected: Collected, votes: Votes, group: _Group, known: np.ndarray) -> _Estimate:
    number = votes.num_answers
    if number == 1 or (len(votes.tasks) == votes.num_tasks and (known < 0).all()):
        return _taken_at_their_word(votes, group)
    counts = np.array([len(collected.file.tasks[task].shown_choices) for task in group.tasks.tolist()])
    if number <= MOST_TABLE_ANSWERS and votes.num_workers * number**2 <= MOST_TABLE_CELLS:
        found = dawid_skene(votes, known=known, smoothing=SMOOTHING)
        best = found.probabilities.argmax(axis=1)
        certainty = found.probabilities[np.arange(len(best)), best]
        cells = np.bincount(votes.workers * number + votes.answers, minlength=votes.num_workers * number)
        habits = cells.reshape(-1, number) / np.bincount(votes.workers)[:, None]
        by_habit = (habits @ found.prevalence)[votes.workers]
        chance = np.maximum(by_habit, (1 / np.maximum(counts, 2))[votes.tasks] * (counts > 0)[votes.tasks])
        own = found.probabilities[votes.tasks, votes.answers]
        return _Estimate(group.answers[best], certainty, own, found.others, chance)
    given = np.bincount(np.unique(votes.tasks * number + votes.answers) // number, minlength=votes.num_tasks)
    num_choices = np.maximum(np.maximum(counts, given + 1), 2)
    pairs = single_accuracy(votes, num_choices, known=known, smoothing=SMOOTHING)
    order = np.lexsort((pairs.probabilities, pairs.tasks))
    last = np.flatnonzero(np.diff(pairs.tasks[order], append=-1))
    best_pairs = order[last]
    chance = (1 / num_choices)[votes.tasks]
    best = group.answers[pairs.answers[best_pairs]]
    return _Estimate(best, pairs.probabilities[best_pairs], pairs.own, pairs.others, chance)


def _taken_at_their_word(votes: Votes, group: _Group) -> _Estimate:
    """Return the answers where nothing can contradict them: all are one, or each task has a single answer."""
    answers = np.zeros(votes.num_tasks, np.int64)
    answers[votes.tasks] = votes.answers
    nothing = np.full(len(votes.tasks), np.nan)
    return _Estimate(group.answers[answers], np.ones(votes.num_tasks), nothing, nothing, nothing)


def _known_answers(collected: Collected) -> dict[int, int]:
    """Return the number of the right answer of each known task, also of one that nobody gave."""
    return {
        number: collected.number_of_answer(task.known_answer)
        for number, task in enumerate(collected.file.tasks)
        if task.known_answer is not None
    }


def _task_table(
    collected: Collected, tasks: np.ndarray, answers: np.ndarray, best: np.ndarray, certainty: np.ndarray
) -> pd.DataFrame:
    num_tasks, texts = len(collected.file.tasks), np.array([*collected.answer_texts, ""], dtype=object)
    told = answers >= 0
    all_votes = np.bincount(tasks, minlength=num_tasks)
    num_told = np.bincount(tasks[told], minlength=num_tasks)
    for_best = np.bincount(tasks[told & (answers == best[tasks])], minlength=num_tasks)
    majority = _majority(tasks[told], answers[told], num_tasks)
    table = pd.DataFrame(
        {
            "num_assignments": all_votes,
            "num_cannot_tell": all_votes - num_told,
            "answer": texts[best],
            "certainty": certainty,
            "agreement": np.divide(for_best, num_told, out=np.zeros(num_tasks), where=num_told > 0),
            "majority_answer": texts[majority],
        }
    )
    return table[table["num_assignments"] > 0]


def _majority(tasks: np.ndarray, answers: np.ndarray, num_tasks: int) -> np.ndarray:
    """Return the answer that most gave to each task; -1 if two answers share the first place."""
    majority = np.full(num_tasks, -1)
    if not len(tasks):
        return majority
    number = int(answers.max()) + 1
    pairs, counts = np.unique(tasks * number + answers, return_counts=True)
    order = np.lexsort((counts, pairs // number))
    of_task, counts = (pairs // number)[order], counts[order]
    last = np.flatnonzero(np.diff(of_task, append=-1))
    tied = (last > 0) & (of_task[last - 1] == of_task[last]) & (counts[last - 1] == counts[last])
    majority[of_task[last]] = np.where(tied, -1, (pairs % number)[order][last])
    return majority


def _worker_table(
    collected: Collected, known: dict[int, int], of_votes: dict[str, np.ndarray]
) -> pd.DataFrame:
    answers, workers = np.array(collected.answers, np.int64), np.array(collected.workers, np.int64)
    known_of_task = np.full(len(collected.file.tasks), -1)
    known_of_task[list(known)] = list(known.values())
    right = known_of_task[np.array(collected.tasks, np.int64)]
    told, is_known = answers >= 0, (answers >= 0) & (right >= 0)

    def sums(where: np.ndarray, values: np.ndarray | None = None) -> np.ndarray:
        weights = None if values is None else values[where]
        return np.bincount(workers[where], weights=weights, minlength=len(collected.worker_names))

    judged = told & ~np.isnan(of_votes["others"])
    number, chance = sums(judged), of_votes["chance"]
    own, others, by_chance = (sums(judged, of_votes[name]) for name in ("own", "others", "chance"))
    needed = CHANCE_DEVIATIONS * np.sqrt(sums(judged, chance * (1 - chance)))
    with np.errstate(invalid="ignore", divide="ignore"):
        table = pd.DataFrame(
            {
                "worker": collected.worker_names,
                "num_answers": sums(told),
                "num_cannot_tell": sums(~told),
                "num_known": sums(is_known),
                "known_accuracy": sums(is_known & (right == answers)) / sums(is_known),
                "accuracy": own / number,
                "by_others": others / number,
                "chance": by_chance / number,
            }
        )
        usual = others.sum() / number.sum()
        of_usual = CHANCE_DEVIATIONS * np.sqrt(number * usual * (1 - usual))
    is_unusual = others < number * usual - of_usual
    table["is_suspicious"] = (others - by_chance < needed) & is_unusual & (needed > 0)
    return table


def nominal_alpha(votes: Votes) -> float | None:
    """Return Krippendorff's alpha of answers without an order: 1 is agreement, 0 what chance gives.

    Counts only what was answered, so that it takes no memory for the answers that nobody gave.

    Returns:
        At most 1; None if no task has two answers, or all answers are one.

    Source: K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section E.
    """
    of_task = np.bincount(votes.tasks)
    kept = of_task[votes.tasks] > 1
    pairs, counts = np.unique(votes.tasks[kept] * votes.num_answers + votes.answers[kept], return_counts=True)
    if not len(pairs):
        return None
    tasks, answers = pairs // votes.num_answers, pairs % votes.num_answers
    num_tasks = len(of_task)
    sums = np.bincount(tasks, weights=counts, minlength=num_tasks)
    squares = np.bincount(tasks, weights=counts**2, minlength=num_tasks)
    several = sums > 1
    observed = ((sums**2 - squares)[several] / (sums[several] - 1)).sum()
    all_answers, each = sums.sum(), np.bincount(answers, weights=counts)
    by_chance = (all_answers**2 - (each**2).sum()) / (all_answers - 1)
    return float(1 - observed / by_chance) if by_chance > 0 else None
