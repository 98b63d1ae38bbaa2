"""Averaging weights every K steps instead of adding gradients at each: bytes, losses, spread and accuracy.

    python benchmarks/averaging.py                 # two workers on the sample set
    python benchmarks/averaging.py --checks        # what must come out bit for bit equal

The sample set's training rows, cached features of the tiny backbone, the default model and options but for
the number of epochs. `val_loss` is taken at an epoch's end, right after weights were averaged; `spread` is
the relative distance of worker 0's weights from the mean right before it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

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


def test_accuracy(model: Path) -> float:
    """Return the accuracy on the sample set's test split."""
    command = [sys.executable, "-m", "videoqa", "evaluate", str(model), "--data", "sample", "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(ended.stdout)["accuracy"])


def print_row(name: str, folder: Path, options: dict[str, Any]) -> None:
    """Train and score one variant and print its line."""
    out = folder / name.replace(" ", "-")
    sent = watch(train_command("sample", out, **options, **VARIANTS[name]), out, loopback_bytes)
    steps = last_checkpoint(out).state["step"] / options["epochs"]
    mebibytes = statistics.median(b - a for a, b in zip(sent, sent[1:], strict=False)) / steps / MEBIBYTE
    epochs = epochs_of(out)
    spread = (
        " to ".join(f"{value:.1e}" for value in epochs["spread"].iloc[[0, -1]]) if "spread" in epochs else ""
    )
    loss = " | ".join(f"{epochs[column].iloc[-1]:.4f}" for column in ("loss", "val_loss"))
    speed = epochs["steps_per_second"].iloc[1:].median()
    print(
        f"| {name} | {mebibytes:.3f} | {speed:.1f} | {loss} | {spread} | {test_accuracy(out):.2%} |",
        flush=True,
    )


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
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--checks", action="store_true")
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
        options = {"epochs": arguments.epochs, "blind": False, "patience": "none"}
        for variant in VARIANTS:
            print_row(variant, folder, options)


if __name__ == "__main__":
    main()
