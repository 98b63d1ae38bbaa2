"""What a server keeps of clips: bounded on the disk and in memory, and gone in time."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from videoqa.web import known_clips
from videoqa.web.clip_worker import GRID
from videoqa.web.known_clips import KnownClip, KnownClips


@pytest.fixture
def forgotten() -> list[str]:
    return []


@pytest.fixture
def clips(forgotten: list[str]) -> Iterator[KnownClips]:
    """Return clips of which two grids fit into memory."""
    made = KnownClips(3600, forgotten.append, most_bytes_in_memory=100)
    yield made
    made.close()


@pytest.fixture
def clip_of(tmp_path: Path) -> Callable[[int], KnownClip]:
    def make(number: int) -> KnownClip:
        folder = tmp_path / str(number)
        folder.mkdir()
        np.save(folder / GRID, np.full((5, 4), number, np.float16))  # 40 bytes in memory
        return KnownClip(str(number), "a.avi", 1.0, (0.5,), (), 1, (0.0,) * 5, folder, num_bytes=1000)

    return make


def test_the_least_recently_used_go_where_there_are_too_many(
    clips: KnownClips, clip_of: Callable, forgotten: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_clips, "MOST_CLIPS", 3)
    made = [clip_of(number) for number in range(5)]
    for clip in made[:3]:
        clips.add(clip)
    assert clips.get("0") == made[0]
    for clip in made[3:]:
        clips.add(clip)
    assert forgotten == ["1", "2"] and [clip.folder.exists() for clip in made] == [
        True,
        False,
        False,
        True,
        True,
    ]
    assert clips.get("1") is None and len(clips) == 3 and clips.num_bytes == 3000
    monkeypatch.setattr(known_clips, "MOST_BYTES_ON_DISK", 2000)
    clips.add(clip_of(5))
    assert len(clips) == 2 and clips.num_bytes == 2000


def test_grids_are_read_again_that_memory_does_not_hold(clips: KnownClips, clip_of: Callable) -> None:
    made = [clip_of(number) for number in range(4)]
    for clip in made:
        clips.add(clip)
    first = clips.sampled(made[0])
    assert clips.sampled(made[0]) is first
    for clip in made:
        np.testing.assert_array_equal(clips.sampled(clip).grid, np.full((5, 4), int(clip.id)))
    assert clips._num_bytes_in_memory == 80
    assert clips.sampled(made[0]) is not first


def test_what_is_unused_goes_and_what_is_used_stays(
    clips: KnownClips, clip_of: Callable, forgotten: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = 100.0
    monkeypatch.setattr(known_clips.time, "monotonic", lambda: clock)
    for number in range(3):
        clips.add(clip_of(number))
    clips.sampled(clips.get("0"))
    clock += 3000
    assert clips.get("1") is not None
    clock += 1000
    clips.forget_unused()
    assert sorted(forgotten) == ["0", "2"] and clips.get("1") is not None and clips._num_bytes_in_memory == 0


def test_the_grid_of_a_clip_that_goes_meanwhile_is_not_kept(clips: KnownClips, clip_of: Callable) -> None:
    clip = clip_of(0)  # as after it was deleted: nobody would ever drop its grid
    np.testing.assert_array_equal(clips.sampled(clip).grid, np.zeros((5, 4)))
    assert clips._num_bytes_in_memory == 0 and clips.sampled(clip) is not clips.sampled(clip)
