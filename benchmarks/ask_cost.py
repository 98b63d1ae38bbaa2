"""What it costs `ask` to judge its answers: the model in the package as it is, and without its trust.

    python benchmarks/ask_cost.py

Two copies of one model in one process, one of which has no trust, asked in turn: about a clip whose features
are cached, and about clips that each copy sees for the first time, with a cache of its own. Beside other jobs
the fastest tenth of the questions, and processor seconds, say more than medians of the clock.
"""

import argparse
import dataclasses
import gc
import tempfile
import time
from pathlib import Path

import numpy as np

import videoqa
from videoqa.answering.video_qa import VideoQA
from videoqa.features.cache import FeatureCache

QUESTION = "what is he doing"
WITH, WITHOUT = "with trust", "without"
NUM_WARM = 5


def seconds(model: VideoQA, video: str) -> tuple[float, float]:
    """Return how long one question takes, and how long processors work on it."""
    begin, begin_processors = time.perf_counter(), time.process_time()
    model.ask(video, QUESTION)
    return time.perf_counter() - begin, time.process_time() - begin_processors


def in_turn(models: dict[str, VideoQA], videos: list[str]) -> dict[str, np.ndarray]:
    """Return the seconds of each model, `(num_videos, 2)`; which one is first changes from video to video."""
    found: dict[str, list] = {name: [] for name in models}
    for place, video in enumerate(videos):
        for name in list(models)[:: 1 if place % 2 else -1]:
            found[name].append(seconds(models[name], video))
    return {name: np.array(values) for name, values in found.items()}


def print_times(name: str, found: dict[str, np.ndarray]) -> None:
    """Print milliseconds with and without, and their ratios."""
    for column, kind in enumerate(("wall", "processor")):
        own, other = (found[each][:, column] * 1000 for each in (WITH, WITHOUT))
        print(f"{name}, {len(own)} pairs, {kind} ms:", end="")
        for share, word in ((50, "median"), (10, "fastest tenth below")):
            with_trust, without = np.percentile(own, share), np.percentile(other, share)
            print(f" {word} {with_trust:.2f} against {without:.2f}, {with_trust / without:.3f} x;", end="")
        print(f" median of the pairs' ratios {np.median(own / other):.3f}")


def main() -> None:
    """Time both copies on cached features and on fresh files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cached", type=int, default=1000, help="questions to each on cached features")
    parser.add_argument("--fresh", type=int, default=60, help="fresh files")
    arguments = parser.parse_args()
    package = videoqa.load().folder
    folders = {WITH: package, WITHOUT: dataclasses.replace(package, trust=None)}
    with tempfile.TemporaryDirectory() as home:
        clips = [
            videoqa.sample_clip(seed=seed, folder=Path(home, "clips"))
            for seed in range(arguments.fresh + NUM_WARM)
        ]
        models = {
            name: VideoQA(folder, cache=FeatureCache(Path(home, name))) for name, folder in folders.items()
        }
        in_turn(models, clips[:NUM_WARM])
        gc.disable()  # a collection would fall on either by chance
        print_times("fresh file", in_turn(models, clips[NUM_WARM:]))
        print_times("cached features", in_turn(models, clips[:1] * arguments.cached))


if __name__ == "__main__":
    main()
