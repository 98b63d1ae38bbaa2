"""Counts the entries of a cache folder and removes them: the least recently used first, or all."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from videoqa._checks import check_number
from videoqa._files import TEMPORARY_SUFFIX, is_stale, locked_folder, remove_file
from videoqa.features.claims import CLAIM_SUFFIX, is_left_behind
from videoqa.features.content_hashes import ContentHashes

CONTENTS = "contents"
"""Folder of the remembered content hashes, inside the cache folder."""


_KEY = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class _Entry:
    marker: Path
    used: float
    num_bytes: int


def count(folder: Path) -> dict[str, int]:
    """Return what a cache folder holds.

    Returns:
        `num_entries` and their `num_bytes`; of these `num_frame_entries`, `num_frame_bytes` are frames, the
        rest features; `num_remembered_files`, whose hash is known; `num_leftovers` of interrupted writers.
    """
    entries = _entries(folder)
    of_frames = [entry.num_bytes for entry in entries if _holds_frames(entry.marker)]
    return {
        "num_entries": len(entries),
        "num_bytes": sum(entry.num_bytes for entry in entries),
        "num_frame_entries": len(of_frames),
        "num_frame_bytes": sum(of_frames),
        "num_remembered_files": len(ContentHashes(folder / CONTENTS).records()),
        "num_leftovers": sum(1 for shard in _shards(folder) for _ in _leftovers(shard)),
    }


def prune(folder: Path, max_gb: float) -> dict[str, int]:
    """Remove leftovers, then the least recently used entries, until `max_gb` · 10⁹ bytes are left.

    The marker goes first, so that a reader never finds part of an entry.

    Returns:
        `num_removed`, `freed_bytes`, and `num_entries`, `num_bytes` that are left.

    Raises:
        ValueError: `max_gb` is no number of at least 0.
    """
    check_number("max_gb", max_gb, minimum=0)
    freed = _remove_leftovers(folder) + ContentHashes(folder / CONTENTS).remove_outdated()
    entries = sorted(_entries(folder), key=lambda entry: entry.used)
    num_bytes, num_removed = sum(entry.num_bytes for entry in entries), 0
    for entry in entries:
        if num_bytes <= max_gb * 1e9:
            break
        freed += _remove_entry(entry.marker)
        num_bytes -= entry.num_bytes
        num_removed += 1
    num_left = len(entries) - num_removed
    return {"num_removed": num_removed, "freed_bytes": freed, "num_entries": num_left, "num_bytes": num_bytes}


def clear(folder: Path) -> dict[str, int]:
    """Remove every entry, leftover and remembered hash; returns what `prune` returns."""
    result = prune(folder, 0)
    result["freed_bytes"] += sum(remove_file(record) for record in ContentHashes(folder / CONTENTS).records())
    return result


def _shards(folder: Path) -> list[Path]:
    """Return the folders that hold entries, records of content hashes or leftovers of either."""
    return [path for path in [folder, *folder.glob("??"), *folder.glob(f"{CONTENTS}/??")] if path.is_dir()]


def _entries(folder: Path) -> list[_Entry]:
    return [entry for path in folder.glob("??/*.json") if _KEY.fullmatch(path.stem) for entry in _entry(path)]


def _entry(marker: Path) -> Iterator[_Entry]:
    """Yield the entry of a marker, or nothing when another process has just removed it."""
    try:
        status = marker.stat()
        size = marker.with_suffix(".npy").stat().st_size
    except FileNotFoundError:
        return
    yield _Entry(marker, status.st_mtime, status.st_size + size)


def _holds_frames(marker: Path) -> bool:
    """Return whether an entry holds frames, by the head of its array."""
    try:
        with open(marker.with_suffix(".npy"), "rb") as file:
            return b"'|u1'" in file.read(128)
    except OSError:
        return False


def _remove_entry(marker: Path) -> int:
    with locked_folder(marker.parent):
        return remove_file(marker) + remove_file(marker.with_suffix(".npy"))


def _leftovers(shard: Path) -> Iterator[Path]:
    """Yield temporary files, claims of dead processes, and files of entries without their partner."""
    for path in shard.iterdir():
        if path.suffix == CLAIM_SUFFIX:
            if is_left_behind(path):
                yield path
            continue
        partner = path.with_suffix(".npy" if path.suffix == ".json" else ".json")
        if path.suffix == TEMPORARY_SUFFIX:
            yield path
        elif shard.parent.name != CONTENTS and _KEY.fullmatch(path.stem) and not partner.exists():
            yield path


def _remove_leftovers(folder: Path) -> int:
    """Remove what interrupted writers left; return the bytes freed."""
    freed = 0
    for shard in _shards(folder):
        with locked_folder(shard) as locked:
            for path in list(_leftovers(shard)):
                if path.suffix != TEMPORARY_SUFFIX or is_stale(path, locked=locked):
                    freed += remove_file(path)
    return freed
