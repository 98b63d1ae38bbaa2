"""Chooses the frames of a clip, as indices; pure numpy."""

import math

import numpy as np

from videoqa._checks import Refusal, check_integer
from videoqa.config import SamplingConfig

EXACT_SECONDS, ROUNDED_SECONDS = 1e-6, 5e-4 + 1e-6
"""Tolerance of timestamps that are exact, and of those rounded to whole milliseconds (Matroska)."""


def regular_indices(num_frames_in_clip: int, num_frames: int) -> np.ndarray:
    """Return `num_frames` regular frame indices of a clip, symmetric in time.

    The first half is `round(linspace(0, n - 1, k))` and the second half mirrors it, so that a clip and its
    reverse give the same frames. One case cannot be symmetric: with an odd `num_frames`, the middle of an
    even-length clip lies between two frames, and the one with the even index is taken. A clip shorter than
    `num_frames` repeats its frames evenly.

    Args:
        num_frames_in_clip: int, at least 1.
        num_frames: int, at least 1.

    Returns:
        int64 array `(num_frames,)`, non-decreasing, in `[0, num_frames_in_clip - 1]`.
    """
    check_integer("num_frames_in_clip", num_frames_in_clip, minimum=1)
    check_integer("num_frames", num_frames, minimum=1)
    last = num_frames_in_clip - 1
    if num_frames == 1:
        return np.array([np.rint(last / 2)], dtype=np.int64)
    first_half = np.rint(np.arange((num_frames + 1) // 2) * last / (num_frames - 1)).astype(np.int64)
    return np.concatenate([first_half, last - first_half[: num_frames // 2][::-1]])


def regular_indices_in_time(timestamps_seconds: np.ndarray, num_frames: int) -> np.ndarray:
    """Return the indices of the frames nearest to `num_frames` regular times, symmetric in time.

    For clips with a variable frame rate; with a constant one it equals `regular_indices` but for ties. A clip
    and its reverse give the same frames if the reverse mirrors the times. If each picture stays as long as in
    the clip instead, a neighbour may be taken: most files do not say how long the last picture stays. Those
    that do are sampled by `regular_indices_on_show`.

    Args:
        timestamps_seconds: float64 array `(n,)`, increasing, `n >= 1`.
        num_frames: int, at least 1.

    Returns:
        int64 array `(num_frames,)`, non-decreasing, in `[0, n - 1]`.
    """
    check_integer("num_frames", num_frames, minimum=1)
    times = np.asarray(timestamps_seconds, dtype=np.float64)
    first, last = times[0], times[-1]
    fractions = np.array([0.5]) if num_frames == 1 else np.arange((num_frames + 1) // 2) / (num_frames - 1)
    forward = _nearest(times, first + fractions * (last - first))
    backward = _nearest(-times[::-1], -last + fractions[: num_frames // 2] * (last - first))
    return np.concatenate([forward, len(times) - 1 - backward[::-1]])


def regular_indices_on_show(
    timestamps_seconds: np.ndarray, end_seconds: float, num_frames: int
) -> np.ndarray:
    """Return the indices of the frames on show at `num_frames` regular times, symmetric in time.

    For clips that say how long each frame stays, as a GIF does: reversed, each frame keeps its delay. The
    first and the last time are those at which the clip begins and ends.

    Args:
        timestamps_seconds: float64 array `(n,)`, increasing, `n >= 1`.
        end_seconds: when the last frame is no longer shown.
        num_frames: int, at least 1.

    Returns:
        int64 array `(num_frames,)`, non-decreasing, in `[0, n - 1]`.
    """
    check_integer("num_frames", num_frames, minimum=1)
    starts = np.asarray(timestamps_seconds, dtype=np.float64) - timestamps_seconds[0]
    duration = end_seconds - timestamps_seconds[0]
    ends = np.append(starts[1:], duration)
    fractions = np.array([0.5]) if num_frames == 1 else np.arange((num_frames + 1) // 2) / (num_frames - 1)
    forward = np.searchsorted(ends, fractions * duration - EXACT_SECONDS)
    mirrored = duration - starts[::-1]
    backward = np.searchsorted(mirrored, fractions[: num_frames // 2] * duration - EXACT_SECONDS)
    return np.concatenate([forward, len(starts) - 1 - backward[::-1]]).astype(np.int64)


def grid_indices(frame_count: int, sampling: SamplingConfig, fps: float | None = None) -> np.ndarray:
    """Return the indices of a clip's frame grid, the frames that are decoded, at a constant frame rate.

    By default the grid is `num_frames` regular frames. With `frame_step` it is every `frame_step`-th frame,
    centred in the clip; only the middle `max_grid_frames` of a longer grid are kept. A grid shorter than
    `num_frames` has its frames repeated evenly with `short_clips="repeat"`, and stays short otherwise. With
    `frames_per_second` it is `grid_indices_in_time`.

    Args:
        frame_count: int, frames in the clip, at least 1.
        sampling: how to choose frames.
        fps: frames per second of the clip; only `frames_per_second` needs it.

    Returns:
        int64 array `(grid_length,)`, non-decreasing.

    Raises:
        ValueError: `fps` is needed and not given.
    """
    check_integer("frame_count", frame_count, minimum=1)
    if sampling.frames_per_second is not None:
        if fps is None:
            requirement = "be given for frames without times: the model takes some of each second"
            raise Refusal("fps", requirement, fps)
        return grid_indices_in_time(np.arange(frame_count) / fps, frame_count / fps, sampling)
    if sampling.frame_step is None:
        return regular_indices(frame_count, sampling.num_frames)
    length = (frame_count - 1) // sampling.frame_step + 1
    kept = min(length, sampling.max_grid_frames)
    start = (frame_count - 1 - (kept - 1) * sampling.frame_step) // 2
    return _filled(start + sampling.frame_step * np.arange(kept, dtype=np.int64), sampling)


def grid_indices_in_time(
    timestamps_seconds: np.ndarray, end_seconds: float, sampling: SamplingConfig
) -> np.ndarray:
    """Return the frame grid with `frames_per_second`: `indices_on_show` at that rate.

    The first two arguments are those of `indices_on_show`. Long and short grids are treated as in
    `grid_indices`, which also says what is returned.
    """
    assert sampling.frames_per_second is not None
    grid = indices_on_show(timestamps_seconds, end_seconds, sampling.frames_per_second)
    start = max(len(grid) - sampling.max_grid_frames, 0) // 2
    return _filled(grid[start : start + sampling.max_grid_frames], sampling)


def indices_on_show(timestamps_seconds: np.ndarray, end_seconds: float, fps: float) -> np.ndarray:
    """Return which frame is on show at each of the times 0, 1 / fps, 2 / fps, ... after the first frame.

    A frame is on show from its own time until the next frame's, so the result has the clip's own speed at any
    frame rate, constant or not. Timestamps in whole milliseconds are taken to be rounded.

    Args:
        timestamps_seconds: float64 array `(n,)`, increasing, `n >= 1`.
        end_seconds: when the last frame is no longer shown.
        fps: times per second, above 0.

    Returns:
        int64 array, non-decreasing, in `[0, n - 1]`, beginning with 0; it repeats frames of a clip that has
        fewer per second.
    """
    times = np.asarray(timestamps_seconds, dtype=np.float64) - timestamps_seconds[0]
    duration = end_seconds - timestamps_seconds[0]
    is_rounded = bool(np.abs(1000 * times - np.rint(1000 * times)).max() < 1e-3)
    tolerance = ROUNDED_SECONDS if is_rounded and duration > 4 * ROUNDED_SECONDS else EXACT_SECONDS
    count = max(1, math.ceil((duration - tolerance) * fps))
    return np.searchsorted(times, np.arange(count) / fps + tolerance, side="right").astype(np.int64) - 1


def window_start_center(grid_length: int, num_frames: int) -> int:
    """Return where the middle window of `num_frames` neighbours starts in a grid; 0 in a shorter grid."""
    return max(grid_length - num_frames, 0) // 2


def window_starts_spread(grid_length: int, num_frames: int, num_windows: int) -> np.ndarray:
    """Return where `num_windows` evenly spaced windows of `num_frames` neighbours start in a grid.

    The first starts with the grid and the last ends with it; a single one is the middle window. A grid with
    fewer than `num_windows` possible starts gives each of them once.

    Returns:
        int64 array `(k,)`, increasing, `1 <= k <= num_windows`.
    """
    if num_windows == 1:
        return np.array([window_start_center(grid_length, num_frames)], np.int64)
    last = max(grid_length - num_frames, 0)
    return np.unique(np.rint(np.linspace(0, last, num_windows)).astype(np.int64))


def window_start_random(grid_length: int, num_frames: int, rng: np.random.Generator) -> int:
    """Return a uniformly random start of a window of `num_frames` neighbours; 0 in a shorter grid."""
    return int(rng.integers(0, max(grid_length - num_frames, 0) + 1))


def _filled(grid: np.ndarray, sampling: SamplingConfig) -> np.ndarray:
    """Return a grid, with its frames repeated evenly if it is too short and `short_clips` is "repeat"."""
    if len(grid) >= sampling.num_frames or sampling.short_clips != "repeat":
        return grid
    return grid[regular_indices(len(grid), sampling.num_frames)]


def _nearest(times: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the index of the time nearest to each target, the earlier one in a tie."""
    right = np.clip(np.searchsorted(times, targets), 0, len(times) - 1)
    left = np.maximum(right - 1, 0)
    return np.where(targets - times[left] <= times[right] - targets, left, right).astype(np.int64)
