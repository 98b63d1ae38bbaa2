"""Kills training runs with SIGKILL at random moments, resumes them, and compares their ends with a whole run.

    python benchmarks/crash_resume.py                       # 20 kills, one process
    python benchmarks/crash_resume.py --workers 2 --kills 10    # of one of two workers each time
    python benchmarks/crash_resume.py --while-training      # within 3 s of a checkpoint of that process
    python benchmarks/crash_resume.py --damage              # the newest checkpoint cut off, or a byte changed
    python benchmarks/crash_resume.py --architecture c3d    # or conv_lstm: on actions, without a blind model

A run is killed, resumed, killed again, ... until it comes to its end before the next kill. Moments are drawn
evenly over the time that an uninterrupted run takes, so that they fall into loading, the blind model, the
model, and saving. Compared are all arrays of the last checkpoint (weights, optimizer, best weights) and the
weights files of the model and of the blind model, bit for bit.
"""

import argparse
import random
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from _processes import kill_worker
from _runs import SMALL, compared, draw_set, end_of, last_checkpoint, train_command

from videoqa._manifest import MANIFEST
from videoqa.training.run_folder import CHECKPOINTS

OPTIONS = {
    "cnn_lstm": {**SMALL, "batch_size": 7, "num_answers": 4},
    "c3d": {"width": 1 / 32, "frame_size": (16, 16), "num_frames": 4, "flip": True, "batch_size": 8},
    "conv_lstm": {"width": 0.1, "frame_size": (40, 48), "num_frames": 30, "batch_size": 7},
}
COMMON = {"epochs": 8, "dropout": 0.3, "patience": "none"}
AVERAGING_FREQUENCY = 2
"""Of several workers with conv_lstm."""
SHORTEST_SECONDS, LONGEST_SECONDS = 1.0, 3.0
"""Of the actions, so that clips of conv_lstm have one segment of frames or two."""
CHECKPOINT_STEPS = 2
STOP_SECONDS = 120.0
TRAINING_SECONDS = 3.0
Kill = Callable[[subprocess.Popen], str | None]


class Runs:
    """Starts, kills and resumes one training in a folder of its own each time."""

    def __init__(self, folder: Path, workers: int, architecture: str) -> None:
        tables = draw_set(folder, 60)
        self._data = tables["question"] if architecture == "cnn_lstm" else of_all_lengths(tables["action"])
        self._options = {"architecture": architecture, **OPTIONS[architecture], **COMMON}
        self.seconds = 0.0
        """The longest time that a whole run has taken."""
        self._launch = {"checkpoint_steps": CHECKPOINT_STEPS}
        self._spread: dict[str, object] = {}
        if workers > 1:
            self._launch["local_workers"] = workers
            self._spread = {"strategy": "multiworker"}
            if architecture == "conv_lstm":
                self._spread["averaging_frequency"] = AVERAGING_FREQUENCY

    def start(self, out: Path) -> subprocess.Popen:
        """Begin the run in `out`, or go on with it where it left a checkpoint."""
        if any((out / CHECKPOINTS).glob("[!.]*")):
            command = train_command(None, out, resume=True, **self._launch)
        else:
            command = train_command(self._data, out, **self._options, **self._spread, **self._launch)
        with (out.parent / f"{out.name}.log").open("a") as log:
            return subprocess.Popen(command, stdout=log, stderr=log)

    def finish(self, out: Path) -> None:
        """Train to the end."""
        whole, begin = not out.exists(), time.monotonic()
        code = self.start(out).wait()
        if code:
            raise SystemExit(f"{out} ended with {code}: see {out}.log\n{_tail(out)}")
        if whole:
            self.seconds = max(self.seconds, time.monotonic() - begin)

    def killed(self, out: Path, moment: float, kill: Kill, *, training: bool = False) -> str | None:
        """Start and kill at a moment in [0, 1); return who was, None if the run had ended before.

        Moments are parts of a whole run's time, or, with `training`, of the 3 s after its next checkpoint.
        """
        before = _newest(out)
        process = self.start(out)
        try:
            while training and process.poll() is None and _newest(out) == before:
                time.sleep(0.01)
            process.wait(moment * (TRAINING_SECONDS if training else self.seconds))
        except subprocess.TimeoutExpired:
            victim = kill(process)
            code = process.wait(STOP_SECONDS)
            if victim is not None and code == 0:
                return None  # it was done, and killed while it left
            return victim
        if process.returncode:
            raise SystemExit(f"{out} ended with {process.returncode} unkilled: see {out}.log\n{_tail(out)}")
        return None


def of_all_lengths(table: Path) -> Path:
    """Let the actions of a table end at moments drawn by chance, and return it."""
    rows = pd.read_csv(table)
    rows["end_seconds"] = np.random.default_rng(0).uniform(SHORTEST_SECONDS, LONGEST_SECONDS, len(rows))
    rows.to_csv(table, index=False)
    return table


