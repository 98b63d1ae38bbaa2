"""How many labels a model needs if people are asked about random, uncertain or unfamiliar rows.

python benchmarks/labels_needed.py                        # 5 seeds of three selections: a minute
python benchmarks/labels_needed.py --split validation --selections random uncertain entropy
python benchmarks/labels_needed.py --tune                 # the head's options, on the validation rows

Of the training rows of the sample set a few are labelled at random; a small model learns them, its
predictions of all other rows go through `select_rows`, and the chosen rows are labelled, until there are
enough. Each round learns anew, on features of the frozen backbone that are encoded once. The model is
kernel ridge regression to the answers: two rows are as alike as their clips times their questions are. It is
no model of `videoqa train`, and takes a second instead of minutes.
"""

import argparse
import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from videoqa.config import run_config_from_options
from videoqa.input_pipeline import make_examples
from videoqa.labeling.candidate_rows import Candidate, read_candidates
from videoqa.labeling.selecting import select_rows
from videoqa.sample.sample_set import load_sample_table
from videoqa.text.answers import build_answer_list
from videoqa.text.vocabulary import build_vocabulary
from videoqa.trust.calibration import fit_temperature, with_temperature
from videoqa.trust.clip_familiarity import fit_clip_familiarity, vectors_of_features

ROUNDS = (25, 50, 75, 100, 150, 200, 250, 300, 350, 400)
"""Labels after each round."""
NUM_PARTS = 2
"""Parts of a clip whose mean features are compared."""
STUDENT = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}
"""Seeds -> quantile of Student's distribution for 95 % intervals."""
COMPARED = 500
"""Rows that others are compared with to see whether they are like many."""
SHARPNESS = 8.0
"""Of the first probabilities, before the temperature is fitted."""


@dataclass(frozen=True)
class Head:
    """Options of the model, chosen on the validation rows after random labels.

    Attributes:
        ridge: what is added to the diagonal: more makes it smoother.
        reach: distance between clips, in their mean distance, at which they are hardly alike.
        power: of the cosine between questions.
    """

    ridge: float = 0.003
    reach: float = 1.5
    power: float = 1.0


@dataclass(frozen=True)
class Data:
    """The sample set as arrays.

    Attributes:
        table: the rows of all splits.
        features: `(num_clips, num_frames, dim)`.
        distances: `(num_clips, num_clips)`, squared, 1 on average.
        clips: the clip of each row.
        cosines: `(num_questions, num_questions)` between the words of different questions.
        questions: the question of each row.
        answer_ids: of the rows.
        answers: their texts.
    """

    table: pd.DataFrame
    features: np.ndarray
    distances: np.ndarray
    clips: np.ndarray
    cosines: np.ndarray
    questions: np.ndarray
    answer_ids: np.ndarray
    answers: tuple[str, ...]

    def rows(self, split: str) -> np.ndarray:
        """Return the places of the rows of a split."""
        return np.flatnonzero(self.table["split"] == split)


def read_data(task: str) -> Data:
    """Return the sample set; its clips are drawn and encoded the first time."""
    table = load_sample_table(task=task, progress=False).reset_index(drop=True)
    training = table[table["split"] == "train"]
    answers = build_answer_list(training["answer"].tolist(), 1000)
    vocabulary = None if task == "action" else build_vocabulary(training["question"], 10_000)
    config = run_config_from_options({"data": "sample", "backbone": "tiny", "task": task})
    examples, _ = make_examples(table, config, vocabulary=vocabulary, answers=answers, progress=False)
    features = np.stack([np.asarray(clip, np.float32) for clip in examples.clips])
    cosines, questions = np.ones((1, 1)), np.zeros(len(table), np.int64)
    if vocabulary is not None:
        asked, questions = np.unique(examples.token_ids, axis=0, return_inverse=True)
        words = np.zeros((len(asked), vocabulary.size))
        np.put_along_axis(words, asked.astype(np.int64), 1, axis=1)
        words = words[:, 1:]  # without the padding
        words /= np.linalg.norm(words, axis=1, keepdims=True)
        cosines = words @ words.T
    return Data(
        table, features, distances_of(features), examples.clip_index, cosines, questions.ravel(),
        examples.answer_ids, answers.answers,
    )  # fmt: skip


def distances_of(features: np.ndarray) -> np.ndarray:
    """Return the squared distances between the mean features of clips, part by part, 1 on average."""
    parts = [part.mean(axis=1) for part in np.array_split(features, NUM_PARTS, axis=1)]
    found = np.concatenate([*parts, features.std(axis=1)], axis=1).astype(np.float64)
    found = (found - found.mean(axis=0)) / (found.std(axis=0) + 1e-6)
    squares = (found**2).sum(axis=1)
    distances = np.maximum(squares[:, None] + squares - 2 * found @ found.T, 0)
    return distances / distances.mean()


