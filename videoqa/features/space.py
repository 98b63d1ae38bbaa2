"""Forecasts the bytes that features or frames of clips will take on the disk."""

from collections.abc import Sequence
from math import ceil, prod

import numpy as np

from videoqa.config import SamplingConfig
from videoqa.video.decoding import ClipRequest, DecodingError, probe
from videoqa.video.frame_pass import expected_count
from videoqa.video.transforms import FrameFit, stored_size

BLOCK_BYTES = 4096
"""Files take whole blocks of a disk."""
NUM_PROBED = 64
"""Clips whose header is read to estimate the length of grids."""
_JSON_BYTES = 1500
_JSON_BYTES_PER_FRAME = 24


def forecast_bytes(requests: Sequence[ClipRequest], sampling: SamplingConfig, feature_dim: int) -> int:
    """Return the bytes that the entries of `requests` will take; an estimate if grids differ in length."""
    if not sampling.takes_windows:
        return len(requests) * entry_bytes(sampling.num_frames, feature_dim)
    probed = evenly_spread(requests, NUM_PROBED)
    sizes = [entry_bytes(_grid_length(request, sampling), feature_dim) for request in probed]
    return int(np.ceil(np.mean(sizes) * len(requests)))


def forecast_frame_bytes(requests: Sequence[ClipRequest], sampling: SamplingConfig, fit: FrameFit) -> int:
    """Return the bytes that kept frames of `requests` will take, estimated from headers."""
    sizes = [
        entry_bytes(_grid_length(request, sampling), 3 * _num_pixels(request, fit), bytes_per_number=1)
        for request in evenly_spread(requests, NUM_PROBED)
    ]
    return int(np.ceil(np.mean(sizes) * len(requests)))


def entry_bytes(num_frames: int, numbers_per_frame: int, bytes_per_number: int = 2) -> int:
    """Return the bytes on disk of one entry's two files."""
    array = 128 + bytes_per_number * num_frames * numbers_per_frame
    marker = _JSON_BYTES + _JSON_BYTES_PER_FRAME * num_frames
    return bytes_on_disk(array) + bytes_on_disk(marker)


def bytes_on_disk(num_bytes: int) -> int:
    """Return the bytes of the whole blocks that a file of `num_bytes` takes."""
    return -(-num_bytes // BLOCK_BYTES) * BLOCK_BYTES


def evenly_spread(requests: Sequence[ClipRequest], number: int) -> list[ClipRequest]:
    """Return `number` evenly spread requests, or all if there are no more."""
    places = np.unique(np.linspace(0, len(requests) - 1, min(number, len(requests))).astype(int))
    return [requests[place] for place in places]


def _num_pixels(request: ClipRequest, fit: FrameFit) -> int:
    """Return the pixels of one kept frame."""
    if not fit.keep_surplus:
        return prod(fit.size)
    try:
        info = probe(request.path)
    except (DecodingError, OSError, ValueError):
        return prod(fit.size)
    return prod(stored_size(info.height, info.width, fit.size))


def _grid_length(request: ClipRequest, sampling: SamplingConfig) -> int:
    """Return about how many frames a clip's grid has; the maximum if the header does not help."""
    if not sampling.takes_windows:
        return sampling.num_frames
    try:
        info = probe(request.path)
    except (DecodingError, OSError, ValueError):
        return sampling.num_frames
    num_frames = expected_count(info)
    if request.end_seconds is not None:
        num_frames = int((request.end_seconds - (request.start_seconds or 0)) * info.fps)
    if num_frames <= 0:
        return sampling.max_grid_frames
    if sampling.frames_per_second is not None:
        length = ceil(num_frames / info.fps * sampling.frames_per_second)
    else:
        length = num_frames // (sampling.frame_step or 1)
    fewest = sampling.num_frames if sampling.short_clips == "repeat" else 1
    return min(max(length, fewest), sampling.max_grid_frames)
