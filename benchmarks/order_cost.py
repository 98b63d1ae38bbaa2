"""What place and motion cost in encoding: a grid, and optical flow, beside the usual features.

    VIDEOQA_REAL_DATA=... python benchmarks/order_cost.py

InceptionV3 with the real weights, cut at mixed8, 150 x 150 pixels, 20 regular frames of each clip. All
kinds are measured in one process, side by side: in each round every kind encodes the same clips into a cache
of its own, decoding included, in another order. Beside other jobs processor seconds say more than the clock,
and the ratios within a round more than either.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from _real_data import real_backbone, real_data

from videoqa.config import ModelConfig, SamplingConfig
from videoqa.features.cache import FeatureCache
from videoqa.features.encoding import FrameEncoder, encode_clips
from videoqa.video.decoding import ClipRequest

KINDS = {
    "mean": {},
    "grid2": {"pooling": "grid2"},
    "grid3": {"pooling": "grid3"},
    "flow": {"motion": "flow"},
    "grid3 and flow": {"pooling": "grid3", "motion": "flow"},
}
"""Name -> options; the first is what the others are compared with."""
SAMPLING = SamplingConfig(num_frames=20)


def encoded(encoder: FrameEncoder, requests: list[ClipRequest]) -> tuple[float, float, float]:
    """Return frames per second by the clock and by processor seconds, and bytes of an entry's features."""
    with tempfile.TemporaryDirectory() as folder:
        begin, begin_processors = time.perf_counter(), time.process_time()
        cache = FeatureCache(Path(folder))
        report = encode_clips(requests, SAMPLING, encoder.model, cache=cache, encoder=encoder, progress=False)
        seconds, processors = time.perf_counter() - begin, time.process_time() - begin_processors
        assert report.num_encoded == len(requests), report.rows["error"].tolist()
        num_frames = len(requests) * SAMPLING.num_frames
        return num_frames / seconds, num_frames / processors, float(report.rows["num_bytes"].mean())


def words(values: np.ndarray, form: str) -> str:
    """Return the median and the range of what the rounds gave."""
    numbers = (np.median(values), values.min(), values.max())
    return "{} ({} to {})".format(*(format(number, form) for number in numbers))


def main() -> None:
    """Print a table of all kinds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=24, help="clips of the folder `order`")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    paths = sorted((real_data() / "order").glob("*/*.mp4"))
    chosen = np.linspace(0, len(paths) - 1, options.clips).astype(int)
    requests = [ClipRequest(str(paths[place])) for place in chosen]
    encoders = {
        name: FrameEncoder(ModelConfig(frame_size=(150, 150), **real_backbone(), **kind))
        for name, kind in KINDS.items()
    }
    for encoder in encoders.values():
        encoded(encoder, requests[:2])  # the network is built and compiled
    found: dict[str, list] = {name: [] for name in KINDS}
    for number in range(options.rounds):
        for name in np.roll(list(KINDS), number).tolist():
            found[name].append(encoded(encoders[name], requests))
    usual = np.array(found["mean"])
    print(
        f"{options.clips} clips, {SAMPLING.num_frames} frames each, {options.rounds} rounds: median (range)"
    )
    for name, rounds in found.items():
        each = np.array(rounds)
        print(
            f"{name}: {words(each[:, 0], '.1f')} frames/s; {words(each[:, 1], '.1f')} per processor second; "
            f"cost {words(100 * (1 - each[:, 0] / usual[:, 0]), '.1f')} % by the clock, "
            f"{words(100 * (1 - each[:, 1] / usual[:, 1]), '.1f')} % by processors; "
            f"{encoders[name].feature_dim} numbers per frame, {each[0, 2]:,.0f} bytes per clip"
        )


if __name__ == "__main__":
    main()