class Learner:
    """The model, which learns anew from each set of labels."""

    def __init__(self, data: Data, head: Head) -> None:
        self._data, self._head = data, head
        self._of_clips = np.exp(-data.distances / (2 * head.reach**2))
        self._of_questions = data.cosines**head.power
        self._labelled, self._weights = np.zeros(0, np.int64), np.zeros((0, len(data.answers)))

    def learn(self, rows: np.ndarray) -> None:
        """Learn the answers of some rows."""
        kernel = self._kernel(rows, rows) + self._head.ridge * np.eye(len(rows))
        right = np.eye(len(self._data.answers))[self._data.answer_ids[rows]]
        self._labelled, self._weights = rows, np.linalg.solve(kernel, right)

    def probabilities(self, rows: np.ndarray) -> np.ndarray:
        """Return `(num_rows, num_answers)`, not calibrated."""
        scores = np.exp(SHARPNESS * (self._kernel(rows, self._labelled) @ self._weights))
        return scores / scores.sum(axis=1, keepdims=True)

    def accuracy(self, split: str) -> float:
        """Return the share of a split's rows that are answered right."""
        rows = self._data.rows(split)
        return float((self.probabilities(rows).argmax(axis=1) == self._data.answer_ids[rows]).mean())

    def likeness(self, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Return how alike rows are to the model, `(num_rows, num_others)` in [0, 1]."""
        return self._kernel(rows, others)

    def _kernel(self, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
        clips, questions = self._data.clips, self._data.questions
        of_clips = self._of_clips[np.ix_(clips[rows], clips[others])]
        return of_clips * self._of_questions[np.ix_(questions[rows], questions[others])]


def familiarity(data: Data, labelled: np.ndarray, pool: np.ndarray, seed: int) -> np.ndarray:
    """Return how familiar the clips of some rows are to a model of the labelled rows' clips."""
    known, first = np.unique(data.clips[labelled], return_index=True)
    validation = np.unique(data.clips[data.rows("validation")])
    fitted = fit_clip_familiarity(
        vectors_of_features(data.features[known]),
        vectors_of_features(data.features[validation]),
        groups=data.table["group"].iloc[labelled[first]].tolist(),
        seed=seed,
    )
    clips, of_row = np.unique(data.clips[pool], return_inverse=True)
    return fitted.familiarity(vectors_of_features(data.features[clips]))[of_row]


def candidates(
    data: Data, learner: Learner, labelled: np.ndarray, pool: np.ndarray, seed: int, measured: bool
) -> tuple[list[Candidate], np.ndarray]:
    """Return the unlabelled rows as `predict` writes them, and their calibrated probabilities."""
    held_out = data.rows("validation")
    temperature = fit_temperature(learner.probabilities(held_out), data.answer_ids[held_out])
    found = with_temperature(learner.probabilities(pool), temperature)
    best = np.sort(found, axis=1)
    names = np.array(data.answers, object)
    table = pd.DataFrame(
        {
            "video": data.table["video_id"].to_numpy()[pool],
            "question_id": pool.astype(str),
            "question": data.table["question"].to_numpy()[pool],
            "answer": names[found.argmax(axis=1)],
            "probability": best[:, -1],
            "margin": best[:, -1] - best[:, -2],
            "likely": "",
            "familiarity": familiarity(data, labelled, pool, seed) if measured else np.nan,
        }
    )
    return read_candidates(table), found


def by_entropy(
    rows: list[Candidate], found: np.ndarray, number: int, seed: int, learner: Learner
) -> list[Candidate]:
    """Return the rows over whose answers the probability is spread most, one a video at first."""
    entropy = -(found * np.log(found + 1e-12)).sum(axis=1)
    measured = [replace(row, margin=-float(value)) for row, value in zip(rows, entropy, strict=True)]
    return select_rows(measured, "uncertain", number, seed)


def by_margin_alone(
    rows: list[Candidate], found: np.ndarray, number: int, seed: int, learner: Learner
) -> list[Candidate]:
    """Return the smallest margins, whatever their videos."""
    return sorted(rows, key=lambda row: row.margin or 0.0)[:number]


def by_type(
    rows: list[Candidate], found: np.ndarray, number: int, seed: int, learner: Learner
) -> list[Candidate]:
    """Return the smallest margins, as many of each question's first two words as of any other."""
    ordered = select_rows(rows, "uncertain", None, seed)
    seen: Counter[str] = Counter()
    places = []
    for row in ordered:
        start = " ".join(row.question.split()[:2])
        places.append(seen[start])
        seen[start] += 1
    return [ordered[place] for place in np.argsort(places, kind="stable")[:number]]


def by_margin_sampled(
    rows: list[Candidate], found: np.ndarray, number: int, seed: int, learner: Learner
) -> list[Candidate]:
    """Return random ones of four times as many rows of small margin, which are less alike than the first."""
    return select_rows(select_rows(rows, "uncertain", 4 * number, seed), "random", number, seed)


def by_margin_apart(
    rows: list[Candidate], found: np.ndarray, number: int, seed: int, learner: Learner
) -> list[Candidate]:
    """Return of four times as many rows of small margin those that are least alike, one after another."""
    some = select_rows(rows, "uncertain", 4 * number, seed)
    places = np.array([int(row.row_id) for row in some])
    alike = learner.likeness(places, places)
    chosen, nearest = [0], alike[0].copy()
    while len(chosen) < min(number, len(some)):
        chosen.append(int(nearest.argmin()))
        nearest = np.maximum(nearest, alike[chosen[-1]])
    return [some[place] for place in chosen]


def by_margin_dense(
    rows: list[Candidate], found: np.ndarray, number: int, seed: int, learner: Learner
) -> list[Candidate]:
    """Return rows of small margin that are like many others, one a video at first."""
    places = np.array([int(row.row_id) for row in rows])
    some = np.random.default_rng(seed).choice(places, min(COMPARED, len(places)), replace=False)
    density = learner.likeness(places, some).mean(axis=1)
    worth = [(1 - (row.margin or 0.0)) * dense for row, dense in zip(rows, density, strict=True)]
    measured = [replace(row, margin=-float(value)) for row, value in zip(rows, worth, strict=True)]
    return select_rows(measured, "uncertain", number, seed)


OTHERS: dict[str, Callable[..., list[Candidate]]] = {
    "entropy": by_entropy,
    "margin_alone": by_margin_alone,
    "margin_by_type": by_type,
    "margin_sampled": by_margin_sampled,
    "margin_apart": by_margin_apart,
    "margin_dense": by_margin_dense,
}
"""Ways that are no `--select`."""


def accuracies(data: Data, learner: Learner, selection: str, seed: int, split: str) -> list[float]:
    """Return the accuracy after each round."""
    pool = data.rows("train")
    labelled = np.random.default_rng(seed).choice(pool, ROUNDS[0], replace=False)
    found = []
    for done, wanted in enumerate(ROUNDS):
        learner.learn(labelled)
        found.append(learner.accuracy(split))
        if wanted == ROUNDS[-1]:
            return found
        pool = np.setdiff1d(pool, labelled)
        rows, probabilities = candidates(data, learner, labelled, pool, seed, selection == "unfamiliar")
        number = ROUNDS[done + 1] - wanted
        if selection in OTHERS:
            chosen = OTHERS[selection](rows, probabilities, number, seed, learner)
        else:
            chosen = select_rows(rows, selection, number, seed)
        labelled = np.concatenate([labelled, [int(row.row_id) for row in chosen]])
    return found


def tune(data: Data, seeds: Sequence[int]) -> None:
    """Print the heads that are best on the validation rows after random labels, over all rounds."""
    found = []
    for ridge, reach, power in itertools.product((0.003, 0.01, 0.1), (0.7, 1.5, 3), (1, 2, 4)):
        learner = Learner(data, Head(ridge, reach, power))
        means = []
        for seed, number in itertools.product(seeds, ROUNDS[3::3]):
            learner.learn(np.random.default_rng(seed).choice(data.rows("train"), number, replace=False))
            means.append(learner.accuracy("validation"))
        found.append((float(np.mean(means)), ridge, reach, power))
    for mean, ridge, reach, power in sorted(found, reverse=True)[:8]:
        print(f"ridge {ridge}, reach {reach}, power {power}: mean accuracy {mean:.2%}")


def print_table(scores: dict[str, np.ndarray]) -> None:
    """Print the means over the seeds with 95 % intervals (Student's t), and where 400 random are reached."""
    print(f"| labels | {' | '.join(scores)} |\n|{'---|' * (len(scores) + 1)}")
    for place, number in enumerate(ROUNDS):
        cells = []
        for values in scores.values():
            of_round = values[:, place]
            half = STUDENT[len(of_round)] * of_round.std(ddof=1) / np.sqrt(len(of_round))
            cells.append(f"{of_round.mean():.1%} ± {100 * half:.1f}")
        print(f"| {number} | {' | '.join(cells)} |")
    if "random" not in scores:
        return
    goal = scores["random"][:, -1].mean()
    for name, values in scores.items():
        means = values.mean(axis=0)
        reached = [number for number, mean in zip(ROUNDS, means, strict=True) if mean >= goal]
        print(
            f"{name}: {goal:.1%}, that of {ROUNDS[-1]} random labels, with {reached[0] if reached else '-'}"
        )


def main(words: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = ("random", "uncertain", "unfamiliar", *OTHERS)
    parser.add_argument("--selections", nargs="+", choices=names, default=names[:3])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--split", choices=("validation", "test"), default="test", help="scored rows")
    parser.add_argument(
        "--task", choices=("action", "open_ended"), default="action", help="labels or answers"
    )
    parser.add_argument("--tune", action="store_true", help="choose the head on the validation rows")
    arguments = parser.parse_args(words)
    data = read_data(arguments.task)
    if arguments.tune:
        tune(data, arguments.seeds)
        return
    learner = Learner(data, Head())
    scores = {
        name: np.array([accuracies(data, learner, name, seed, arguments.split) for seed in arguments.seeds])
        for name in arguments.selections
    }
    print_table(scores)


if __name__ == "__main__":
    main()
