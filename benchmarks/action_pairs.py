"""Opposite actions of drawn clips: what tells them apart is the order of the frames, nothing else.

    python benchmarks/action_pairs.py                    # cnn_lstm, the bag of frames, a reduced C3D
    python benchmarks/action_pairs.py --only cnn_lstm
    python benchmarks/action_pairs.py --only c3d --split validation --options '{"batch_size": 24}'

Action labels of the built-in sample set, trained on its training split and scored on the test split's
opposite pairs (loading and unloading, entering and leaving, raising and lowering, walking left and
right): both clips of a pair show the same frames. Every model sees a regular grid over the whole clip.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

import videoqa
from videoqa.sample.sample_set import load_sample_table

C3D: dict[str, Any] = {
    "architecture": "c3d",
    "width": 1 / 8,
    "frame_size": (48, 48),
    "num_frames": 16,
    "frame_step": None,
    "crop": "center",
    "batch_size": 8,
    "epochs": 40,
    "decay_steps": 490,
    "patience": None,
}
MODELS: dict[str, tuple[dict[str, Any], str]] = {
    "cnn_lstm": ({}, "≥ 95 %"),
    "mean": ({"video_branch": "mean"}, "45 to 55 %"),
    "c3d": (C3D, "≥ 95 %"),
}


def action_table() -> pd.DataFrame:
    """Return the sample set's rows that ask what is done, as labels."""
    table = load_sample_table()
    table = table[table["question_type"] == "activity"].drop_duplicates("video_id")
    table = table.rename(columns={"answer": "label", "video_path": "video"})
    return table[["question_id", "video", "label", "split", "group", "pair_kind", "order_dependent"]]


def main() -> None:
    """Train and score each model, and print its line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=MODELS, nargs="+", default=list(MODELS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", choices=("validation", "test"), default="test", help="what is scored")
    parser.add_argument("--options", type=json.loads, default={}, help="other options of train, as JSON")
    arguments = parser.parse_args()
    table = action_table()
    print("| model | required | opposite pairs | lowest pair | all clips of the split | minutes |")
    print("|---|---|---|---|---|---|", flush=True)
    for name in arguments.only:
        options, required = {**MODELS[name][0], **arguments.options}, MODELS[name][1]
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            sample = {} if name == "c3d" else {"backbone": "tiny", "epochs": 30, "learning_rate": 2e-3}
            run = videoqa.train(
                table, out=Path(folder, "run"), seed=arguments.seed, progress=False, **{**sample, **options}
            )
            minutes = (time.monotonic() - began) / 60
            videoqa.evaluate(
                run.out, table, split=arguments.split, out=Path(folder, "scores"), progress=False
            )
            rows = pd.read_csv(Path(folder, "scores", "predictions.csv"), keep_default_na=False)
        rows = rows.merge(table[["question_id", "pair_kind", "order_dependent"]], on="question_id")
        pairs = rows[rows["order_dependent"]]
        lowest = pairs.groupby("pair_kind")["correct"].mean()
        print(
            f"| {name} | {required} | {pairs['correct'].mean():.2%} of {len(pairs)} | {lowest.min():.2%} "
            f"({lowest.idxmin()}) | {rows['correct'].mean():.2%} of {len(rows)} | {minutes:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
