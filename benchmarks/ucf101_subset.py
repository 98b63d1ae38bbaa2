"""Actions in real video: four UCF101 classes of the real-data folder, official groups, several seeds.

    VIDEOQA_REAL_DATA=path python benchmarks/ucf101_subset.py

InceptionV3 with ImageNet weights, cut at `mixed8`, frozen; groups 1-7 are the test split, as in UCF101's
first split. All 72 training clips are trained on, without validation; `--cross-validate` scores settings over
the training groups alone, so that none need be chosen on a test clip.
"""

import argparse
import json
import os
import re
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import pandas as pd
from _real_data import real_backbone, real_data

import videoqa

LAST_TEST_GROUP = 7
SETTINGS = {"epochs": 30, "validation_share": 0.0}
NUM_FOLDS = 4


def subset_table(folder: Path) -> pd.DataFrame:
    """Return `video, label, split, group` of the clips, the groups as UCF101's first split has them."""
    rows = []
    for path in sorted((folder / "ucf101_subset").glob("*/*.avi")):
        group = int(re.search(r"_g(\d+)_", path.name)[1])
        label = path.parent.name
        split = "test" if group <= LAST_TEST_GROUP else "train"
        rows.append((str(path), label, split, f"{label}-{group}"))
    return pd.DataFrame(rows, columns=["video", "label", "split", "group"])


def accuracy(table: pd.DataFrame, seed: int, options: dict) -> float:
    """Train on the training rows of `table` and return the accuracy on its test rows."""
    with tempfile.TemporaryDirectory() as out:
        run = videoqa.train(
            table, out=out, seed=seed, progress=False, **{**real_backbone(), **SETTINGS, **options}
        )
        return videoqa.evaluate(run.out, table, progress=False)["accuracy"]


def folds(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the training clips as cross-validation folds by group: another quarter is "test" in each."""
    training = table[table["split"] == "train"]
    number = training["group"].str.split("-").str[-1].astype(int)
    return [
        training.assign(split=np.where(number % NUM_FOLDS == fold, "test", "train"))
        for fold in range(NUM_FOLDS)
    ]


def main() -> None:
    """Train and score one model per seed and print the accuracies, their mean and range."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--cross-validate", action="store_true", help="score on held-out training groups")
    parser.add_argument("--options", type=json.loads, default={}, help="other options of train, as JSON")
    arguments = parser.parse_args()
    folder = real_data()
    table = subset_table(folder)
    counts = table["split"].value_counts()
    print(f"{counts['train']} training clips, {counts['test']} test clips")
    tables = folds(table) if arguments.cross_validate else [table]
    scores = []
    for seed in arguments.seeds:
        scores.append(float(np.mean([accuracy(part, seed, arguments.options) for part in tables])))
        print(f"seed {seed}: {scores[-1]:7.2%}", flush=True)
    print(f"mean {np.mean(scores):.2%}, from {min(scores):.2%} to {max(scores):.2%}")


if __name__ == "__main__":
    main()
