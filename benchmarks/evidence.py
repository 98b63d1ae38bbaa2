"""Is the evidence for an answer where it must be? Moments on drawn clips, places on real ones.

    python benchmarks/evidence.py moments
    VIDEOQA_REAL_DATA=path python benchmarks/evidence.py places

Moments: he idles for at least 40 % of a clip, and the set records when he acts. Counted are the clips in
which the mean contribution of the frames inside the action is above that of the frames outside; with a model
that learned from shuffled labels half of them should be. What hides frames was chosen on sets 31 and 32.

Places: "what colour is the shirt?" on the physio clips, five folds, InceptionV3 cut at `mixed8`. The figure
is the share of heat on pixels of the shirt, by their hue, over their share of the frame. The map and the way
of averaging slopes were chosen on folds 0 and 1.
"""

import argparse
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from _real_data import real_backbone
from physio_questions import NUM_FOLDS, SETTINGS, question_table

import videoqa
from videoqa.answering.explaining import explanation_of
from videoqa.evaluation.evidence_plot import enlarged
from videoqa.sample.files import plan_clips
from videoqa.sample.sample_set import load_sample_table
from videoqa.sample.scene import FPS

TRAINING = {
    "backbone": "tiny", "epochs": 30, "learning_rate": 2e-3, "learning_rate_schedule": "cosine",
    "patience": None, "blind": False, "progress": False,
}  # fmt: skip
MOST_ACTING = 0.6
CHOSEN_FOLDS = (0, 1)
HUES = {"green": ((60, 70, 30), (95, 255, 255)), "navy": ((108, 80, 15), (135, 255, 150))}
"""Shirt -> lowest and highest hue (0 to 180), saturation and value of its pixels."""


def idle_clips(seeds: list[int], num_clips: int) -> pd.DataFrame:
    """Return the rows of sample sets in which he idles for at least 40 % of the clip."""
    tables = []
    for seed in seeds:
        lengths = {clip.video_id: clip.scene.num_frames for clip in plan_clips(num_clips, seed=seed)}
        table = load_sample_table(seed=seed, num_clips=num_clips, task="action", progress=False)
        acting = table["action_end_seconds"] - table["action_start_seconds"]
        share = acting * FPS / table["video_id"].map(lengths)
        tables.append(table[share <= MOST_ACTING].assign(pair_id=f"{seed}-" + table["pair_id"]))
    return pd.concat(tables, ignore_index=True)


def train_on_drawn(out: Path, branch: str, shuffle_seed: int | None) -> Path:
    """Train an action model on the training rows of set 0, with their labels shuffled or not."""
    rows = load_sample_table(task="action", progress=False).query("split != 'test'").reset_index(drop=True)
    if shuffle_seed is not None:
        rows["answer"] = np.random.default_rng(shuffle_seed).permutation(rows["answer"].to_numpy())
    seed = shuffle_seed or 0
    return videoqa.train(rows, out=out, video_branch=branch, seed=seed, **TRAINING).out


def moments_of(model: Any, rows: pd.DataFrame, question: str = "") -> pd.DataFrame:
    """Return for each clip whether it is answered right and the mean contributions inside and outside."""
    loaded, found = videoqa.load(model), []
    for row in rows.itertuples():
        answer = loaded.ask(row.video_path, question)
        times = np.array(answer.evidence.timestamps_seconds)
        values = np.array(answer.evidence.contributions)
        inside = (times >= row.action_start_seconds - 1e-6) & (times < row.action_end_seconds - 1e-6)
        means = values[inside].mean(), values[~inside].mean()
        found.append((answer.text == row.activity, *means))
    return pd.DataFrame(found, columns=["right", "inside", "outside"])


def print_moments(name: str, found: pd.DataFrame) -> float:
    """Print the share of clips whose evidence lies inside the action, and return it."""
    share = float((found["inside"] > found["outside"]).mean())
    error = 2 * np.sqrt(share * (1 - share) / len(found))
    means = f"contribution inside {found['inside'].mean():+.2f}, outside {found['outside'].mean():+.2f}"
    print(f"  {name:<26} {share:7.2%} ± {error:.2%}, {means}, right {found['right'].mean():.2%}", flush=True)
    return share


