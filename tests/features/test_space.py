"""The forecast of disk space, against what entries really take."""

import numpy as np
import pytest

from videoqa.config import SamplingConfig
from videoqa.features.space import BLOCK_BYTES, entry_bytes, forecast_bytes
from videoqa.video.decoding import ClipRequest


def test_entry_takes_whole_blocks():
    assert entry_bytes(20, 2048) == 22 * BLOCK_BYTES
    assert entry_bytes(1, 1) == 2 * BLOCK_BYTES


def test_regular_frames_need_no_look_at_the_videos():
    requests = [ClipRequest(f"none{number}.avi") for number in range(1000)]
    assert forecast_bytes(requests, SamplingConfig(20), 2048) == 1000 * 22 * BLOCK_BYTES


@pytest.mark.parametrize(
    ("num_frames", "segment", "grid"),
    [(12, (None, None), 12), (40, (None, None), 32), (2, (None, None), 4), (40, (1.0, 2.0), 10)],
    ids=["all", "longest grid", "shortest grid", "segment"],
)
def test_grids_are_estimated_from_headers(write_video, num_frames, segment, grid):
    sampling = SamplingConfig(num_frames=4, frame_step=1, max_grid_frames=32)
    request = ClipRequest(write_video(num_frames=num_frames), *segment)
    assert forecast_bytes([request] * 100, sampling, 2048) == 100 * entry_bytes(grid, 2048)


@pytest.mark.parametrize(
    ("num_frames", "segment", "grid"),
    [(30, (None, None), 12), (200, (None, None), 32), (2, (None, None), 4), (40, (1.0, 3.0), 8)],
    ids=["all", "longest grid", "shortest grid", "segment"],
)
def test_grids_in_time_are_estimated_from_headers(write_video, num_frames, segment, grid):
    sampling = SamplingConfig(num_frames=4, frames_per_second=4, max_grid_frames=32)
    request = ClipRequest(write_video(num_frames=num_frames), *segment)
    assert forecast_bytes([request] * 100, sampling, 2048) == 100 * entry_bytes(grid, 2048)


def test_forecast_covers_what_is_written_and_is_no_wild_guess(cache):
    metadata = {"timestamps_seconds": list(np.arange(20) / 29.97), "source": "/data/" + "x" * 200}
    written = cache.write("0" * 64, np.zeros((20, 512), np.float16), metadata)
    assert written <= entry_bytes(20, 512) <= written + 3 * BLOCK_BYTES
