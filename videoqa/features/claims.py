"""Claims on clips, as locks on small files in the cache, so that each clip is encoded by one process only.

A claim only saves work. Entries are written atomically, so if a claim is lost or lasts too long, a clip is at
worst encoded twice. The kernel drops the locks of a process that ends, however it ends.
"""

import logging
import os
import time
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout, lock_descriptor

CLAIM_SUFFIX = ".claim"
ABANDONED_SECONDS = 600.0
"""A clip that another process has claimed for longer is encoded all the same: that process may be stopped."""
MAX_HELD = 128
"""Each held claim is an open file; a process may have about a thousand."""

_log = logging.getLogger(__name__)


class Claims:
    """The clips that one run is encoding; leaving the `with` block gives back those it still holds.

    Args:
        folder: of the cache.
        abandoned_seconds: see `ABANDONED_SECONDS`.
    """

    def __init__(self, folder: Path, *, abandoned_seconds: float = ABANDONED_SECONDS) -> None:
        self._folder, self._abandoned_seconds = folder, abandoned_seconds
        self._held: dict[str, FileLock] = {}
        self._refused_since: dict[str, float] = {}

    def __enter__(self) -> "Claims":
        return self

    def __exit__(self, *_: object) -> None:
        for key in list(self._held):
            self.release(key)

    def take(self, key: str) -> bool:
        """Claim a clip; False when another process or thread is encoding it; True on a disk without locks."""
        path = self._path(key)
        lock = FileLock(path, blocking=False, thread_local=False, fallback_to_soft=False)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout:
            since = self._refused_since.setdefault(key, time.monotonic())
            return time.monotonic() - since > self._abandoned_seconds
        except OSError as error:
            _log.debug("no claim can be made in %s: %s", path.parent, error)
            return True
        self._held[key] = lock
        if len(self._held) > MAX_HELD:
            self.release(key)
        return True

    def release(self, key: str) -> None:
        """Give a clip back: it is in the cache now, or cannot be encoded."""
        lock = self._held.pop(key, None)
        if lock is not None:
            with suppress(OSError):  # Windows removes no open file; `is_left_behind` finds it later
                self._path(key).unlink()
            lock.release()

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}{CLAIM_SUFFIX}"


def is_left_behind(path: Path) -> bool:
    """Say whether nobody holds the claim at `path`."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:  # it has just been given back
        return False
    try:
        return lock_descriptor(descriptor, blocking=False)
    except OSError:  # a disk without locks, where nobody can hold it
        return True
    finally:
        os.close(descriptor)
