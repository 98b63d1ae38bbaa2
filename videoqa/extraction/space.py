"""Forecasts the frames and bytes of an extraction, from a few clips encoded in memory."""

import math
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from videoqa._checks import Refusal
from videoqa._files import size_text
from videoqa._prefetch import run_ahead
from videoqa.config import ExtractionConfig, SamplingConfig
from videoqa.features.space import bytes_on_disk, evenly_spread
from videoqa.video.decoding import ClipRequest, decode, probe
from videoqa.video.frame_pass import expected_count
from videoqa.video.jpegs import encode_jpeg
from videoqa.video.transforms import shrink_short_side

NUM_PROBED = 128
"""Clips whose header is read for their length; the result is remembered for the extraction."""
NUM_TRIED, NUM_TRIED_FRAMES = 8, 3
"""Clips, and frames of each, that are encoded."""


def forecast(
    requests: Sequence[ClipRequest], settings: ExtractionConfig, num_threads: int
) -> tuple[int, int]:
    """Return about how many files and bytes the clips take on the disk, failed clips left out."""
    counts = _outcomes(lambda each: _num_files(each, settings), requests, NUM_PROBED, num_threads)
    sizes = _outcomes(lambda each: _bytes_per_file(each, settings), requests, NUM_TRIED, num_threads)
    if not counts or not sizes:
        return 0, 0
    num_files = float(np.mean(counts)) * len(requests)
    return round(num_files), math.ceil(num_files * float(np.mean(sizes)))


def _outcomes(
    function: Callable[[ClipRequest], float], requests: Sequence[ClipRequest], number: int, num_threads: int
) -> list[float]:
    """Return the results for `number` evenly spread requests, failed ones left out."""
    chosen = evenly_spread(requests, number)
    with closing(run_ahead(function, chosen, num_threads=num_threads, num_ahead=number)) as outcomes:
        return [outcome for _, outcome in outcomes if not isinstance(outcome, Exception)]


def check_space(out: Path, num_bytes: int) -> int:
    """Return the bytes free on the disk of `out`; raise `ValueError` if the frames need more."""
    free = shutil.disk_usage(out).free
    if num_bytes > free:
        requirement = (
            f"lie on a disk with room for the frames: about {size_text(num_bytes)} needed, "
            f"{size_text(free)} free"
        )
        advice = "Take fewer (--fps), smaller (--short-side) or coarser ones (--quality), or another disk."
        raise Refusal("out", requirement, str(out), advice)
    return free


def _num_files(request: ClipRequest, settings: ExtractionConfig) -> float:
    """Return about how many frames a clip gives, by its header."""
    info = probe(request.path)
    duration = expected_count(info) / info.fps
    if request.is_segment:
        end = duration if request.end_seconds is None else request.end_seconds
        duration = end - (request.start_seconds or 0)
    return max(1.0, duration * settings.fps)


def _bytes_per_file(request: ClipRequest, settings: ExtractionConfig) -> float:
    """Return the mean bytes on the disk of some of a clip's frames."""
    sizes = []
    for frame in decode(request, SamplingConfig(NUM_TRIED_FRAMES)).frames:
        small = frame if settings.short_side is None else shrink_short_side(frame, settings.short_side)
        sizes.append(bytes_on_disk(len(encode_jpeg(small, settings.quality))))
    return float(np.mean(sizes))
