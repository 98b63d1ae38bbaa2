"""Order in time on real film: six pairs of opposite actions of a robot arm, folds by group.

    VIDEOQA_REAL_DATA=path python benchmarks/real_order.py --choose      # candidates, on groups for it
    VIDEOQA_REAL_DATA=path python benchmarks/real_order.py               # the chosen one, on all groups
    VIDEOQA_REAL_DATA=path python benchmarks/real_order.py --questions   # asked as questions
    VIDEOQA_REAL_DATA=path python benchmarks/real_order.py --arrow       # UCF101, forwards or backwards

InceptionV3 with ImageNet weights, cut at `mixed8`, frozen; 20 regular frames of each clip, whole frames of
150 x 267 pixels. A group (lab, day and camera) is never split. Each clip is scored by a model of a fold that
does not hold its group: as it is, backwards (where the opposite is right) and with its frames shuffled.
Settings are chosen on the groups of `is_for_choosing` alone; the others were looked at once, other seeds.
"""

import argparse
import hashlib
import json
import tempfile
import time
from pathlib import Path

import keras
import pandas as pd
from _real_data import real_backbone, real_data

import videoqa
from videoqa.data.strata import folds_by_answer
from videoqa.evaluation.order_scores import order_rows, order_scores

NUM_FOLDS = 5
SHARE_FOR_CHOOSING = 65
"""Percent of the groups."""
SETS = {
    "put_in_take_out": ("put_in", "take_out"), "open_close": ("open", "close"), "move_lr": ("left", "right"),
    "fold": ("fold", "unfold"), "lid": ("put_on", "take_off"), "hang": ("hang", "unhang"),
}  # fmt: skip
OPPOSITES = dict(SETS.values()) | {two: one for one, two in SETS.values()}
QUESTIONS = {
    "put_in_take_out": "is it putting something in or taking it out?",
    "open_close": "is it opening or closing something?",
    "move_lr": "does it move something to the left or to the right?",
    "fold": "is it folding or unfolding something?",
    "lid": "is it putting a lid on or taking it off?",
    "hang": "is it hanging something up or taking it down?",
}
WHAT = "what is the robot doing?"
USUAL = {
    "frame_size": (150, 267),
    "validation_share": 0.0,
    "epochs": 30,
    "blind": False,
    "balance": True,
    "learning_rate_schedule": "cosine",
    "video_units": 64,
    "dropout": 0.5,
}
BEFORE = {"video_branch": "lstm"}
FIRST_FRAME = {"video_branch": "mean", "num_frames": 1}
BAG = {"video_branch": "mean"}
FLOORS: dict[str, dict] = {"first frame": FIRST_FRAME, "bag of frames": BAG}
CANDIDATES: dict[str, dict] = {
    **FLOORS,
    "lstm": BEFORE,
    "lstm, reversed": {"reverse_labels": True},
    "lstm, difference, reversed": {"motion": "difference", "reverse_labels": True},
    "lstm, grid2, reversed": {"pooling": "grid2", "reverse_labels": True},
    "lstm, grid3, reversed": {"pooling": "grid3", "reverse_labels": True},
    "lstm, flow, reversed": {"motion": "flow", "reverse_labels": True},
    "lstm, grid2, both, reversed": {"pooling": "grid2", "motion": "both", "reverse_labels": True},
}
CHOSEN = "lstm, grid2, both, reversed"


def order_table(folder: Path) -> pd.DataFrame:
    """Return `video, label, opposite, group, pair_set, pair` of the clips."""
    rows = pd.read_csv(folder / "order" / "labels.csv", keep_default_na=False)
    return pd.DataFrame({
        "video": [str(folder / "order" / name) for name in rows["video"]],
        "label": rows["label"],
        "opposite": rows["label"].map(OPPOSITES),
        "group": rows["group"],
        "pair_set": rows["pair_set"],
        "pair": rows["same_scene_pair"],
    })  # fmt: skip


def is_for_choosing(groups: pd.Series) -> pd.Series:
    """Whether settings may be chosen on the clips of each group."""
    numbers = [int(hashlib.md5(("dev" + group).encode()).hexdigest(), 16) % 100 for group in groups]
    return pd.Series([number < SHARE_FOR_CHOOSING for number in numbers], groups.index)


def as_questions(table: pd.DataFrame) -> pd.DataFrame:
    """Return two rows for each clip: the question of its pair, and what the robot is doing."""
    asked = [table["pair_set"].map(QUESTIONS), WHAT]
    rows = [table.assign(question=question).rename(columns={"label": "answer"}) for question in asked]
    return pd.concat(rows, ignore_index=True)


