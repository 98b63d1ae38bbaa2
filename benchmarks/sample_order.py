"""Does the model understand order? The built-in sample set, test split, beside what cannot see it.

    python benchmarks/sample_order.py [--out runs/order] [--seed 0]
    python benchmarks/sample_order.py --model videoqa/shipped_model --sample-seeds 101 102 103

The first trains the default model and the bag of frames, and scores both; the second scores a trained
model on clips drawn from seeds it never saw.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import videoqa
from videoqa.config import SAMPLE
from videoqa.sample.sample_set import load_sample_table

NUM_PERMUTATIONS = 10
OPTIONS = {"progress": False}


def predictions(model: Path, table: pd.DataFrame, **view: object) -> pd.DataFrame:
    """Return the table's test rows with the model's answers, whether they are right, and the blind ones."""
    with tempfile.TemporaryDirectory() as folder:
        videoqa.evaluate(model, table, out=folder, **OPTIONS, **view)
        rows = pd.read_csv(Path(folder) / "predictions.csv", keep_default_na=False)
    extra = table[["question_id", "pair_id", "pair_kind", "order_dependent"]]
    rows = rows.merge(extra, on="question_id", validate="one_to_one")
    rows["blind_correct"] = rows["blind_answer"] == rows["answer"]
    return rows


def print_scores(title: str, rows: pd.DataFrame) -> None:
    """Print accuracy over all rows, of each question type and of each opposite pair."""
    pairs = rows[rows["order_dependent"]]
    print(f"\n{title}\n  {'all rows':<28} {len(rows):6d} rows {rows['correct'].mean():8.2%}")
    for name, part in rows.groupby("question_type"):
        print(f"  type {name:<23} {len(part):6d} rows {part['correct'].mean():8.2%}")
    for name, part in pairs.groupby("pair_kind"):
        print(f"  pair {name:<23} {len(part):6d} rows {part['correct'].mean():8.2%}")
    num_pairs = pairs["pair_id"].nunique()
    print(f"  all {num_pairs} opposite pairs, {len(pairs)} rows {pairs['correct'].mean():8.2%}")


def print_order(model: Path, table: pd.DataFrame) -> None:
    """Print how many pairs of a question are right in both clips, and how many answers change in reverse."""
    with tempfile.TemporaryDirectory() as folder:
        forwards = videoqa.evaluate(model, table, out=folder, **OPTIONS)
        backwards = videoqa.evaluate(model, table, out=folder, reverse_frames=True, **OPTIONS)
    low, high = forwards["pair_accuracy_interval"]
    pairs, share = forwards["num_pairs"], forwards["pair_accuracy"]
    print(f"  {pairs} pairs of a question, both right {share:8.2%} ({low:.2%} to {high:.2%})")
    print(f"  other answers in reverse {backwards['order_dependent_answers']:8.2%}")


def print_blind(rows: pd.DataFrame, table: pd.DataFrame) -> None:
    """Print the blind model beside the majority answer of each type, and the allowed difference."""
    train = table[table["split"] == "train"]
    print("\nblind model beside the majority per question type (allowed: +3 points or 2 standard errors)")
    for name, part in rows.groupby("question_type"):
        most = train.loc[train["question_type"] == name, "answer"].mode().iloc[0]
        majority, blind = (part["answer"] == most).mean(), part["blind_correct"].mean()
        allowed = max(0.03, 2 * np.sqrt(majority * (1 - majority) / len(part)))
        verdict = "ok" if blind <= majority + allowed else "ABOVE"
        print(f"  {name:<20} majority {majority:7.2%}  blind {blind:7.2%}  allowed +{allowed:.2%}  {verdict}")


def print_without_order(model: Path, table: pd.DataFrame) -> None:
    """Print the accuracy on the opposite pairs when the frames come in random order, and from one frame."""
    scores = []
    for seed in range(NUM_PERMUTATIONS):
        rows = predictions(model, table, shuffle_frames=True, seed=seed)
        scores.append(rows.loc[rows["order_dependent"], "correct"].mean())
    print(
        f"\nframes shuffled, opposite pairs, {NUM_PERMUTATIONS} permutations: mean {np.mean(scores):.2%}, "
        f"from {min(scores):.2%} to {max(scores):.2%}"
    )
    rows = predictions(model, table, single_frame=True)
    print(f"one frame, opposite pairs: {rows.loc[rows['order_dependent'], 'correct'].mean():.2%}")


def main() -> None:
    """Train or take a model and print its scores."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, help="score this model folder instead of training")
    parser.add_argument(
        "--sample-seeds", type=int, nargs="+", default=[0], help="seeds of the sample sets scored"
    )
    parser.add_argument("--out", type=Path, help="folder for the trained models (default: a temporary one)")
    parser.add_argument("--seed", type=int, default=0, help="of the training")
    arguments = parser.parse_args()
    for sample_seed in arguments.sample_seeds if arguments.model else ():
        table = load_sample_table(seed=sample_seed)
        print_scores(f"{arguments.model}, sample seed {sample_seed}", predictions(arguments.model, table))
        print_order(arguments.model, table)
    if arguments.model:
        return
    out = arguments.out or Path(tempfile.mkdtemp())
    table = load_sample_table()
    run = videoqa.train(SAMPLE, out=out / "lstm", seed=arguments.seed, **OPTIONS)
    rows = predictions(run.out, table)
    print_scores("video_branch=lstm", rows)
    print_order(run.out, table)
    print_blind(rows, table)
    print_without_order(run.out, table)
    bag = videoqa.train(
        SAMPLE, out=out / "mean", seed=arguments.seed, video_branch="mean", blind=False, **OPTIONS
    )
    print_scores("video_branch=mean, the bag of frames", predictions(bag.out, table))
    print_order(bag.out, table)


if __name__ == "__main__":
    main()
