"""C3D and the convolutional LSTM from scratch, reduced, on four UCF101 classes of the real-data folder.

    VIDEOQA_REAL_DATA=path python benchmarks/from_scratch.py           # official groups
    VIDEOQA_REAL_DATA=path python benchmarks/from_scratch.py --fit     # can they learn 32 clips by heart?
    VIDEOQA_REAL_DATA=path python benchmarks/from_scratch.py --held-out --options '{"learning_rate": 5e-4}'
                                                            # to choose settings, by training groups 22 to 25

72 training clips are few for networks that start from nothing: the question is whether they learn at all, not
what they reach with the data they were made for. All training clips are learned from, the last epoch is kept.
Ends with exit code 1 where a test accuracy is less than 20 points above the majority's, where 32 clips are
not learned by heart, or where a training takes over 30 minutes.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
from _real_data import real_data
from ucf101_subset import held_out, subset_table

import videoqa

MODELS: dict[str, dict[str, Any]] = {
    "c3d": {
        "width": 1 / 8,
        "frame_size": (56, 56),
        "num_frames": 16,
        "frame_step": 2,
        "batch_size": 12,
        "epochs": 60,
        "decay_steps": 120,
        "flip": True,
        "num_test_clips": 5,
    },
    "conv_lstm": {
        "frame_size": (120, 160),
        "num_frames": 40,
        "frame_step": 2,
        "batch_size": 8,
        "epochs": 60,
        "learning_rate_schedule": "cosine",
        "flip": True,
    },
}
FIT = {"flip": False, "crop": "center", "dropout": 0.0, "patience": None, "batch_size": 8}
NUM_FIT = 32
REQUIRED_GAIN, MOST_MINUTES = 0.2, 30


def rows_of(table: pd.DataFrame, fit: bool) -> pd.DataFrame:
    """Return all rows, or 32 training clips, as many of each class."""
    return table[table["split"] == "train"].groupby("label").head(NUM_FIT // 4) if fit else table


def train_and_score(
    name: str, rows: pd.DataFrame, options: dict[str, Any], splits: tuple[str, ...]
) -> tuple[list[dict[str, Any]], float]:
    """Return the scores on each split, and the minutes that training took."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        run = videoqa.train(
            rows, out=Path(folder, "run"), architecture=name, validation_share=0.0, progress=False, **options
        )
        minutes = (time.monotonic() - began) / 60
        scores = [
            videoqa.evaluate(run.out, rows, split=split, out=Path(folder, split), progress=False)
            for split in splits
        ]
    return scores, minutes


def print_row(name: str, rows: pd.DataFrame, options: dict[str, Any], fit: bool) -> bool:
    """Train, score, print the line and return whether it is as required."""
    scores, minutes = train_and_score(name, rows, options, ("train",) if fit else ("train", "test"))
    first, last = scores[0], scores[-1]
    test = "" if fit else f"{last['accuracy']:.2%} of {last['num_rows']}"
    print(
        f"| {name} | {first['num_rows']} | {first['accuracy']:.2%} | {test} | "
        f"{last['majority_accuracy']:.2%} | {minutes:.1f} |",
        flush=True,
    )
    least = 1.0 if fit else last["majority_accuracy"] + REQUIRED_GAIN
    return last["accuracy"] >= least and minutes <= MOST_MINUTES


def main() -> None:
    """Train and score both and print their lines."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=MODELS, nargs="+", default=list(MODELS))
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--held-out", action="store_true", help="score on groups 22 to 25 of the training")
    parser.add_argument("--options", type=json.loads, default={}, help="other options of train, as JSON")
    arguments = parser.parse_args()
    table = subset_table(real_data())
    rows = rows_of(held_out(table) if arguments.held_out else table, arguments.fit)
    print("| model | training clips | their accuracy | test accuracy | majority | minutes |")
    print("|---|---|---|---|---|---|", flush=True)
    reached = []
    for name in arguments.only:
        options = {**MODELS[name], **(FIT if arguments.fit else {}), "seed": arguments.seed}
        options |= arguments.options
        reached.append(print_row(name, rows, options, arguments.fit))
    raise SystemExit(0 if all(reached) else 1)


if __name__ == "__main__":
    main()
