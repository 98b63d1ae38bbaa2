"""Averaging weights every K steps instead of adding gradients at each: bytes, losses, spread and accuracy.

    python benchmarks/averaging.py                 # two workers on the sample set
    python benchmarks/averaging.py --conv-lstm     # the convolutional LSTM, on drawn actions
    python benchmarks/averaging.py --checks        # what must come out bit for bit equal

The sample set's training rows, cached features of the tiny backbone, the default model and options but for
the number of epochs. `val_loss` is taken at an epoch's end, right after weights were averaged; `spread` is
the relative distance of worker 0's weights from the mean right before it. The convolutional LSTM, which is
averaged in any case, learns three activities, a third of the clips each, from 120 drawn clips, two segments
of 20 frames each.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from _processes import loopback_bytes, with_own_loopback
from _runs import SMALL, draw_set, epochs_of, last_checkpoint, train, train_command, watch

TWO: dict[str, Any] = {"strategy": "multiworker", "local_workers": 2}
VARIANTS: dict[str, dict[str, Any]] = {
    "one process": {"strategy": "single"},
    "gradients every step": TWO,
    "K = 1": {**TWO, "averaging_frequency": 1},
    "K = 3": {**TWO, "averaging_frequency": 3},
    "K = 10": {**TWO, "averaging_frequency": 10},
}
MEBIBYTE = 1 << 20


CONV_LSTM: dict[str, Any] = {
    "architecture": "conv_lstm",
    "frame_size": (96, 96),
    "num_frames": 40,
    "batch_size": 8,
    "epochs": 16,
    "patience": "none",
}
CONV_LSTM_ACTIVITIES = ("raising", "walking left", "jumping")


def test_accuracy(model: Path, data: str) -> float:
    """Return the accuracy on the test split of `data`."""
    command = [sys.executable, "-m", "videoqa", "evaluate", str(model), "--data", data, "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(ended.stdout)["accuracy"])


def print_row(name: str, folder: Path, data: str, options: dict[str, Any]) -> None:
    """Train and score one variant and print its line."""
    out = folder / name.replace(" ", "-")
    sent = watch(train_command(data, out, **options, **VARIANTS[name]), out, loopback_bytes)
    steps = last_checkpoint(out).state["step"] / options["epochs"]
    mebibytes = statistics.median(b - a for a, b in zip(sent, sent[1:], strict=False)) / steps / MEBIBYTE
    epochs = epochs_of(out)
    spread = (
        " to ".join(f"{value:.1e}" for value in epochs["spread"].iloc[[0, -1]]) if "spread" in epochs else ""
    )
    loss = " | ".join(f"{epochs[column].iloc[-1]:.4f}" for column in ("loss", "val_loss"))
    speed = epochs["steps_per_second"].iloc[1:].median()
    print(
        f"| {name} | {mebibytes:.3f} | {speed:.1f} | {loss} | {spread} | {test_accuracy(out, data):.2%} |",
        flush=True,
    )


def actions_with_test(folder: Path) -> Path:
    """Draw 120 training, 24 validation and 60 test clips of three activities; return their table."""
    table = pd.read_csv(draw_set(folder, 120, 84, CONV_LSTM_ACTIVITIES)["action"])
    table.loc[table.index[-60:], "split"] = "test"
    table.to_csv(folder / "action.csv", index=False)
    return folder / "action.csv"


def check(folder: Path) -> bool:
    """Print whether equal trainings are equal, on drawn clips; all arrays of the last checkpoint."""
    data = draw_set(folder, 60)["question"]
    options = {**SMALL, "batch_size": 7, "epochs": 4, "blind": False}
    one = {"strategy": "multiworker", "averaging_frequency": 1}
    trained = {"plain": {}, "K = 1, one worker": one}
    for frequency in (1, 3, 10):
        for number in ("first", "second"):
            trained[f"K = {frequency}, two workers, {number}"] = {**TWO, "averaging_frequency": frequency}
    arrays = {}
    for name, spread in trained.items():
        out = train(data, folder / name.replace(" ", "-"), **options, **spread)
        arrays[name] = [
            a.tobytes() for group in ("model", "optimizer") for a in last_checkpoint(out).arrays(group)
        ]
    names = list(trained)
    equal = True
    for a, b in zip(names[::2], names[1::2], strict=True):
        same = arrays[a] == arrays[b]
        equal &= same
        print(f"{b} against {a}: {'bit for bit equal' if same else 'DIFFERENT'}", flush=True)
    return equal


def main() -> None:
    """Print the table, or the checks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=int, help="3; of the convolutional LSTM 16")
    parser.add_argument("--checks", action="store_true")
    parser.add_argument("--conv-lstm", action="store_true")
    arguments = parser.parse_args()
    with_own_loopback()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.checks:
            raise SystemExit(0 if check(folder) else 1)
        print(
            "| | MiB sent per step | steps per second | loss | val_loss | spread, first to last | accuracy |"
        )
        print("|---|---|---|---|---|---|---|")
        data, options = "sample", {"epochs": 3, "blind": False, "patience": "none"}
        variants = list(VARIANTS)
        if arguments.conv_lstm:
            data, options = str(actions_with_test(folder)), CONV_LSTM
            variants.remove("gradients every step")
        options = {**options, **({"epochs": arguments.epochs} if arguments.epochs else {})}
        for variant in variants:
            print_row(variant, folder, data, options)


if __name__ == "__main__":
    main()
