"""What a model that never sees the video scores on MSVD-QA and ActivityNet-QA: the floor for any other.

    VIDEOQA_REAL_DATA=path python benchmarks/blind_models.py

Needs the annotation files only. Trains the question branch alone (`video_branch="none"`) on the published
training split, keeps the best validation epoch and scores the published test split; every row counts, also
those whose answer is none of the 1,000 most frequent.
"""

import argparse
import json
import tempfile
import time

import numpy as np
from _real_data import real_data

import videoqa

SETS = {"msvd_qa": "msvd-qa", "activitynet_qa": "activitynet-qa"}
SETTINGS = {
    "msvd_qa": {
        "dropout": 0.2,
        "epochs": 6,
        "learning_rate_schedule": "cosine",
        "vocabulary_size": 1500,
    },
    "activitynet_qa": {"dropout": 0.5, "epochs": 12, "embedding_dim": 128, "vocabulary_size": 3000},
}
"""MSVD-QA: of nine settings that with the lowest loss on held-out videos, test videos apart.
ActivityNet-QA: of four settings that with the highest accuracy on the validation split."""
SHARED = {"video_branch": "none", "batch_size": 128, "learning_rate": 2e-3}


def score(name: str, seed: int, options: dict) -> tuple[float, float, float]:
    """Train one blind model; return its validation and test accuracy and the minutes all of it took."""
    folder = real_data() / "annotations" / SETS[name]
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as out:
        settings = {**SHARED, **SETTINGS[name], **options}
        run = videoqa.train(name, annotations=folder, out=out, seed=seed, progress=False, **settings)
        validation = run.metrics["validation"]["accuracy"]
        test = videoqa.evaluate(run.out, progress=False)["accuracy"]
    return validation, test, (time.perf_counter() - begin) / 60


def main() -> None:
    """Print the accuracies of each set and seed, and their mean."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--options", type=json.loads, default={}, help="other options of train, as JSON")
    arguments = parser.parse_args()
    for name in arguments.sets:
        tests = []
        for seed in arguments.seeds:
            validation, test, minutes = score(name, seed, arguments.options)
            tests.append(test)
            print(
                f"{name} seed {seed}: validation {validation:.2%}, test {test:.2%}, {minutes:.1f} minutes",
                flush=True,
            )
        print(f"{name}: test mean {np.mean(tests):.2%}, from {min(tests):.2%} to {max(tests):.2%}")


if __name__ == "__main__":
    main()
