"""Windows of a film: where they lie, and that each shows the model what `ask` would show it."""

from collections.abc import Callable

import numpy as np
import pytest

from videoqa.config import SamplingConfig
from videoqa.video.decoding import ClipRequest, decode, probe
from videoqa.video.film_times import film_times
from videoqa.video.film_windows import FilmPlan, Windowing


def plan_of(
    path: str, sampling: SamplingConfig, window: float, stride: float, may_share: bool = True, **part: float
) -> FilmPlan:
    info = probe(path)
    windowing = Windowing(window, stride, **part)
    return FilmPlan(info, film_times(info).seconds, sampling, windowing, may_share=may_share)


def asked(path: str, sampling: SamplingConfig, span: tuple[float, float]) -> list[int]:
    return decode(ClipRequest(path, *span), sampling).indices.tolist()


def shown(plan: FilmPlan, number: int) -> list[int]:
    grid = plan.window(number).grid
    return grid[plan.shown(grid)].tolist()


@pytest.mark.parametrize(
    ("window", "stride", "spans"),
    [
        (4, 2, [(0, 4), (2, 6), (4, 8), (6, 10)]),
        (4, 3, [(0, 4), (3, 7), (6, 10)]),
        (4, 4, [(0, 4), (4, 8), (8, 10)]),
        (3, 2, [(0, 3), (2, 5), (4, 7), (6, 9), (8, 10)]),
        (2, 5, [(0, 2), (5, 7)]),
        (10, 1, [(0, 10)]),
        (60, 2, [(0, 10)]),
    ],
)
def test_windows_start_at_every_stride_until_one_reaches_the_end(
    write_numbered: Callable[..., str], window: float, stride: float, spans: list[tuple[float, float]]
) -> None:
    plan = plan_of(write_numbered(range(100)), SamplingConfig(num_frames=4), window, stride)
    assert [plan.span(number) for number in range(plan.num_windows)] == spans


def test_a_part_of_a_film_has_its_own_windows(write_numbered: Callable[..., str]) -> None:
    path, sampling = write_numbered(range(100)), SamplingConfig(num_frames=4)
    plan = plan_of(path, sampling, 4, 2, start_seconds=1.5, end_seconds=6.5)
    assert [plan.span(number) for number in range(plan.num_windows)] == [(1.5, 5.5), (3.5, 6.5)]
    with pytest.raises(ValueError, match="lasts 10.00 seconds"):
        plan_of(path, sampling, 4, 2, start_seconds=10.5)


def test_a_stride_shorter_than_a_frame_is_refused(write_numbered: Callable[..., str]) -> None:
    with pytest.raises(ValueError, match="at least the time of one frame, 0.1 seconds"):
        plan_of(write_numbered(range(20)), SamplingConfig(num_frames=4), 1, 0.05)


SAMPLINGS = [
    (SamplingConfig(num_frames=7), 2.0, 2.0),  # windows that do not overlap share nothing
    (SamplingConfig(num_frames=8), 1.5, 1.0),  # the frames 0, 2, ... 14 of each window
    (SamplingConfig(num_frames=5), 0.9, 0.4),  # the frames 0, 2, ... 8
    (SamplingConfig(num_frames=40), 2.0, 1.0),  # more than there are: all frames, some twice
    (SamplingConfig(num_frames=4, frame_step=3), 2.0, 0.7),
    (SamplingConfig(num_frames=4, frames_per_second=4.0), 2.0, 0.7),
]


@pytest.mark.parametrize(("sampling", "window", "stride"), SAMPLINGS)
def test_windows_show_exactly_what_ask_is_shown_where_the_grids_coincide(
    write_numbered: Callable[..., str], sampling: SamplingConfig, window: float, stride: float
) -> None:
    path = write_numbered(range(93))
    plan = plan_of(path, sampling, window, stride)
    for number in range(plan.num_windows - 1):  # the last one is shorter
        assert shown(plan, number) == asked(path, sampling, plan.span(number))


@pytest.mark.parametrize(("window", "stride"), [(4, 2), (4, 1), (4, 0.5), (4, 0.25), (3, 1.9), (2.5, 0.8)])
def test_windows_that_overlap_share_frames_near_those_of_ask(
    write_numbered: Callable[..., str], window: float, stride: float
) -> None:
    path, sampling = write_numbered(range(300), fps=25), SamplingConfig(num_frames=12)
    plan = plan_of(path, sampling, window, stride)
    assert 0 < plan.farthest_seconds < 0.3
    for number in range(plan.num_windows - 1):
        here, there = (
            plan.times[places] for places in (shown(plan, number), asked(path, sampling, plan.span(number)))
        )
        assert len(here) == 12 and np.abs(here - there).max() <= plan.farthest_seconds
    alone = 12 / window * plan.duration
    assert plan.wanted().sum() <= 2.1 * alone, "each stride at most doubles the frames of one window"


def test_frames_of_a_film_of_uneven_rate_are_those_of_ask(write_encoded: Callable[..., str]) -> None:
    times = [40 * place for place in range(20)] + [800 + 120 * place for place in range(11)]
    path, sampling = write_encoded("film.mp4", "libx264", times), SamplingConfig(num_frames=5)
    plan = plan_of(path, sampling, 0.8, 0.8)
    for number in range(plan.num_windows):
        assert shown(plan, number) == asked(path, sampling, plan.span(number))
    overlapping = plan_of(path, sampling, 0.8, 0.3)
    for number in range(overlapping.num_windows):
        start, end = overlapping.span(number)
        seen = overlapping.times[shown(overlapping, number)]
        assert len(seen) == 5 and start <= seen.min() and seen.max() < end


def test_every_shot_is_looked_at(write_numbered: Callable[..., str]) -> None:
    plan = plan_of(write_numbered(range(100)), SamplingConfig(num_frames=8), 4, 2)
    wanted, cuts = plan.wanted(), [7, 33, 41, 45, 90]
    shots = [
        (shot.first, shot.stop)
        for number in range(plan.num_windows + 1)
        for shot in plan.shots_between(number, cuts, wanted)
    ]
    assert shots == [(0, 7), (41, 45), (90, 100)]
    part = plan.within(plan.window(1), 33, 41)
    assert part is not None and (part.start_seconds, part.end_seconds) == (3.3, 4.1)
    assert set(part.grid) <= set(range(33, 41))
