"""What several workers cost: time per step, the all-reduce's share, bytes, and seconds to the first step.

    python benchmarks/multiworker_cost.py
    python benchmarks/multiworker_cost.py --part start

The default model on cached features of the sample set's clips, batch 32. Runs to be compared alternate; a
figure is the median over the epochs after the first, which holds the tracing, of all runs.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from _processes import loopback_bytes, with_own_loopback
from _runs import epochs_of, last_checkpoint, train, train_command, watch

BATCH_SIZE, ROWS, EPOCHS = 32, 1280, 4
OPTIONS = {
    "limit": ROWS,
    "batch_size": BATCH_SIZE,
    "epochs": EPOCHS,
    "blind": False,
    "patience": "none",
    "checkpoint_steps": 10**6,
}
PLAIN: dict[str, Any] = {"strategy": "single"}
ONE: dict[str, Any] = {"strategy": "multiworker"}
TWO: dict[str, Any] = {"strategy": "multiworker", "local_workers": 2}
TWO_ALONE = {**TWO, "averaging_frequency": 10**6}
"""Two workers that average their weights at an epoch's end only."""
MEBIBYTE = 1 << 20


def step_seconds(folder: Path, variants: dict[str, dict[str, Any]], repeats: int) -> dict[str, float]:
    """Return the median seconds per step of each variant, runs alternating."""
    times: dict[str, list[float]] = {name: [] for name in variants}
    for repeat in range(repeats):
        for name, options in variants.items():
            out = train("sample", folder / f"{name}-{repeat}".replace(" ", "-"), **OPTIONS, **options)
            times[name] += (1 / epochs_of(out)["steps_per_second"].iloc[1:]).tolist()
    for name, seconds in times.items():
        spread = f"{min(seconds) * 1e3:.1f} to {max(seconds) * 1e3:.1f}"
        print(f"{name}: {statistics.median(seconds) * 1e3:.1f} ms a step ({spread})", flush=True)
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def print_overhead(folder: Path, repeats: int) -> None:
    """Print what `--strategy multiworker` with one worker adds to a step."""
    seconds = step_seconds(folder, {"plain": PLAIN, "one worker": ONE}, repeats)
    print(f"Overhead of one worker: {seconds['one worker'] / seconds['plain'] - 1:+.1%} (at most 10 %)\n")


def print_all_reduce(folder: Path, repeats: int) -> None:
    """Print the all-reduce's share of a step: the same shares of the same batches with and without it."""
    variants = {"two workers, gradients every step": TWO, "two workers, each alone": TWO_ALONE}
    together, alone = step_seconds(folder, variants, repeats).values()
    print(
        f"All-reduce's share of a step, waiting for the other worker included: {1 - alone / together:.0%}\n"
    )


def print_bytes(folder: Path) -> None:
    """Print the bytes of a step over the loopback device, and what they should be."""
    for name, options in (("gradients every step", TWO), ("each alone", TWO_ALONE)):
        out = folder / f"bytes-{name}".replace(" ", "-")
        sent = watch(train_command("sample", out, **OPTIONS, **options), out, loopback_bytes)
        steps = last_checkpoint(out).state["step"] / EPOCHS
        measured = statistics.median(b - a for a, b in zip(sent, sent[1:], strict=False)) / steps
        weights = sum(array.nbytes for array in last_checkpoint(out).arrays("model"))
        print(f"{name}: {measured / MEBIBYTE:.3f} MiB sent per step by both workers together")
    print(
        f"weights: {weights / MEBIBYTE:.3f} MiB; a ring of 2 workers sends them once per worker and step: "
        f"{2 * weights / MEBIBYTE:.3f} MiB\n",
        flush=True,
    )


def print_start(folder: Path) -> None:
    """Print the seconds from command to the end of the first step, by what the processes were at."""
    options = {**OPTIONS, "limit": BATCH_SIZE, "epochs": 1}
    phases = Path(__file__).resolve().parent / "_phases"
    for name, spread in (("plain", PLAIN), ("one worker", ONE), ("two workers", TWO)):
        notes = folder / f"phases-{name.replace(' ', '-')}"
        notes.mkdir()
        path = os.pathsep.join(filter(None, [str(phases), os.environ.get("PYTHONPATH")]))
        environment = {**os.environ, "PYTHONPATH": path, "VIDEOQA_PHASES": str(notes)}
        begin = time.time()
        train("sample", folder / f"start-{name}".replace(" ", "-"), environment, **options, **spread)
        _print_phases(name, begin, notes)


def _print_phases(name: str, begin: float, notes: Path) -> None:
    processes = sorted(_changes(path) for path in notes.iterdir())
    trained = [changes for changes in processes if any(phase == FIRST for _, phase in changes)]
    end = max(_end_of_first_step(changes) for changes in trained)
    print(f"{name}: {end - begin:.1f} s from the command to the end of the first step")
    for number, changes in enumerate(processes):
        part = "command" if not number else "trains" if changes in trained else "prepares"
        seconds = _seconds_by_phase(changes, end)
        shown = ", ".join(f"{phase} {value:.1f}" for phase, value in seconds.items() if value >= 0.05)
        print(f"  {part}, from {changes[0][0] - begin:.1f} s on: {shown}", flush=True)


FIRST = "first step, traced"


def _changes(path: Path) -> list[tuple[float, str]]:
    pairs = (line.split(" ", 1) for line in path.read_text().splitlines())
    return [(float(seconds), phase) for seconds, phase in pairs]


def _end_of_first_step(changes: list[tuple[float, str]]) -> float:
    last = max(place for place, (_, phase) in enumerate(changes) if phase == FIRST)
    return changes[min(last + 1, len(changes) - 1)][0]


def _seconds_by_phase(changes: list[tuple[float, str]], end: float) -> dict[str, float]:
    sums: dict[str, float] = {}
    ends = [seconds for seconds, _ in changes[1:]] + [changes[-1][0]]
    for (start, phase), stop in zip(changes, ends, strict=True):
        sums[phase] = sums.get(phase, 0.0) + max(0.0, min(stop, end) - start)
    return sums


def main() -> None:
    """Print all parts, or one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=("overhead", "all-reduce", "bytes", "start"))
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    with_own_loopback()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train("sample", folder / "fills-the-cache", **{**OPTIONS, "epochs": 1})
        parts = {
            "overhead": lambda: print_overhead(folder, arguments.repeats),
            "all-reduce": lambda: print_all_reduce(folder, arguments.repeats),
            "bytes": lambda: print_bytes(folder),
            "start": lambda: print_start(folder),
        }
        for part, work in parts.items():
            if arguments.part in (None, part):
                work()


if __name__ == "__main__":
    main()
