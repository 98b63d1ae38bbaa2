"""The feature cache: per clip one `.npy`, and a `.json` that is written last and marks the entry complete."""

import functools
import hashlib
import io
import json
import logging
import os
import shlex
import shutil
import stat
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from videoqa._checks import Refusal
from videoqa._files import locked_folder, size_text, temporary_path, write_durably
from videoqa._home import home_directory
from videoqa._progress import say
from videoqa.features import upkeep
from videoqa.features.content_hashes import ContentHashes

TOUCH_SECONDS = 600.0
"""The time of an entry's last use, by which `prune` goes, is updated at most this often."""
_READ_ATTEMPTS = 5

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CacheEntry:
    """One clip's features or frames, with their metadata.

    Attributes:
        features: float16 `(num_frames, feature_dim)`, or memory-mapped uint8 RGB frames
            `(num_frames, height, width, 3)`.
        metadata: content of the entry's `.json`.
        num_bytes: size of both files.
    """

    features: np.ndarray
    metadata: dict[str, Any]
    num_bytes: int


class FeatureCache:
    """The feature cache in `<home>/cache`; threads and processes may use it at the same time.

    The `.json` holds the sha256 of the `.npy`. An entry that does not match it is logged, treated as absent
    and replaced by the next `write`. Frames are too large to hash at every read; their dtype, shape and file
    size are checked instead.

    Args:
        home: folder that holds `cache/`; None: `$VIDEOQA_HOME`, else `~/.cache/videoqa`.
    """

    def __init__(self, home: str | os.PathLike[str] | None = None) -> None:
        self.folder = (home_directory() if home is None else Path(home)) / "cache"
        self._content_hashes = ContentHashes(self.folder / upkeep.CONTENTS)
        if is_open_to_others(self.folder):
            _say_open_to_others(self.folder)

    def __repr__(self) -> str:
        return f"FeatureCache({str(self.folder)!r})"

    def content_hash(self, path: str | os.PathLike[str]) -> str:
        """Return the sha256 of a file's content, remembered by (path, size, mtime_ns, inode).

        Raises:
            FileNotFoundError: nothing is there.
            ValueError: it is no regular file.
        """
        return self._content_hashes.of(path)

    def fact(self, path: str | os.PathLike[str], name: str, compute: Callable[[], str]) -> str:
        """Return a remembered fact about a file's content, or compute and remember it."""
        return self._content_hashes.fact(path, name, compute)

    def read(self, key: str) -> np.ndarray | None:
        """Return the features or frames under `key`, see `CacheEntry`; None: absent or damaged."""
        entry = self.read_entry(key)
        return None if entry is None else entry.features

    def holds(self, key: str) -> bool:
        """Return whether there is an entry under `key`, which is not read."""
        return self._path(key, ".json").exists()

    def read_entry(self, key: str) -> CacheEntry | None:
        """Return the features under `key` with their metadata; None: absent or damaged."""
        entry, damage = self._read(key)
        if damage:
            path = self._path(key, ".npy")
            _log.warning("The cache entry %s is damaged (%s); it is made again.", path, damage)
        if entry is not None:
            _note_use(self._path(key, ".json"))
        return entry

    def _read(self, key: str) -> tuple[CacheEntry | None, str]:
        """Return the entry, or None and what is wrong with it; retried, as a writer may be replacing it."""
        damage = ""
        for _ in range(_READ_ATTEMPTS):
            try:
                return checked_entry(self._path(key, ".json").read_bytes(), self._path(key, ".npy")), ""
            except (FileNotFoundError, NotADirectoryError):
                return None, ""
            # Before 3.11.8 and 3.12.2 Python may raise SystemError where several threads parse the head of an
            # array (gh-106905): the entry is sound.
            except (OSError, ValueError, KeyError, TypeError, EOFError, SystemError) as error:
                damage = str(error)
        return None, damage

    def write(self, key: str, features: np.ndarray, metadata: Mapping[str, Any]) -> int:
        """Write an entry, atomically and durably; a valid one that is already there stays.

        Args:
            key: from `videoqa.features.cache_keys`.
            features: float16 `(num_frames, feature_dim)`, finite, or uint8 `(num_frames, height, width, 3)`.
            metadata: JSON-serializable; kept beside the array.

        Returns:
            The bytes of the entry's two files.

        Raises:
            ValueError: `features` has another dtype, shape or a value that is not finite.
            OSError: the disk is full or refuses; nothing half-written is left.
        """
        data, text = serialized(features, metadata)
        marker, array_path = self._path(key, ".json"), self._path(key, ".npy")
        try:
            marker.parent.mkdir(parents=True, exist_ok=True)
            with locked_folder(marker.parent) as locked:
                present, _ = self._read(key)
                if present is not None:
                    return present.num_bytes
                _write_pair((array_path, data), (marker, text), locked=locked)
        except OSError as error:
            raise self._refused(error) from error
        return len(data) + len(text)

    def check_writable(self) -> None:
        """Raise `OSError`, naming the folder and what to do, unless files can be written in the cache."""
        probe = temporary_path(self.folder / "probe")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                write_durably(probe, b"x")
            finally:
                probe.unlink(missing_ok=True)
        except OSError as error:
            raise self._refused(error) from error

    def check_space(self, num_bytes: int) -> None:
        """Raise `ValueError`, naming both figures, unless `num_bytes` more fit on the cache's disk."""
        free = self.free_bytes()
        if num_bytes > free:
            requirement = (
                f"lie on a disk with room for what is to be kept: about {size_text(num_bytes)} needed, "
                f"{size_text(free)} free"
            )
            raise Refusal("VIDEOQA_HOME", requirement, str(self.folder.parent), _ADVICE)

    def free_bytes(self) -> int:
        """Return the bytes free on the disk of the cache, which need not exist yet."""
        folder = self.folder.absolute()
        while not folder.is_dir() and folder != folder.parent:
            folder = folder.parent
        return shutil.disk_usage(folder).free

    def info(self) -> dict[str, Any]:
        """Return `folder`, what `upkeep.count` counts, and `free_bytes`."""
        found = upkeep.count(self.folder)
        return {"folder": str(self.folder), **found, "free_bytes": self.free_bytes()}

    def prune(self, max_gb: float) -> dict[str, Any]:
        """Remove leftovers and the least recently used entries; see `upkeep.prune`."""
        return upkeep.prune(self.folder, max_gb)

    def clear(self) -> dict[str, Any]:
        """Remove every entry, leftover and remembered hash; returns what `prune` returns."""
        return upkeep.clear(self.folder)

    def _path(self, key: str, suffix: str) -> Path:
        return self.folder / key[:2] / f"{key}{suffix}"

    def _refused(self, error: OSError) -> OSError:
        reason = error.strerror or str(error)
        refused = f"The feature cache {self.folder} cannot be written: {reason}."
        return OSError(error.errno, f"{refused} What it held is unharmed. {_ADVICE}")


