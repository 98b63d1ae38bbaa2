"""Actions in real video: four UCF101 classes of the real-data folder, official groups, several seeds.

    VIDEOQA_REAL_DATA=path python benchmarks/ucf101_subset.py

InceptionV3 with ImageNet weights, cut at `mixed8`, frozen; groups 1-7 are the test split, as in UCF101's
first split; validation rows are drawn by group from the training split.
"""

import argparse
import os
import re
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import pandas as pd

import videoqa

LAST_TEST_GROUP = 7
SETTINGS = {"epochs": 30}


def real_data() -> Path:
    """Return the real-data folder, or end with a message."""
    folder = Path(
        os.environ.get("VIDEOQA_REAL_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")
    )
    if not folder.is_dir():
        raise SystemExit(f"Set VIDEOQA_REAL_DATA to the real-data folder; {folder} is not there.")
    return folder


def subset_table(folder: Path) -> pd.DataFrame:
    """Return `video, label, split, group` of the clips, the groups as UCF101's first split has them."""
    rows = []
    for path in sorted((folder / "ucf101_subset").glob("*/*.avi")):
        group = int(re.search(r"_g(\d+)_", path.name)[1])
        label = path.parent.name
        split = "test" if group <= LAST_TEST_GROUP else "train"
        rows.append((str(path), label, split, f"{label}-{group}"))
    return pd.DataFrame(rows, columns=["video", "label", "split", "group"])


def main() -> None:
    """Train and score one model per seed and print the accuracies, their mean and range."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    arguments = parser.parse_args()
    folder = real_data()
    table = subset_table(folder)
    weights = folder / "weights" / "inception_v3_imagenet2015_to_mixed8.weights.h5"
    scores = []
    print(
        f"{(table['split'] == 'train').sum()} training clips, {(table['split'] == 'test').sum()} test clips"
    )
    for seed in arguments.seeds:
        with tempfile.TemporaryDirectory() as out:
            run = videoqa.train(
                table,
                out=out,
                seed=seed,
                backbone_weights=str(weights),
                backbone_layer="mixed8",
                progress=False,
                **SETTINGS,
            )
            score = videoqa.evaluate(run.out, table, progress=False)["accuracy"]
            validation = run.metrics["validation"]["accuracy"]
        scores.append(score)
        print(f"seed {seed}: validation {validation:7.2%}  test {score:7.2%}", flush=True)
    print(f"mean {np.mean(scores):.2%}, from {min(scores):.2%} to {max(scores):.2%}")


if __name__ == "__main__":
    main()
