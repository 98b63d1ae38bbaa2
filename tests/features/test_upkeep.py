"""`info`, `prune` and `clear`: what goes, what stays, and what interrupted writers left."""

import os

import numpy as np
import pytest

from videoqa._files import STALE_SECONDS, temporary_path
from videoqa.features.cache import FeatureCache

ENTRY_ARRAY = np.ones((100, 500), np.float16)


def key_of_number(number: int) -> str:
    return f"{number:02x}" + "0" * 62


@pytest.fixture
def cache(tmp_path):
    """Four entries of 100 kB, used in the order of their numbers."""
    cache = FeatureCache(tmp_path)
    for number in range(4):
        cache.write(key_of_number(number), ENTRY_ARRAY, {})
        used(cache, number, 1_600_000_000 + number)
    return cache


def used(cache, number: int, seconds: float) -> None:
    key = key_of_number(number)
    os.utime(cache.folder / key[:2] / f"{key}.json", (seconds, seconds))


def present(cache) -> list[int]:
    return sorted(int(path.stem[:2], 16) for path in cache.folder.glob("??/*.npy"))


def files_of(cache) -> list[str]:
    return [str(path) for path in cache.folder.rglob("*") if path.is_file()]


def test_info_counts_entries_and_bytes(cache):
    info = cache.info()
    assert info["num_entries"] == 4
    assert info["num_bytes"] == sum(os.path.getsize(path) for path in files_of(cache))
    assert info["free_bytes"] > 0 and info["num_leftovers"] == 0
    assert info["folder"] == str(cache.folder)


def test_info_and_upkeep_of_a_home_that_is_not_there_yet(tmp_path):
    cache = FeatureCache(tmp_path / "new" / "home")
    assert cache.info()["num_entries"] == cache.info()["num_bytes"] == 0
    assert cache.prune(1)["num_removed"] == cache.clear()["num_removed"] == 0
    assert not (tmp_path / "new").exists()


def test_prune_removes_the_longest_unused_first(cache):
    result = cache.prune(250_000 / 1e9)
    assert present(cache) == [2, 3]
    assert result["num_removed"] == 2 and result["num_entries"] == 2
    assert result["num_bytes"] <= 250_000 < result["num_bytes"] + result["freed_bytes"]


def test_reading_counts_as_use(cache):
    assert cache.read(key_of_number(0)) is not None
    cache.prune(150_000 / 1e9)
    assert present(cache) == [0]


def test_prune_with_room_to_spare_removes_nothing(cache):
    assert cache.prune(1.0)["num_removed"] == 0
    assert cache.info()["num_entries"] == 4


@pytest.mark.parametrize("max_gb", [-1, "5", None, float("nan"), True])
def test_prune_refuses_other_limits(cache, max_gb):
    with pytest.raises(ValueError, match="`max_gb` must be a number of at least 0"):
        cache.prune(max_gb)


def test_clear_leaves_no_file(cache, tmp_path):
    video = tmp_path / "clip.avi"
    video.write_bytes(b"abc")
    os.utime(video, (1_600_000_000, 1_600_000_000))
    cache.content_hash(video)
    assert cache.clear()["num_removed"] == 4
    assert files_of(cache) == []
    cache.write(key_of_number(1), ENTRY_ARRAY, {})
    assert cache.read(key_of_number(1)) is not None


@pytest.mark.parametrize(
    "upkeep", [lambda cache: cache.prune(1), lambda cache: cache.clear()], ids=["prune", "clear"]
)
def test_what_interrupted_writers_left_is_removed(cache, upkeep):
    npy = cache.folder / "00" / f"{key_of_number(0)}.npy"
    killed = temporary_path(npy, locked=True)
    killed.write_bytes(b"half")
    old = temporary_path(npy, locked=False)
    old.write_bytes(b"half")
    os.utime(old, (old.stat().st_mtime - 2 * STALE_SECONDS,) * 2)
    young = temporary_path(npy, locked=False)
    young.write_bytes(b"being written without the lock")
    orphan = cache.folder / "01" / ("01" + "f" * 62 + ".npy")
    orphan.write_bytes(b"no marker")
    assert cache.info()["num_leftovers"] == 4
    upkeep(cache)
    assert [path.exists() for path in (killed, old, young, orphan)] == [False, False, True, False]


def test_what_a_killed_writer_left_is_overwritten_by_the_next(cache):
    key = "aa" + "0" * 62
    (cache.folder / "aa").mkdir()
    killed = temporary_path(cache.folder / "aa" / f"{key}.npy", locked=True)
    killed.write_bytes(b"half")
    cache.write(key, ENTRY_ARRAY, {})
    assert not killed.exists() and cache.info()["num_leftovers"] == 0