_ADVICE = (
    "Set VIDEOQA_HOME to a folder with room that you may write to, or make room with "
    "`videoqa cache prune --max-gb N`, then run again: finished clips are not made twice."
)


def is_open_to_others(folder: Path) -> bool:
    """Return whether every user of the machine may write to a folder, as its permissions say."""
    try:
        return os.name == "posix" and bool(folder.stat().st_mode & stat.S_IWOTH)
    except OSError:
        return False


@functools.cache
def _say_open_to_others(folder: Path) -> None:
    """Say it once in a process."""
    harm = f"can write to the feature cache {folder}, and so change what models learn and answer"
    say(f"note: every user of this machine {harm}. To end that: chmod o-w {shlex.quote(str(folder))}")


def _write_pair(array: tuple[Path, bytes], marker: tuple[Path, bytes], *, locked: bool) -> None:
    """Write both files beside their places, then move them there, the marker last."""
    pair = [(temporary_path(path, locked=locked), path, data) for path, data in (array, marker)]
    try:
        for temporary, _, data in pair:
            write_durably(temporary, data)
        marker[0].unlink(missing_ok=True)
        for temporary, path, _ in pair:
            temporary.replace(path)
    except BaseException:
        for temporary, _, _ in pair:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
        raise


def _note_use(marker: Path) -> None:
    """Set the marker's time to now, for `prune`; nothing happens in a read-only cache."""
    with suppress(OSError):
        if time.time() - marker.stat().st_mtime > TOUCH_SECONDS:
            os.utime(marker)


def serialized(features: np.ndarray, metadata: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """Return the bytes of the `.npy` and of the `.json`."""
    if not _is_kept(features):
        requirement = "be float16 (num_frames, feature_dim) or uint8 (num_frames, height, width, 3)"
        raise Refusal("features", requirement, f"{features.dtype} {features.shape}")
    if features.dtype == np.float16 and not np.isfinite(features).all():
        raise Refusal("The features hold values that are not finite in float16; nothing was cached.")
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(features), allow_pickle=False)
    data = buffer.getvalue()
    head = {"sha256": hashlib.sha256(data).hexdigest(), "shape": features.shape, "dtype": str(features.dtype)}
    return data, (json.dumps({**metadata, **head}, allow_nan=False) + "\n").encode()


def _is_kept(array: np.ndarray) -> bool:
    """Return whether an array has the dtype and axes of features or of frames."""
    if array.dtype == np.uint8:
        return array.ndim == 4 and array.shape[-1] == 3
    return array.dtype == np.float16 and array.ndim == 2


def checked_entry(text: bytes, path: Path) -> CacheEntry:
    """Return the entry of a marker's bytes and an array's file; raise `ValueError` where they disagree."""
    metadata = json.loads(text)
    if isinstance(metadata, dict) and metadata.get("dtype") == "uint8":
        array, num_bytes = _mapped(path)
    else:
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != metadata["sha256"]:
            raise Refusal("its sha256 is another one than noted")
        array, num_bytes = np.load(io.BytesIO(data), allow_pickle=False), len(data)
    if not _is_kept(array) or list(array.shape) != metadata["shape"]:
        raise Refusal(f"it holds {array.dtype} {array.shape}, {metadata['shape']} was noted")
    if array.dtype == np.float16 and not np.isfinite(array).all():
        raise Refusal("it holds values that are not finite")
    return CacheEntry(array, metadata, len(text) + num_bytes)


def _mapped(path: Path) -> tuple[np.memmap, int]:
    """Return a memory-mapped array and its file's size, checked against the array's."""
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    size = path.stat().st_size
    if size != array.offset + array.nbytes:
        raise Refusal(f"its file has {size} bytes, the array takes {array.offset + array.nbytes}")
    return array, size
