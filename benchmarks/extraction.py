"""Frames per second of `videoqa extract-frames` against the loop that people write by hand.

    VIDEOQA_REAL_DATA=path python benchmarks/extraction.py

The peer goes through each clip with `cv2.VideoCapture.read()`, frame by frame to the end, with OpenCV's
defaults (FFmpeg's threads included), turns every frame from BGR to RGB as such scripts do, and where frame
k is to be kept, the one on show k / fps seconds after the first by the index and the rate of the header,
writes it with `PIL.Image.fromarray(...).save(name, quality=95)`. Both write the same frames of the same 128
UCF101 clips, 4 a second at their own size with quality 95, in one run, turn by turn, each into an empty
folder on the same disk. `videoqa` runs as a function, given the table of the 128 clips as the peer is given
their paths, and as the command `--data ucf101` with everything: its interpreter starts, and the lists of
all 13,320 clips are read. Ends with exit code 1 where the function makes fewer than twice the frames per
second of the peer.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from _real_data import real_data
from PIL import Image

import videoqa

FPS, QUALITY = 4, 95
REQUIRED = 2.0


def by_hand(videos: list[Path], out: Path) -> int:
    """Write the frames of each clip as a plain script does; return how many."""
    written = 0
    for video in videos:
        folder = out / video.parent.name / video.stem
        folder.mkdir(parents=True)
        capture = cv2.VideoCapture(str(video))
        rate = capture.get(cv2.CAP_PROP_FPS)
        index = kept = 0
        while True:
            found, frame = capture.read()
            if not found:
                break
            image = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            if kept / FPS < (index + 1) / rate - 1e-6:
                Image.fromarray(image).save(folder / f"{kept:04d}.jpg", quality=QUALITY)
                kept += 1
            index += 1
        capture.release()
        written += kept
    return written


def with_function(videos: list[Path], out: Path) -> int:
    """Call `videoqa.extract_frames`; return how many frames it wrote."""
    rows = [(str(video), video.parent.name, "train") for video in videos]
    table = pd.DataFrame(rows, columns=["video", "label", "split"])
    report = videoqa.extract_frames(table, fps=FPS, quality=QUALITY, out=out, progress=False)
    return report.to_dict()["num_frames"]


def with_command(options: dict[str, str], out: Path) -> int:
    """Run `videoqa extract-frames` in a process of its own; return how many frames it wrote."""
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    command = [sys.executable, "-m", "videoqa", "extract-frames", "--data", "ucf101", *words, "--json"]
    command += ["--fps", str(FPS), "--quality", str(QUALITY), "--out", str(out)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["num_frames"]


def check_same(by_hand: Path, ours: Path) -> float:
    """Return the mean difference of the frames in grey levels; end where one is missing on a side."""
    theirs = {path.relative_to(by_hand): path for path in by_hand.rglob("*.jpg")}
    found = {path.relative_to(ours / path.relative_to(ours).parts[0]): path for path in ours.rglob("*.jpg")}
    assert theirs.keys() == found.keys(), sorted(theirs.keys() ^ found.keys())[:5]
    pairs = [(cv2.imread(str(theirs[name])), cv2.imread(str(found[name]))) for name in sorted(theirs)[::20]]
    return float(np.mean([np.abs(a.astype(int) - b).mean() for a, b in pairs]))


def processor_seconds() -> float:
    """Return the processor time that this process and its ended children have used."""
    return sum(os.times()[:4])


def main() -> None:
    """Print frames per second of the three, and how many times the peer's ours are."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    data = real_data()
    videos = sorted((data / "ucf101_subset").glob("*/*.avi"))
    options = {"annotations": str(data / "annotations" / "ucf101"), "videos": str(data / "ucf101_subset")}
    ways: dict[str, Callable[[Path], int]] = {
        "loop with PIL": lambda out: by_hand(videos, out),
        "videoqa.extract_frames": lambda out: with_function(videos, out),
        "videoqa extract-frames": lambda out: with_command(options, out),
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    processor: dict[str, list[float]] = {name: [] for name in ways}
    with (
        tempfile.TemporaryDirectory() as folder
    ):  # kept to the end: ext4 is slow to fill what was just deleted
        for number in range(rounds):
            outs = [Path(folder, f"{number}-{place}") for place in range(len(ways))]
            for (name, way), out in zip(ways.items(), outs, strict=True):
                started, used = time.perf_counter(), processor_seconds()
                num_frames = way(out)
                rates[name].append(num_frames / (time.perf_counter() - started))
                processor[name].append(processor_seconds() - used)
            if number == 0:
                print(f"{num_frames} frames; mean difference {check_same(outs[0], outs[1]):.3f} grey levels")
    peer = statistics.median(rates["loop with PIL"])
    for name, each in rates.items():
        ratio = statistics.median([a / b for a, b in zip(each, rates["loop with PIL"], strict=True)])
        spread = f"{min(each):.0f} to {max(each):.0f}"
        print(
            f"{name:<24} {statistics.median(each):>6.0f} frames per second ({spread}), {ratio:.2f} x; "
            f"{statistics.median(processor[name]):.1f} s of processor time"
        )
    reached = statistics.median(rates["videoqa.extract_frames"]) / peer
    print(f"{reached:.2f} times the peer's frames per second; required: {REQUIRED}")
    sys.exit(reached < REQUIRED)


if __name__ == "__main__":
    main()