def predictions(table: pd.DataFrame, seed: int, options: dict, work: Path) -> pd.DataFrame:
    """Return the predictions of all rows, each by a model of a fold without its group."""
    label = "label" if "label" in table else "answer"
    fold_of_row = folds_by_answer(table["group"], table[label], NUM_FOLDS, seed)
    found = []
    for fold in range(1, NUM_FOLDS + 1):
        rows = table.assign(split=(fold_of_row == fold).map({True: "test", False: "train"}))
        taught = {**options}
        if not taught.pop("reverse_labels", False):
            rows.loc[rows["split"] == "train", "opposite"] = ""
        if options.get("video_branch") == "mean" and options.get("num_frames") == 1:
            rows = rows.assign(start_seconds=0.0, end_seconds=0.03)
        with tempfile.TemporaryDirectory(dir=work) as out:
            run = videoqa.train(rows, out=out, seed=seed * 10 + fold, progress=False, **taught)
            scores = videoqa.evaluate(run.out, rows, out=Path(out, "scores"), progress=False)
            part = pd.read_csv(Path(scores["out"]) / "predictions.csv", keep_default_na=False)
            found.append(part.assign(seed=seed))
        keras.backend.clear_session()
    return pd.concat(found, ignore_index=True)


def rows_with_groups(found: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return predictions with the group, the pair set and the pair of each clip."""
    about = table.drop_duplicates("video").set_index("video")[["group", "pair_set"]]
    joined = found.drop(columns=["group", "pair_set"], errors="ignore").join(about, on="video_path")
    return joined


def summary(found: pd.DataFrame) -> dict[str, dict]:
    """Return the scores of each pair set."""
    rows = order_rows(found)
    assert rows is not None
    return {name: order_scores(part.reset_index(drop=True)) for name, part in rows.groupby("pair_set")}


def shown(scores: dict) -> str:
    """Return the scores of a pair set in one line."""

    def percent(field: str) -> str:
        value, interval = scores[field], scores.get(f"{field}_interval")
        between = f" ({100 * interval[0]:.1f}-{100 * interval[1]:.1f})" if interval else ""
        return "-" if value is None else f"{100 * value:.1f}{between}"

    fields = {
        "balanced": "balanced_forwards_accuracy", "both ways": "both_ways_accuracy",
        "both right": "both_right", "changed": "changed_answers", "shuffled": "balanced_shuffled_accuracy",
    }  # fmt: skip
    return ", ".join(f"{name} {percent(field)}" for name, field in fields.items() if field in scores)


def score(
    name: str, table: pd.DataFrame, seeds: list[int], options: dict, work: Path, *, jointly: bool
) -> pd.DataFrame:
    """Train and score one setting, print its scores for each pair set, and return the predictions."""
    begin = time.perf_counter()
    tables = [table] if jointly else [part for _, part in table.groupby("pair_set")]
    found = rows_with_groups(
        pd.concat(
            [
                predictions(each.reset_index(drop=True), seed, {**real_backbone(), **USUAL, **options}, work)
                for each in tables
                for seed in seeds
            ],
            ignore_index=True,
        ),
        table,
    )
    print(f"{name}: {json.dumps(options)}, {time.perf_counter() - begin:.0f} s", flush=True)
    for pair_set, scores in summary(found).items():
        print(f"    {pair_set:16} {shown(scores)}", flush=True)
    return found


def main() -> None:
    """Score settings and print a line for each pair set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--choose", action="store_true", help="candidates, on the groups for choosing")
    parser.add_argument("--only", nargs="+", help="names of candidates")
    parser.add_argument("--sets", nargs="+", default=list(SETS), help="pair sets")
    parser.add_argument("--seeds", type=int, nargs="+", help="(default: 0 to choose, 101 102 103 else)")
    parser.add_argument("--jointly", action="store_true", help="one model for all pairs of actions")
    parser.add_argument("--questions", action="store_true", help="one model, two questions a clip")
    parser.add_argument("--options", type=json.loads, default={}, help="other options of train, as JSON")
    arguments = parser.parse_args()
    table = order_table(real_data())
    table = table[table["pair_set"].isin(arguments.sets)].reset_index(drop=True)
    seeds = arguments.seeds or ([0] if arguments.choose else [101, 102, 103])
    if arguments.choose:
        table = table[is_for_choosing(table["group"])].reset_index(drop=True)
    names = arguments.only or (
        list(CANDIDATES) if arguments.choose else ["first frame", "bag of frames", CHOSEN]
    )
    if arguments.questions:
        table = as_questions(table)
    with tempfile.TemporaryDirectory() as work:
        for name in names:
            options = {**CANDIDATES.get(name, {}), **arguments.options}
            jointly = arguments.jointly or arguments.questions
            found = score(name, table, seeds, options, Path(work), jointly=jointly)
            if not arguments.choose:
                rest = found[~is_for_choosing(found["group"])]
                print("  groups that nothing was chosen on:")
                for pair_set, scores in summary(rest).items():
                    print(f"    {pair_set:16} {shown(scores)}", flush=True)


if __name__ == "__main__":
    main()
