"""Training steps per second from frames on disk against the same steps on one constant batch.

    python benchmarks/input_speed.py              # reduced sizes: a few minutes on two cores
    python benchmarks/input_speed.py --published  # for a machine with a GPU

Clips of noise are written, decoded into the frames cache of a folder that is removed at the end, and trained
from; the two kinds of steps take turns in one process, and the medians of their turns are compared. Batches
are prepared ahead, so the first steps of each turn are not counted: in one kind they use up what lay ready,
in the other they pass while it is made. An epoch is long enough for all steps, as in data of real size; what
its first batch takes is printed beside.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import tensorflow as tf

from videoqa.config import RunConfig, run_config_from_options
from videoqa.input_pipeline import PREFETCHED_BATCHES, Examples, batches_ahead, make_examples
from videoqa.models.building import build_from_config
from videoqa.text.answers import AnswerList
from videoqa.training.loop import make_step
from videoqa.training.optimizers import optimizer_pairs
from videoqa.training.stages import Stage

REQUIRED = 0.9
NOT_COUNTED = PREFETCHED_BATCHES + 1
"""Steps at the beginning of a turn; one more batch than lie ready is being made."""
CLIP_FRAMES, CLASSES = 120, ("a", "b", "c", "d")
REDUCED = {
    "c3d": {"width": 0.125, "frame_size": (40, 40), "flip": True},
    "conv_lstm": {"width": 1.0, "frame_size": (60, 80), "num_frames": 40, "batch_size": 8},
}
PUBLISHED: dict[str, dict] = {"c3d": {"flip": True}, "conv_lstm": {}}


def write_clips(folder: Path, num_clips: int) -> pd.DataFrame:
    """Write clips of 320 x 240 and return their annotation rows."""
    rng, rows = np.random.default_rng(0), []
    for number in range(num_clips):
        path = str(folder / f"{number}.avi")
        writer = cv2.VideoWriter(path, cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"MJPG"), 25, (320, 240))
        small = rng.integers(0, 256, (CLIP_FRAMES, 15, 20, 3), np.uint8)
        for frame in small:
            writer.write(cv2.resize(frame, (320, 240)))
        writer.release()
        rows.append((path, CLASSES[number % len(CLASSES)]))
    table = pd.DataFrame(rows, columns=["video_path", "answer"])
    return table.assign(split="train", question="", start_seconds=np.nan, end_seconds=np.nan)


def step_of(config: RunConfig, examples: Examples):
    """Return what takes the steps of a training of this configuration."""
    model = build_from_config(config.model, config.sampling.num_frames, starts_from="clip")
    pairs = optimizer_pairs(model, config.model, config.training, 1000)
    for optimizer, variables in pairs:
        optimizer.build(variables)
    strategy = tf.distribute.get_strategy()
    stage = Stage("model", config, Path(), training=examples, validation=examples)
    return make_step(model, stage, pairs, strategy, 1000)


def compare(name: str, options: dict, table: pd.DataFrame, arguments: argparse.Namespace) -> float:
    """Print steps per second of both kinds and return their ratio."""
    config = run_config_from_options({"task": "action", "architecture": name, **options})
    begin = time.perf_counter()
    size = config.training.batch_size
    num_rows = size * ((NOT_COUNTED + arguments.steps) * (arguments.turns + 1) + 1)
    rows = table.iloc[np.arange(num_rows) % len(table)].reset_index(drop=True)
    examples, _ = make_examples(
        rows, config, vocabulary=None, answers=AnswerList(CLASSES), for_training=True, progress=False
    )
    filled = time.perf_counter() - begin
    step = step_of(config, examples)
    begin = time.perf_counter()
    batches = batches_ahead(examples, seed=0, epoch=0, first_batch=0, num_epochs=1, batch_size=size)
    constant = next(batches)
    first = time.perf_counter() - begin
    number, seconds = 0, {"disk": [], "constant": []}
    for turn in range(arguments.turns + 1):
        for kind, times in seconds.items():
            for index in range(NOT_COUNTED + arguments.steps):
                if index == NOT_COUNTED:
                    begin = time.perf_counter()
                batch = next(batches) if kind == "disk" else constant
                step(batch, number)
                number += 1
            if turn:  # the first one traces and compiles
                times.append((time.perf_counter() - begin) / arguments.steps)
    disk, alone = (1 / statistics.median(seconds[kind]) for kind in ("disk", "constant"))
    print(
        f"{name:10} batch {size:3d}  cache filled in {filled:5.1f} s, first batch in {first:5.2f} s  "
        f"from disk {disk:7.3f} steps/s  constant batch {alone:7.3f} steps/s  {disk / alone:6.1%}",
        flush=True,
    )
    return disk / alone


def main() -> None:
    """Compare both architectures; exit with 1 when one of them waits for its input."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--published", action="store_true", help="the published sizes")
    parser.add_argument("--steps", type=int, default=4, help="counted steps of a turn")
    parser.add_argument("--turns", type=int, default=5, help="turns of each kind, after one not counted")
    parser.add_argument("--clips", type=int, default=48)
    parser.add_argument("--architectures", nargs="+", choices=list(REDUCED), default=list(REDUCED))
    arguments = parser.parse_args()
    chosen = PUBLISHED if arguments.published else REDUCED
    with tempfile.TemporaryDirectory(prefix="videoqa-input-speed-") as folder:
        os.environ["VIDEOQA_HOME"] = str(Path(folder) / "home")
        table = write_clips(Path(folder), arguments.clips)
        ratios = [compare(name, chosen[name], table, arguments) for name in arguments.architectures]
    if min(ratios) < REQUIRED:
        raise SystemExit(f"below {REQUIRED:.0%}: training waits for its input")


if __name__ == "__main__":
    main()
