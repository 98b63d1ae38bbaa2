"""Actions in real video: four UCF101 classes of the real-data folder, official groups, several seeds.

    VIDEOQA_REAL_DATA=path python benchmarks/ucf101_subset.py
    VIDEOQA_REAL_DATA=path python benchmarks/ucf101_subset.py --windows   # five test windows against one
    VIDEOQA_REAL_DATA=path python benchmarks/ucf101_subset.py --choose    # settings, by groups 22 to 25
    VIDEOQA_REAL_DATA=path python benchmarks/ucf101_subset.py --chosen    # the chosen ones, on the test clips

InceptionV3 with ImageNet weights, cut at `mixed8`, frozen; groups 1-7 are the test split, as in UCF101's
first split. All 72 training clips are trained on, without validation; `--cross-validate` and `--held-out`
score settings over the training groups alone, so that none need be chosen on a test clip.
"""

import argparse
import json
import re
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from _real_data import real_backbone, real_data

import videoqa
from videoqa.evaluation.bootstrap import percentile_interval, resampled_sums

LAST_TEST_GROUP = 7
FIRST_HELD_OUT_GROUP = 22
SETTINGS = {"epochs": 30, "validation_share": 0.0}
WINDOWS = {"num_frames": 20, "frame_step": 4}
"""Every fourth frame, 20 neighbours of which are a window."""
CANDIDATES: list[dict] = [
    {"frame_size": (size, size), "video_branch": branch}
    for size in (150, 224, 299)
    for branch in ("lstm", "attention", "mean")
]
VARIANTS: list[dict] = [{"dropout": 0.5}, {"flip": True}]
"""Of the best candidate."""
CHOSEN: dict = {"frame_size": (299, 299), "video_branch": "lstm", "flip": True}
"""The settings with the best score on groups 22 to 25, see `choose`."""
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


def results(table: pd.DataFrame, seed: int, options: dict, *windows: int) -> list[pd.DataFrame]:
    """Train, and return the rows of the test clips, by clip, for each number of windows."""
    with tempfile.TemporaryDirectory() as out:
        run = videoqa.train(
            table, out=out, seed=seed, progress=False, **{**real_backbone(), **SETTINGS, **options}
        )
        found = []
        for number in windows or (1,):
            scores = videoqa.evaluate(
                run.out, table, num_test_clips=number, out=Path(out, f"scores-{number}"), progress=False
            )
            rows = pd.read_csv(Path(scores["out"]) / "predictions.csv", keep_default_na=False)
            found.append(rows.set_index("question_id").astype({"correct": float}))
        return found


def correct(table: pd.DataFrame, seed: int, options: dict, *windows: int) -> list[pd.Series]:
    """Train, and return which test clips are right, by clip, for each number of windows."""
    return [rows["correct"] for rows in results(table, seed, options, *windows)]


def folds(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the training clips as cross-validation folds by group: another quarter is "test" in each."""
    training = table[table["split"] == "train"]
    number = training["group"].str.split("-").str[-1].astype(int)
    return [
        training.assign(split=np.where(number % NUM_FOLDS == fold, "test", "train"))
        for fold in range(NUM_FOLDS)
    ]


def held_out(table: pd.DataFrame) -> pd.DataFrame:
    """Return the training clips with groups 22 to 25 as "test"; the test clips are not in it."""
    training = table[table["split"] == "train"]
    number = training["group"].str.split("-").str[-1].astype(int)
    return training.assign(split=np.where(number >= FIRST_HELD_OUT_GROUP, "test", "train"))


def interval(by_clip: pd.DataFrame) -> str:
    """Return the 95 % interval of a mean over clips (rows) and seeds (columns), drawing clips."""
    low, high = percentile_interval(resampled_sums(by_clip.mean(axis=1).to_numpy()[:, None])[:, 0])
    return f"{low / len(by_clip):.2%} to {high / len(by_clip):.2%}"


def print_scores(name: str, by_clip: pd.DataFrame) -> None:
    """Print the mean over the seeds, its range and its interval."""
    seeds = by_clip.mean()
    print(
        f"{name}: mean {seeds.mean():.2%}, from {seeds.min():.2%} to {seeds.max():.2%} over {len(seeds)} "
        f"seeds, 95 % interval by clip {interval(by_clip)}",
        flush=True,
    )


def choose(table: pd.DataFrame, seeds: list[int]) -> None:
    """Print the score of every candidate on groups 22 to 25, of the best one's variants, and the best of all.

    The highest accuracy wins. 16 clips are few, so several may be equal: then the one whose probabilities are
    best, each counted for the model where it is right and against it where it is wrong.
    """
    part, scored = held_out(table), []

    def score(options: dict) -> None:
        rows = pd.concat([results(part, seed, options)[0] for seed in seeds])
        confidence = (rows["probability"] * (2 * rows["correct"] - 1)).mean()
        scored.append((rows["correct"].mean(), confidence, options))
        print(f"{scored[-1][0]:7.2%}, confidence {confidence:.4f}: {json.dumps(options)}", flush=True)

    def best() -> dict:
        return max(scored, key=lambda each: each[:2])[2]

    for options in CANDIDATES:
        score(options)
    first = best()
    for variant in VARIANTS:
        score({**first, **variant})
    print(f"best: {json.dumps(best())}")


def main() -> None:
    """Train and score one model per seed and print the accuracies, their mean, range and interval."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--cross-validate", action="store_true", help="score on held-out training groups")
    parser.add_argument("--held-out", action="store_true", help="score on groups 22 to 25 of the training")
    parser.add_argument("--options", type=json.loads, default={}, help="other options of train, as JSON")
    parser.add_argument("--windows", action="store_true", help="one test window against five, paired")
    parser.add_argument("--choose", action="store_true", help="score candidates on groups 22 to 25")
    parser.add_argument("--chosen", action="store_true", help="score the chosen settings")
    arguments = parser.parse_args()
    table = subset_table(real_data())
    counts = table["split"].value_counts()
    print(f"{counts['train']} training clips, {counts['test']} test clips")
    if arguments.choose:
        choose(table, arguments.seeds)
        return
    options = {**(CHOSEN if arguments.chosen else {}), **arguments.options}
    windows = (1, 5) if arguments.windows else (options.pop("num_test_clips", 1),)
    if arguments.windows:
        options = {**WINDOWS, **options}
    tables = folds(table) if arguments.cross_validate else [table]
    if arguments.held_out:
        tables = [held_out(table)]
    scored: dict[int, list[pd.Series]] = {number: [] for number in windows}
    for seed in arguments.seeds:
        parts = [correct(part, seed, options, *windows) for part in tables]
        for number, each in zip(windows, zip(*parts, strict=True), strict=True):
            scored[number].append(pd.concat(each).rename(seed))
            print(f"seed {seed}, {number} windows: {scored[number][-1].mean():7.2%}", flush=True)
    tables_by_clip = {number: pd.concat(each, axis=1) for number, each in scored.items()}
    for number, by_clip in tables_by_clip.items():
        print_scores(f"{number} windows", by_clip)
    if arguments.windows:
        difference = tables_by_clip[5] - tables_by_clip[1]
        print(
            f"five against one, paired: {difference.to_numpy().mean():+.2%}, interval {interval(difference)}"
        )


if __name__ == "__main__":
    main()
