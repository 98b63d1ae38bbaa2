"""Damaged files by the thousand in one process: how many are refused, noted, or served with wrong pictures.

    python benchmarks/fuzz_decode.py                # 3,000 files; --files 200 --seed 1 for others

One clip of a moving pattern is written into five containers. Each file is a copy of one with a seeded fault:
bits flipped, a part zeroed, overwritten, left out or written twice, the end cut off. Of each, 8 frames are
decoded and compared with those that the whole file shows at their times, and what `ask` would note of its
pictures is asked for.
"""

import argparse
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

import av
import numpy as np

from videoqa.config import SamplingConfig
from videoqa.video.decoding import ClipRequest, DecodingError, decode
from videoqa.video.picture_damage import look_at_pictures
from videoqa.video.probing import probe

CONTAINERS = {
    "mp4": "libx264",
    "mkv": "libx264",
    "avi": "mpeg4",
    "ts": "mpeg2video",
    "webm": "libvpx",
}
NUM_FRAMES, HEIGHT, WIDTH = 60, 96, 128
NUM_SAMPLED = 8
WRONG_LEVELS = 8.0
"""A frame is wrong if its mean difference from the right one, in grey levels of 255, is larger."""
WRONG_SHARE = 0.25
HANG_SECONDS = 5.0
OUTCOMES = ("refused", "noted", "right", "wrong", "traceback", "hang")
"""`wrong`: served as `ok`, without a note, though more than a quarter of the frames are wrong."""


def write_clips(folder: Path) -> dict[str, Path]:
    """Write the clip into each container and return the paths by ending."""
    paths = {}
    for ending, codec in CONTAINERS.items():
        paths[ending] = folder / f"whole.{ending}"
        with av.open(str(paths[ending]), "w") as container:
            stream = container.add_stream(codec, rate=25)
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            stream.gop_size, stream.bit_rate = 12, 400_000
            for index in range(NUM_FRAMES):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(_picture(index), format="rgb24")))
            container.mux(stream.encode(None))
    return paths


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """Return the bytes of a file with one fault."""
    size = len(data)
    start = int(rng.integers(size))
    length = int(size * 10 ** rng.uniform(-3.5, -0.7)) + 1
    part = slice(start, min(start + length, size))
    kind = int(rng.integers(6))
    if kind == 0:
        return data[: max(start, 1)]
    if kind == 1:
        return data[: part.start] + data[part.stop :]
    if kind == 2:
        return data[: part.stop] + data[part.start :]
    changed = bytearray(data)
    if kind == 3:
        for place in rng.integers(size, size=int(2 ** rng.uniform(0, 4))):
            changed[place] ^= 1 << int(rng.integers(8))
    elif kind == 4:
        changed[part] = bytes(part.stop - part.start)
    else:
        changed[part] = rng.bytes(part.stop - part.start)
    return bytes(changed)


def outcome_of(path: Path, right: np.ndarray) -> str:
    """Return which of `OUTCOMES` decoding a file has; `right`: all frames of the whole file, 25 a second."""
    try:
        clip = decode(ClipRequest(str(path)), SamplingConfig(NUM_SAMPLED))
        damage = look_at_pictures(probe(path)).within()
    except (DecodingError, ValueError):
        return "refused"
    if clip.status != "ok" or damage.num_suspect:
        return "noted"
    if clip.frames.shape[1:] != right.shape[1:]:
        return "wrong"
    shown = np.rint(clip.timestamps_seconds * 25).astype(int).clip(0, len(right) - 1)
    differences = np.abs(clip.frames.astype(np.int16) - right[shown]).mean(axis=(1, 2, 3))
    return "wrong" if (differences > WRONG_LEVELS).mean() > WRONG_SHARE else "right"


def fuzz(folder: Path, num_files: int, seed: int) -> tuple[Counter[tuple[str, str]], float]:
    """Return how many files of each container had each outcome, and the longest time, seconds.

    Args:
        folder: empty, to write to; a file that gave a traceback or hung stays there.
        num_files: in turn of each container.
        seed: of the faults.
    """
    wholes = write_clips(folder)
    sampling = SamplingConfig(NUM_FRAMES)
    right = {ending: decode(ClipRequest(str(path)), sampling).frames for ending, path in wholes.items()}
    outcomes: Counter[tuple[str, str]] = Counter()
    longest = 0.0
    for number in range(num_files):
        ending = list(wholes)[number % len(wholes)]
        path = folder / f"{seed}-{number}.{ending}"
        path.write_bytes(mutated(wholes[ending].read_bytes(), np.random.default_rng([seed, number])))
        started = time.perf_counter()
        try:
            outcome = outcome_of(path, right[ending])
        except Exception:
            traceback.print_exc()
            outcome = "traceback"
        seconds = time.perf_counter() - started
        longest = max(longest, seconds)
        outcome = "hang" if seconds > HANG_SECONDS else outcome
        outcomes[ending, outcome] += 1
        if outcome not in ("traceback", "hang"):
            path.unlink()
    return outcomes, longest


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="videoqa-fuzz-"))
    outcomes, longest = fuzz(folder, arguments.files, arguments.seed)
    print(f"| container | {' | '.join(OUTCOMES)} |")
    print("|---" * (len(OUTCOMES) + 1) + "|")
    for ending in (*CONTAINERS, "all"):
        kinds = CONTAINERS if ending == "all" else (ending,)
        counts = [sum(outcomes[kind, outcome] for kind in kinds) for outcome in OUTCOMES]
        print(f"| {ending} | {' | '.join(map(str, counts))} |")
    print(f"longest: {longest:.2f} s; files with tracebacks or hangs, if any: {folder}")


def _picture(index: int) -> np.ndarray:
    """Return one uint8 RGB picture of a pattern that moves."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    waves = [
        128 + 60 * np.sin((x + 3 * index) / (9 + channel)) * np.cos((y - 2 * index) / 11)
        for channel in range(3)
    ]
    picture = np.stack(waves, axis=-1)
    left = (2 * index) % (WIDTH - 24)
    picture[30:54, left : left + 24] = (230, 40, 40 + 3 * index)
    return picture.clip(0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
