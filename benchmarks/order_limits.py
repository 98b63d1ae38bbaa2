"""What limits order on real film: labels, frames, the amount of data, or the features.

    VIDEOQA_REAL_DATA=path python benchmarks/order_limits.py                    # frames and data
    VIDEOQA_REAL_DATA=path python benchmarks/order_limits.py --sheets folder    # for a reader's eyes
    VIDEOQA_REAL_DATA=path python benchmarks/order_limits.py --check folder     # what the reader got right

The first reads "put in" against "take out" with a linear kernel ridge over the frames of a clip, brought to
8 moments, each clip also backwards with the opposite label: no training to tune, so that one setting differs
from the next by what it is about alone. Only groups for choosing, five folds by group, three seeds.
The sheets show ten frames of each of 20 clips without their labels; the reader writes one label a line into
`guesses.txt` beside them, and then asks for the check. They show frames of the real-data folder: keep them
out of the project.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from _real_data import real_backbone, real_data
from real_order import SETS, first_answers, is_for_choosing, order_table

import videoqa
from videoqa.data.strata import folds_by_answer
from videoqa.features.encoding import load_features

PAIR = "put_in_take_out"
NUM_MOMENTS, NUM_FOLDS, SEEDS = 8, 5, (0, 1, 2)
PENALTY = 1.0
"""Of the ridge, beside a kernel whose diagonal is 1 on average."""
FRAMES = {
    "20 frames of 150 x 267": {},
    "40 frames of 150 x 267": {"num_frames": 40},
    "20 frames of 299 x 532": {"frame_size": (299, 532)},
    "20 frames of 150 x 267, 3 x 3 cells": {"pooling": "grid3"},
}
SHARES = (0.25, 0.5, 0.75, 1.0)
NUM_ON_SHEETS, NUM_SHOWN = 20, 10


def moments(table: pd.DataFrame, options: dict) -> np.ndarray:
    """Return the features of each clip's moments: float32 `(num_rows, NUM_MOMENTS, feature_dim)`."""
    settings = {**real_backbone(), "frame_size": (150, 267), **options}
    report = videoqa.encode(table, progress=False, **settings)
    clips = np.asarray(load_features(report), np.float32)[report.clip_index]
    places = np.array_split(np.arange(clips.shape[1]), NUM_MOMENTS)
    return np.stack([clips[:, place].mean(1) for place in places], axis=1)


def kernel(clips: np.ndarray) -> np.ndarray:
    """Return the products of all clips and all clips backwards, standardized: `(2 * rows, 2 * rows)`."""
    rows = np.concatenate([clips, clips[:, ::-1]]).reshape(2 * len(clips), -1)
    rows = (rows - rows.mean(0)) / (rows.std(0) + 1e-6)
    return rows @ rows.T / rows.shape[1]


def accuracy(clips: np.ndarray, table: pd.DataFrame, seed: int, share: float = 1.0) -> float:
    """Return the balanced accuracy over the held-out clips of all folds.

    Args:
        clips: what `moments` gives.
        table: the rows, with `label` and `group`.
        seed: of the folds, and of which groups are kept.
        share: of the training groups, in (0, 1].
    """
    answer, products, rng = first_answers(table), kernel(clips), np.random.default_rng(seed)
    fold_of_row = folds_by_answer(table["group"], table["label"], NUM_FOLDS, seed).to_numpy()
    given = np.zeros(len(table), int)
    for fold in range(1, NUM_FOLDS + 1):
        groups = table["group"][fold_of_row != fold].unique()
        kept = rng.permutation(groups)[: max(2, round(share * len(groups)))]
        trained = np.flatnonzero((fold_of_row != fold) & table["group"].isin(kept))
        rows = np.concatenate([trained, trained + len(table)])
        wanted = np.concatenate([answer[trained], 1 - answer[trained]]) * 2.0 - 1
        fitted = np.linalg.solve(products[np.ix_(rows, rows)] + PENALTY * np.eye(len(rows)), wanted)
        held_out = np.flatnonzero(fold_of_row == fold)
        given[held_out] = products[np.ix_(held_out, rows)] @ fitted > 0
    return float(np.mean([np.mean(given[answer == each] == each) for each in (0, 1)]))


def shown(values: list[float]) -> str:
    """Return the mean and the range of several accuracies."""
    percent = [100 * value for value in values]
    return f"{np.mean(percent):.1f} % ({min(percent):.1f} to {max(percent):.1f})"


def print_limits(table: pd.DataFrame) -> None:
    """Print a line for each kind of frames, and for each share of the training groups."""
    for name, options in FRAMES.items():
        clips = moments(table, options)
        print(f"{name:40} {shown([accuracy(clips, table, seed) for seed in SEEDS])}", flush=True)
        if not options:
            for share in SHARES:
                values = [accuracy(clips, table, seed, share) for seed in SEEDS]
                print(f"  {share:4.0%} of the training groups          {shown(values)}", flush=True)


def clips_on_sheets(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that a reader is shown, in the order of the sheets."""
    return table.sample(NUM_ON_SHEETS, random_state=7).reset_index(drop=True)


def draw_sheets(table: pd.DataFrame, folder: Path) -> None:
    """Write a sheet of five clips, ten frames each, as `sheet_N.png` for all clips that are shown."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [strip(video) for video in clips_on_sheets(table)["video"]]
    for number in range(0, NUM_ON_SHEETS, 5):
        cv2.imwrite(str(folder / f"sheet_{number // 5 + 1}.png"), np.vstack(rows[number : number + 5]))


def strip(video: str) -> np.ndarray:
    """Return two rows of five frames of a clip, BGR, with a white line below."""
    reading, frames = cv2.VideoCapture(video), []
    while (frame := reading.read())[0]:
        frames.append(cv2.resize(frame[1], (256, 144)))
    chosen = [frames[place] for place in np.linspace(0, len(frames) - 1, NUM_SHOWN).round().astype(int)]
    half = NUM_SHOWN // 2
    picture = np.vstack([np.hstack(chosen[:half]), np.hstack(chosen[half:])])
    return np.vstack([picture, np.full((10, picture.shape[1], 3), 255, np.uint8)])


def check_guesses(table: pd.DataFrame, folder: Path) -> None:
    """Print how many of the labels in `guesses.txt` are right."""
    guesses = (folder / "guesses.txt").read_text().split()
    labels = clips_on_sheets(table)["label"].tolist()
    if len(guesses) != len(labels) or not set(guesses) <= set(SETS[PAIR]):
        raise SystemExit(f"guesses.txt must hold {len(labels)} lines, each one of {', '.join(SETS[PAIR])}.")
    right = sum(guess == label for guess, label in zip(guesses, labels, strict=True))
    print(f"right: {right} of {len(labels)}")


def main() -> None:
    """Print what limits, or draw and check the sheets."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sheets", type=Path, help="write sheets for a reader to this folder")
    parser.add_argument("--check", type=Path, help="compare guesses.txt in this folder with the labels")
    arguments = parser.parse_args()
    table = order_table(real_data())
    table = table[table["pair_set"] == PAIR].reset_index(drop=True)
    if arguments.sheets:
        draw_sheets(table, arguments.sheets)
    elif arguments.check:
        check_guesses(table, arguments.check)
    else:
        print_limits(table[is_for_choosing(table["group"])].reset_index(drop=True))


if __name__ == "__main__":
    main()
