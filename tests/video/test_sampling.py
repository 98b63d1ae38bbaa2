"""Which frames are taken: symmetric in time for every length."""

import numpy as np
import pytest

from videoqa.config import SamplingConfig
from videoqa.video.sampling import (
    grid_indices,
    regular_indices,
    regular_indices_in_time,
    window_start_center,
    window_start_random,
    window_starts_spread,
)


@pytest.mark.parametrize("num_frames", [1, 2, 3, 5, 8, 16, 20, 32])
def test_a_clip_and_its_reverse_give_the_same_frames_at_every_length(num_frames: int) -> None:
    for length in range(1, 301):
        indices = regular_indices(length, num_frames)
        mirrored = length - 1 - indices[::-1]
        assert indices.shape == (num_frames,) and indices.dtype == np.int64
        assert (np.diff(indices) >= 0).all() and indices.min() >= 0 and indices.max() <= length - 1
        differing = np.flatnonzero(indices != mirrored)
        if num_frames % 2 and length % 2 == 0:
            # the middle of an even-length clip lies between two frames
            assert differing.tolist() == [num_frames // 2]
        else:
            assert not len(differing)


@pytest.mark.parametrize("num_frames", [2, 5, 20])
def test_regular_frames_are_the_rounded_regular_positions(num_frames: int) -> None:
    for length in range(1, 301):
        exact = np.linspace(0, length - 1, num_frames)
        assert np.abs(regular_indices(length, num_frames) - exact).max() <= 0.5 + 1e-9


@pytest.mark.parametrize(
    ("length", "num_frames", "expected"),
    [
        (5, 5, [0, 1, 2, 3, 4]),
        (9, 5, [0, 2, 4, 6, 8]),
        (4, 3, [0, 2, 3]),
        (7, 1, [3]),
        (6, 4, [0, 2, 3, 5]),
        (3, 6, [0, 0, 1, 1, 2, 2]),
        (1, 4, [0, 0, 0, 0]),
    ],
)
def test_regular_frames_by_hand(length: int, num_frames: int, expected: list[int]) -> None:
    assert regular_indices(length, num_frames).tolist() == expected


def test_a_short_clip_repeats_its_frames_evenly() -> None:
    for length in range(1, 20):
        counts = np.bincount(regular_indices(length, 20), minlength=length)
        inner = counts[1:-1] if length > 2 else counts
        assert counts.min() >= 1 and inner.max() - inner.min() <= 1


def test_frames_regular_in_time_follow_the_clock_not_the_index() -> None:
    # four frames in the first second, then one each second
    times = np.array([0.0, 0.25, 0.5, 0.75, 1.0, 2.0, 3.0, 4.0])
    assert regular_indices_in_time(times, 5).tolist() == [0, 4, 5, 6, 7]


@pytest.mark.parametrize("num_frames", [1, 2, 5, 8])
def test_frames_regular_in_time_are_symmetric(num_frames: int) -> None:
    rng = np.random.default_rng(0)
    for length in (1, 2, 7, 40):
        times = np.cumsum(rng.uniform(0.01, 0.2, length))
        forward = regular_indices_in_time(times, num_frames)
        backward = regular_indices_in_time((times[-1] - times)[::-1], num_frames)
        assert forward.tolist() == (length - 1 - backward[::-1]).tolist()


@pytest.mark.parametrize("num_frames", [2, 5, 8])
def test_at_a_constant_rate_regular_in_time_is_regular(num_frames: int) -> None:
    for length in (8, 15, 29, 64):
        # 8 steps of 7, 14, ... frames: no ties, so both roundings agree
        times = np.arange((num_frames - 1) * length + 1) / 25
        expected = regular_indices(len(times), num_frames)
        assert regular_indices_in_time(times, num_frames).tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("frame_count", "num_frames", "frame_step", "max_grid_frames", "expected"),
    [
        (9, 3, None, 512, [0, 4, 8]),
        (9, 3, 2, 512, [0, 2, 4, 6, 8]),
        (11, 3, 4, 512, [1, 5, 9]),
        (21, 3, 4, 4, [4, 8, 12, 16]),
        (5, 4, 4, 512, [0, 0, 4, 4]),
        (1, 3, 2, 512, [0, 0, 0]),
    ],
)
def test_grids_by_hand(
    frame_count: int, num_frames: int, frame_step: int | None, max_grid_frames: int, expected: list[int]
) -> None:
    sampling = SamplingConfig(num_frames, frame_step, max_grid_frames=max_grid_frames)
    assert grid_indices(frame_count, sampling).tolist() == expected


def test_a_grid_keeps_its_step_stays_in_the_clip_and_is_centred() -> None:
    for frame_count in range(1, 120):
        for step in (1, 2, 3, 7):
            grid = grid_indices(frame_count, SamplingConfig(4, step, max_grid_frames=10))
            assert 4 <= len(grid) <= 10 and 0 <= grid[0] <= grid[-1] < frame_count
            if len(set(grid.tolist())) == len(grid) and (frame_count - 1) // step + 1 >= 4:
                assert (np.diff(grid) == step).all()
            assert abs(grid[0] - (frame_count - 1 - grid[-1])) <= 1


def test_frames_without_times_have_a_grid_in_time_at_a_given_rate_only() -> None:
    sampling = SamplingConfig(2, frames_per_second=4)
    assert grid_indices(20, sampling, 10).tolist() == [0, 2, 5, 7, 10, 12, 15, 17]
    with pytest.raises(ValueError, match="`fps` must be given for frames without times"):
        grid_indices(20, sampling)


def test_windows_lie_within_the_grid() -> None:
    assert window_start_center(10, 4) == 3
    assert window_start_center(4, 4) == 0
    rng = np.random.default_rng(0)
    starts = {window_start_random(10, 4, rng) for _ in range(300)}
    assert starts == set(range(7))


def test_a_window_longer_than_its_grid_starts_with_it() -> None:
    assert window_start_center(3, 4) == 0
    assert window_start_random(3, 4, np.random.default_rng(0)) == 0
    assert window_starts_spread(3, 4, 5).tolist() == [0]


@pytest.mark.parametrize(
    ("grid_length", "num_windows", "starts"),
    [
        (10, 1, [3]),
        (10, 2, [0, 6]),
        (10, 3, [0, 3, 6]),
        (10, 7, list(range(7))),
        (10, 50, list(range(7))),
        (4, 5, [0]),
    ],
)
def test_spread_windows_begin_and_end_with_the_grid(
    grid_length: int, num_windows: int, starts: list[int]
) -> None:
    assert window_starts_spread(grid_length, 4, num_windows).tolist() == starts


@pytest.mark.parametrize("short_clips", ["skip", "loop", "mask"])
def test_a_short_grid_stays_short_unless_frames_are_repeated(short_clips: str) -> None:
    assert grid_indices(5, SamplingConfig(8, 2, short_clips=short_clips)).tolist() == [0, 2, 4]
    assert len(grid_indices(5, SamplingConfig(8, 2))) == 8


def test_a_clip_without_frames_is_refused() -> None:
    with pytest.raises(ValueError, match="`num_frames_in_clip` must be an integer of at least 1"):
        regular_indices(0, 5)
