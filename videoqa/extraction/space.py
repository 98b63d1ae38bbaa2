"""How many frames and bytes an extraction will come to, from a few clips encoded in memory."""

import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from videoqa._checks import refusal
from videoqa.config import ExtractionConfig, SamplingConfig
from videoqa.features.decoding_ahead import run_ahead
from videoqa.video.decoding import ClipRequest, decode
from videoqa.video.jpegs import encode_jpeg
from videoqa.video.transforms import shrink_short_side

BLOCK_BYTES = 4096
"""Files take whole blocks of a disk."""
NUM_TRIED = 6
NUM_TRIED_FRAMES = 3


def forecast(
    requests: Sequence[ClipRequest], settings: ExtractionConfig, num_threads: int
) -> tuple[int, int]:
    """Return about how many files and bytes on the disk the clips come to; clips that fail count for none."""
    if not requests:
        return 0, 0
    places = np.unique(np.linspace(0, len(requests) - 1, min(NUM_TRIED, len(requests))).astype(int))
    tried = [requests[place] for place in places]
    outcomes = run_ahead(lambda each: _one(each, settings), tried, num_threads=num_threads, num_ahead=NUM_TRIED)
    with closing(outcomes):
        found = [outcome for _, outcome in outcomes if not isinstance(outcome, Exception)]
    if not found:
        return 0, 0
    num_files, num_bytes = (float(np.mean(each)) * len(requests) for each in zip(*found, strict=True))
    return round(num_files), int(np.ceil(num_bytes))


def check_space(out: Path, num_bytes: int) -> int:
    """Return the bytes free on the disk of `out`.

    Raises:
        ValueError: the frames need more, naming both figures.
    """
    free = shutil.disk_usage(out).free
    if num_bytes > free:
        requirement = (
            f"lie on a disk with room for the frames: about {size_text(num_bytes)} needed, "
            f"{size_text(free)} free"
        )
        advice = "Take fewer (--fps), smaller (--short-side) or coarser ones (--quality), or another disk."
        raise ValueError(refusal("out", requirement, str(out), advice))
    return free


def size_text(num_bytes: int) -> str:
    """Return a number of bytes in words."""
    return f"{num_bytes / 1e9:.2f} GB" if num_bytes >= 1e8 else f"{num_bytes / 1e6:.2f} MB"


def _one(request: ClipRequest, settings: ExtractionConfig) -> tuple[float, float]:
    """Return the files and bytes of one clip, from three of its frames."""
    clip = decode(request, SamplingConfig(NUM_TRIED_FRAMES))
    num_files = max(1.0, clip.frame_count / clip.fps * settings.fps)
    sizes = []
    for frame in clip.frames:
        small = frame if settings.short_side is None else shrink_short_side(frame, settings.short_side)
        sizes.append(-(-len(encode_jpeg(small, settings.quality)) // BLOCK_BYTES) * BLOCK_BYTES)
    return num_files, num_files * float(np.mean(sizes))
