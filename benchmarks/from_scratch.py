"""C3D and the convolutional LSTM from scratch, reduced, on four UCF101 classes of the real-data folder.

    VIDEOQA_REAL_DATA=path python benchmarks/from_scratch.py           # official groups
    VIDEOQA_REAL_DATA=path python benchmarks/from_scratch.py --fit     # can they learn 32 clips by heart?

72 training clips are few for networks that start from nothing: the question is whether they learn at all, not
what they reach with the data they were made for. All training clips are learned from, the last epoch is kept.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import pandas as pd
from _real_data import real_data
from ucf101_subset import subset_table

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
        "flip": True,
    },
}
FIT = {"flip": False, "crop": "center", "dropout": 0.0, "patience": None}
NUM_FIT = 32


def rows_of(table: pd.DataFrame, fit: bool) -> pd.DataFrame:
    """Return all rows, or 32 training clips, as many of each class."""
    return table[table["split"] == "train"].groupby("label").head(NUM_FIT // 4) if fit else table


def main() -> None:
    """Train and score both and print their lines."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=MODELS, nargs="+", default=list(MODELS))
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, help="instead of the usual number")
    arguments = parser.parse_args()
    table = subset_table(real_data())
    print("| model | training clips | their accuracy | test accuracy | majority | minutes |")
    print("|---|---|---|---|---|---|", flush=True)
    for name in arguments.only:
        options = {**MODELS[name], **(FIT if arguments.fit else {})}
        if arguments.epochs:
            options["epochs"] = arguments.epochs
        rows = rows_of(table, arguments.fit)
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            run = videoqa.train(
                rows, out=Path(folder, "run"), architecture=name, seed=arguments.seed,
                validation_share=0.0, progress=False, **options,
            )  # fmt: skip
            minutes = (time.monotonic() - began) / 60
            splits = ("train",) if arguments.fit else ("train", "test")
            scores = [
                videoqa.evaluate(run.out, rows, split=split, out=Path(folder, split), progress=False)
                for split in splits
            ]
        test = f"{scores[-1]['accuracy']:.2%} of {scores[-1]['num_rows']}" if not arguments.fit else ""
        print(
            f"| {name} | {scores[0]['num_rows']} | {scores[0]['accuracy']:.2%} | {test} | "
            f"{scores[-1]['majority_accuracy']:.2%} | {minutes:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
