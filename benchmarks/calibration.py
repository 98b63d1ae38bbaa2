"""Are probabilities as often right as they say, and do prediction sets hold the true answer?

    python benchmarks/calibration.py
    VIDEOQA_REAL_DATA=path python benchmarks/calibration.py --ucf101

The first trains the default model on the sample set for too few epochs, or on too few of its clips, and
prints the expected calibration error of the test split without and with the temperature fitted to the
validation split, beside the error that as many rows have by chance if they are right exactly as often as
they say; then the same of the model in the package on sets it never saw. The coverage of prediction sets is
that of ten seeded splits of all rows that a model did not learn from: by group one half sets temperature and
limit, the other is counted. The second does so for the UCF101 subset, with groups 18 to 25 as validation.
"""

import argparse
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

import videoqa
from videoqa.answering.video_qa import VideoQA
from videoqa.config import SAMPLE_DEFAULTS
from videoqa.evaluation.prediction import predict_examples
from videoqa.evaluation.rows import rows_to_score
from videoqa.input_pipeline import make_examples
from videoqa.sample.sample_set import load_sample_table
from videoqa.trust.calibration import (
    brier_score,
    expected_calibration_error,
    fit_temperature,
    with_temperature,
)
from videoqa.trust.prediction_sets import PredictionSets, fit_prediction_sets

NUM_SPLITS, NUM_SIMULATIONS = 10, 200
HALF_TRAINED = {
    **{f"questions, {epochs} epochs": ("open_ended", epochs, 1.0) for epochs in (2, 3, 4)},
    "questions, 15 epochs of a quarter of the clips": ("open_ended", 15, 1 / 4),
    "questions, 15 epochs of an eighth of the clips": ("open_ended", 15, 1 / 8),
    **{f"labels, {epochs} epochs": ("action", epochs, 1.0) for epochs in (2, 3, 4)},
}
"""Name -> task, epochs, and the share of the training groups."""
FIRST_VALIDATION_GROUP, UCF101_EPOCHS = 18, 30


@dataclass(frozen=True)
class Rows:
    """Rows that a model did not learn from.

    Attributes:
        probabilities: `(num_rows, num_answers)`, not calibrated.
        answer_ids: `(num_rows,)`.
        groups: `(num_rows,)`.
    """

    probabilities: np.ndarray
    answer_ids: np.ndarray
    groups: np.ndarray

    def __len__(self) -> int:
        return len(self.answer_ids)

    def __getitem__(self, chosen: np.ndarray) -> "Rows":
        return Rows(*(each[chosen] for each in vars(self).values()))

    def calibrated(self, temperature: float) -> "Rows":
        """Return the rows with calibrated probabilities."""
        return replace(self, probabilities=with_temperature(self.probabilities, temperature))

    @property
    def correct(self) -> np.ndarray:
        """Whether the most probable answer is right, bool `(num_rows,)`."""
        return self.probabilities.argmax(axis=1) == self.answer_ids

    @property
    def error(self) -> float:
        """The expected calibration error."""
        return expected_calibration_error(self.probabilities.max(axis=1), self.correct)

    @property
    def brier(self) -> float:
        """The Brier score."""
        return brier_score(self.probabilities, self.answer_ids)

    @property
    def chance_error(self) -> float:
        """The mean error of as many rows that are right exactly as often as they say, by simulation."""
        best, rng = self.probabilities.max(axis=1), np.random.default_rng(0)
        drawn = rng.random((NUM_SIMULATIONS, len(best))) < best
        return float(np.mean([expected_calibration_error(best, right) for right in drawn]))

    def covered(self, sets: PredictionSets) -> tuple[float, float, float]:
        """Return in what share of groups and of rows the set holds the true answer, and its mean size.

        A group in which some rows are covered counts for their share: the promise is about a random row of
        a random group.
        """
        sizes = sets.sizes(self.probabilities)
        ranks = np.argsort(np.argsort(-self.probabilities, axis=1, kind="stable"), axis=1, kind="stable")
        places = np.take_along_axis(ranks, np.maximum(self.answer_ids, 0)[:, None], axis=1)[:, 0]
        holds = pd.Series((places < sizes) & (self.answer_ids >= 0))
        return float(holds.groupby(self.groups).mean().mean()), float(holds.mean()), float(sizes.mean())


def rows_of(model: VideoQA, table: pd.DataFrame) -> Rows:
    """Return a model's predictions of the rows of a table."""
    folder = model.folder
    examples, _ = make_examples(
        table, folder.config, vocabulary=folder.vocabulary, answers=folder.answers, progress=False
    )
    number = folder.config.sampling.num_test_clips
    found = predict_examples(model.model, examples, num_test_clips=number)
    return Rows(found.probabilities, examples.answer_ids, table["group"].to_numpy())


def joined(*parts: Rows) -> Rows:
    """Return the rows of several splits of one table, whose groups are apart."""
    return Rows(
        *(np.concatenate(each) for each in zip(*(vars(part).values() for part in parts), strict=True))
    )


