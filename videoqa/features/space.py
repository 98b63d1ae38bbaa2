"""How many bytes the features of clips will need on the disk."""

from collections.abc import Sequence

import numpy as np

from videoqa.config import SamplingConfig
from videoqa.video.decoding import ClipRequest, DecodingError, probe

BLOCK_BYTES = 4096
"""Files take whole blocks of a disk."""
NUM_PROBED = 64
"""Clips whose header is read to estimate the length of grids."""
_JSON_BYTES = 1500
_JSON_BYTES_PER_FRAME = 24


def forecast_bytes(requests: Sequence[ClipRequest], sampling: SamplingConfig, feature_dim: int) -> int:
    """Return the bytes that the entries of `requests` will take; an estimate when grids differ in length."""
    if sampling.frame_step is None:
        return len(requests) * entry_bytes(sampling.num_frames, feature_dim)
    places = np.unique(np.linspace(0, len(requests) - 1, min(NUM_PROBED, len(requests))).astype(int))
    sizes = [entry_bytes(_grid_length(requests[place], sampling), feature_dim) for place in places]
    return int(np.ceil(np.mean(sizes) * len(requests)))


def entry_bytes(num_frames: int, feature_dim: int) -> int:
    """Return the bytes on disk of one entry's two files."""
    array = 128 + 2 * num_frames * feature_dim
    marker = _JSON_BYTES + _JSON_BYTES_PER_FRAME * num_frames
    return sum(-(-size // BLOCK_BYTES) * BLOCK_BYTES for size in (array, marker))


def _grid_length(request: ClipRequest, sampling: SamplingConfig) -> int:
    """Return about how many frames a clip's grid has; the most it may have when the header is no help."""
    try:
        info = probe(request.path)
    except (DecodingError, OSError, ValueError):
        return sampling.num_frames
    num_frames = info.frame_count_header
    if request.end_seconds is not None and info.fps and info.fps > 0:
        num_frames = int((request.end_seconds - (request.start_seconds or 0)) * info.fps)
    if not num_frames or num_frames <= 0:
        return sampling.max_grid_frames
    return min(max(num_frames // (sampling.frame_step or 1), sampling.num_frames), sampling.max_grid_frames)