def kill_whole(process: subprocess.Popen) -> str:
    """Kill the process."""
    process.kill()
    return "the process"


def kill_one_worker(process: subprocess.Popen) -> str | None:
    """Kill one of its workers, drawn by chance, and check that the rest of the run ends in time."""
    victim = None
    while victim is None and process.poll() is None:  # between two of its children there is none
        victim = kill_worker(process.pid)
        time.sleep(0.02)
    begin = time.monotonic()
    code = process.wait(STOP_SECONDS)
    seconds = time.monotonic() - begin
    if victim is None or code == 0:
        return None
    return f"{victim}, the rest ended after {seconds:.1f} s"


def crash(
    runs: Runs, folder: Path, kill: Kill, whole: list[np.ndarray], *, kills: int, training: bool
) -> bool:
    """Kill so many times, print a line for each and return whether every end is that of the whole run."""
    draw, done, all_equal, number = random.Random(0), 0, True, 0
    while done < kills:
        number += 1
        out = folder / f"run-{number}"
        while done < kills:
            moment = draw.random()
            saves = _interrupted_saves(out)
            victim = runs.killed(out, moment, kill, training=training)
            if victim is None:
                break
            done += 1
            place = _newest(out) + (", saving" if _interrupted_saves(out) - saves else "")
            print(f"{done:3d}  run {number:2d}  {moment:6.1%}  {place:34s} {victim}", flush=True)
            if (out / MANIFEST).exists():  # it was done already
                break
        if not (out / MANIFEST).exists():
            runs.finish(out)
        result = compared(end_of(out), whole)
        all_equal &= result == "equal"
        print(f"     run {number}: {result}", flush=True)
    return all_equal


def damage(runs: Runs, folder: Path, kill: Kill, whole: list[np.ndarray]) -> bool:
    """Kill once, damage the newest checkpoint, resume; the same for each file and kind of damage."""
    draw, all_equal = random.Random(1), True
    for name in ("model.npz", "optimizer.npz", "state.json"):
        for kind, spoil in (("cut off", cut_off), ("one byte changed", change_byte)):
            out = folder / f"{name}-{kind.replace(' ', '-')}"
            while len(list((out / CHECKPOINTS).glob("[!.]*"))) < 2:
                if runs.killed(out, draw.random() / 2, kill, training=True) is None:
                    raise SystemExit(f"{out} ended before it was killed.")
            newest = max((out / CHECKPOINTS).glob("[!.]*"))
            spoil(newest / name)
            runs.finish(out)
            result = compared(end_of(out), whole)
            all_equal &= result == "equal"
            said = "skipped aloud" if newest.name in (folder / f"{out.name}.log").read_text() else "not said"
            print(f"{newest.name}/{name}, {kind}: {said}, {result}", flush=True)
    return all_equal


def cut_off(path: Path) -> None:
    """Leave the first half of a file."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def change_byte(path: Path) -> None:
    """Change one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _newest(out: Path) -> str:
    """Return the name of the newest checkpoint."""
    return max((path.name for path in (out / CHECKPOINTS).glob("[!.]*")), default="no checkpoint yet")


def _interrupted_saves(out: Path) -> set[Path]:
    return set((out / CHECKPOINTS).glob(".*.saving-*"))


def _tail(out: Path) -> str:
    return (out.parent / f"{out.name}.log").read_text()[-2000:]


def main() -> None:
    """Measure two whole runs, then kill; end with 1 where an end differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=1, help="1: a plain run in one process")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--damage", action="store_true", help="damage checkpoints instead of only killing")
    parser.add_argument("--while-training", action="store_true", help="kill while steps are taken")
    parser.add_argument("--architecture", choices=sorted(OPTIONS), default="cnn_lstm")
    arguments = parser.parse_args()
    random.seed(0)  # which worker is killed
    kill = kill_whole if arguments.workers == 1 else kill_one_worker
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runs = Runs(folder, arguments.workers, arguments.architecture)
        for number in range(2):
            runs.finish(folder / f"whole-{number}")
        whole = end_of(folder / "whole-0")
        steps = last_checkpoint(folder / "whole-0").state["step"]
        before = f" after the blind model's {steps}" if arguments.architecture == "cnn_lstm" else ""
        print(f"A whole run: {steps} steps{before}, {runs.seconds:.1f} s.")
        print(f"Two whole runs: {compared(end_of(folder / 'whole-1'), whole)}", flush=True)
        if arguments.damage:
            good = damage(runs, folder, kill, whole)
        else:
            options = {"kills": arguments.kills, "training": arguments.while_training}
            good = crash(runs, folder, kill, whole, **options)
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