def print_errors(name: str, rows: Rows, temperature: float) -> None:
    """Print the calibration of some rows without and with a temperature."""
    after = rows.calibrated(temperature)
    print(
        f"{name}: {len(rows)} rows, accuracy {rows.correct.mean():.2%}, temperature {temperature:.3f}, error "
        f"{rows.error:.2%} -> {after.error:.2%} (by chance {after.chance_error:.2%}), Brier score "
        f"{rows.brier:.4f} -> {after.brier:.4f}",
        flush=True,
    )


def print_halves(name: str, rows: Rows) -> None:
    """Print the error, and coverage and mean size of prediction sets, over seeded halves of the groups."""
    names, found = np.unique(rows.groups), []
    for seed in range(NUM_SPLITS):
        half = np.random.default_rng(seed).permutation(names)[: len(names) // 2]
        chosen = np.isin(rows.groups, half)
        temperature = fit_temperature(rows[chosen].probabilities, rows[chosen].answer_ids)
        own, other = rows[chosen].calibrated(temperature), rows[~chosen].calibrated(temperature)
        sets = fit_prediction_sets(own.probabilities, own.answer_ids, own.groups.tolist())
        assert sets is not None  # there are rows
        errors = (rows[~chosen].error, other.error)
        found.append((*other.covered(sets), other.correct.mean(), *errors))
    by_group, by_row, size, single, before, after = np.array(found).T
    print(
        f"{name}: {len(names)} groups in halves, error {before.mean():.2%} -> {after.mean():.2%} "
        f"({after.min():.2%} to {after.max():.2%})"
    )
    print(
        f"{name}: {len(names)} groups in halves, coverage {by_group.mean():.2%} ({by_group.min():.2%} to "
        f"{by_group.max():.2%}), of rows {by_row.mean():.2%}, mean size {size.mean():.2f} "
        f"({size.min():.2f} to {size.max():.2f}), the best answer alone {single.mean():.2%} of rows",
        flush=True,
    )


def print_own_sets(name: str, model: VideoQA, rows: Rows) -> None:
    """Print what the sets that a model keeps do on some rows."""
    trust = model.folder.trust
    by_group, by_row, size = rows.calibrated(trust.temperature).covered(trust.sets)
    print(f"{name}: its own sets, coverage {by_group:.2%}, of rows {by_row:.2%}, mean size {size:.2f}")


def print_model(name: str, model: VideoQA, validation: Rows, test: Rows) -> None:
    """Print what a model's own temperature and sets do on its test rows, and the sets over seeded halves."""
    print_errors(name, test, model.folder.trust.temperature)
    print_own_sets(name, model, test)
    print_halves(name, joined(validation, test))


def score_half_trained(folder: Path) -> None:
    """Train on the sample set for too few epochs, or on too few of its clips, and print the figures."""
    for name, (task, epochs, share) in HALF_TRAINED.items():
        table = load_sample_table(task=task, progress=False)
        groups = table.loc[table["split"] == "train", "group"].unique()
        left_out = np.random.default_rng(0).permutation(groups)[round(share * len(groups)) :]
        part = table[~table["group"].isin(left_out)]
        options = {**SAMPLE_DEFAULTS, "epochs": epochs, "blind": False, "progress": False}
        run = videoqa.train(part, out=folder / name, **options)
        model = videoqa.load(run)
        validation, test = (
            rows_of(model, table[table["split"] == split]) for split in ("validation", "test")
        )
        print_model(name, model, validation, test)


def score_package(sample_seeds: list[int]) -> None:
    """Print the figures of the model in the package on sets that it never saw."""
    model = videoqa.load()
    for seed in sample_seeds:
        rows, name = rows_of(model, load_sample_table(seed=seed, progress=False)), f"sample set {seed}"
        print_errors(name, rows, model.folder.trust.temperature)
        print_own_sets(name, model, rows)
        print_halves(name, rows)


def score_ucf101(seeds: list[int], folder: Path) -> None:
    """Train on the subset with validation groups and print the figures of each seed and of all."""
    from _real_data import real_backbone, real_data
    from ucf101_subset import subset_table

    table = subset_table(real_data())
    number = table["group"].str.split("-").str[-1].astype(int)
    table.loc[number >= FIRST_VALIDATION_GROUP, "split"] = "validation"
    print(table["split"].value_counts().to_dict())
    for seed in seeds:
        options = {**real_backbone(), "epochs": UCF101_EPOCHS, "seed": seed, "progress": False}
        model = videoqa.load(videoqa.train(table, out=folder / str(seed), **options))
        rows = rows_to_score(model.folder, table, "test", {})
        held_out = [rows_of(model, rows[rows["split"] == split]) for split in ("validation", "test")]
        print_model(f"UCF101 subset, seed {seed}", model, *held_out)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ucf101", action="store_true", help="models of the UCF101 subset")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of those models")
    parser.add_argument("--half-trained", action="store_true", help="the half-trained models only")
    parser.add_argument("--sample-seeds", type=int, nargs="+", default=[101, 102, 103], help="sets drawn")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.ucf101:
            score_ucf101(arguments.seeds, Path(folder))
        else:
            score_half_trained(Path(folder))
            score_package([] if arguments.half_trained else arguments.sample_seeds)


if __name__ == "__main__":
    main()