def share_of_turned_pairs(model: Any, rows: pd.DataFrame) -> tuple[float, int]:
    """Return in how many pairs the margin of one activity over the other changes sign with the order."""
    loaded, turned = videoqa.load(model), []
    for _, pair in rows[rows["pair_kind"] != ""].groupby("pair_id"):
        if len(pair) != 2:
            continue
        one, other = pair["activity"]
        margins = [loaded.ask(path).evidence_for(one, other).margin for path in pair["video_path"]]
        turned.append(margins[0] > 0 > margins[1])
    return float(np.mean(turned)), len(turned)


def measure_moments(arguments: argparse.Namespace) -> None:
    """Train the models and print the figures of moments."""
    rows = idle_clips(arguments.sample_seeds, arguments.num_clips)
    print(f"{len(rows)} clips of sets {arguments.sample_seeds} that idle for 40 % or more")
    question = "what is he doing?"
    print_moments("lstm in the package", moments_of(None, rows, question))
    with tempfile.TemporaryDirectory() as folder:
        for branch in ("lstm", "attention"):
            model = train_on_drawn(Path(folder) / branch, branch, None)
            print_moments(branch, moments_of(model, rows))
            share, number = share_of_turned_pairs(model, rows)
            print(f"  {branch}: the margin changes sign with the order in {share:.2%} of {number} pairs")
            shares = []
            for seed in arguments.shuffle_seeds:
                shuffled = train_on_drawn(Path(folder) / f"{branch}-{seed}", branch, seed)
                shares.append(print_moments(f"{branch}, shuffled, seed {seed}", moments_of(shuffled, rows)))
            print(f"  {branch}, shuffled: mean {np.mean(shares):.2%}", flush=True)


def shirt_ratio(picture: np.ndarray, heat: np.ndarray, shirt: str) -> float | None:
    """Return the share of heat on the shirt over its share of the picture; None if neither is there."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    pixels = cv2.inRange(hsv, *(np.array(each) for each in HUES[shirt])) > 0
    spread = enlarged(heat, *picture.shape[:2])
    if not spread.any() or not pixels.any():
        return None
    return float(spread[pixels].sum() / spread.sum() / pixels.mean())


def measure_places(arguments: argparse.Namespace) -> None:
    """Train a model for each fold and print the figures of places."""
    table = question_table()
    found = []
    for fold in range(NUM_FOLDS):
        rows = table.assign(split=np.where(table["fold"] == fold, "test", "train"))
        with tempfile.TemporaryDirectory() as out:
            run = videoqa.train(rows, out=out, blind=False, progress=False, **real_backbone(), **SETTINGS)
            loaded = videoqa.load(run.out)
            asked = rows[(rows["split"] == "test") & (rows["question_type"] == "shirt colour")]
            for row in asked.itertuples():
                answer = loaded.ask(row.video, row.question)
                shown = explanation_of(answer, answer._asked)
                ratios = [shirt_ratio(each.picture, each.heat, row.answer) for each in shown.close_ups]
                ratio = np.mean([each for each in ratios if each is not None])
                found.append((fold, row.answer, answer.text == row.answer, answer.evidence.against, ratio))
                if arguments.out is not None:
                    arguments.out.mkdir(parents=True, exist_ok=True)
                    answer.explain(arguments.out / f"{fold}-{Path(row.video).stem}.png")
        print(f"fold {fold} done", flush=True)
    clips = pd.DataFrame(found, columns=["fold", "shirt", "right", "against", "ratio"])
    chosen = clips["fold"].isin(CHOSEN_FOLDS)
    parts = {"folds 2 to 4": clips[~chosen], "folds 0 and 1, chosen on": clips[chosen]}
    for name, part in parts.items():
        by_shirt = defaultdict(float, part.groupby("shirt")["ratio"].mean())
        print(
            f"{name}: {len(part)} clips, right {part['right'].mean():.2%}, heat on the shirt over its share "
            f"{part['ratio'].mean():.2f} (green {by_shirt['green']:.2f}, navy {by_shirt['navy']:.2f}), "
            f"1.5 and more in {(part['ratio'] >= 1.5).mean():.2%}"
        )


def main() -> None:
    """Measure one of the two."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["moments", "places"])
    parser.add_argument("--sample-seeds", type=int, nargs="+", default=[41, 42])
    parser.add_argument("--num-clips", type=int, default=150, help="of each set, before those that idle less")
    parser.add_argument("--shuffle-seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--out", type=Path, help="folder for the pictures of the places")
    arguments = parser.parse_args()
    {"moments": measure_moments, "places": measure_places}[arguments.what](arguments)


if __name__ == "__main__":
    main()
