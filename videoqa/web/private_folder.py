"""The folder of one server: nobody else can read it, and it goes with the server, however that ends."""

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX = "videoqa-serve-"
LOCK = "in-use.lock"
"""Locked by the server that uses the folder; the system drops the lock of a process that ends."""
YOUNG_SECONDS = 60.0
"""A folder this young may belong to a server that has not locked it yet."""


@contextmanager
def private_folder(parent: Path | None = None) -> Iterator[Path]:
    """Yield a new folder that only this user can read, and remove it at the end.

    What servers left that were killed is removed first.

    Args:
        parent: where to make it; None: the system's folder for temporary files.

    Raises:
        OSError: it cannot be made.
    """
    parent = Path(tempfile.gettempdir()) if parent is None else parent
    remove_left_over(parent)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    lock = FileLock(folder / LOCK, thread_local=False)
    try:
        lock.acquire(timeout=0)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)  # on systems that remove no file that is open


def remove_left_over(parent: Path) -> list[Path]:
    """Remove the folders of servers that are gone, and return them.

    Only folders of this user go, which only this user can enter, whose lock nobody holds, and that are older
    than a minute. A link is never followed.
    """
    removed = []
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if _is_private(folder) and _is_left_over(folder):
                shutil.rmtree(folder, ignore_errors=True)
                removed.append(folder)
    return removed


def _is_private(folder: Path) -> bool:
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode):
        return False
    if not hasattr(os, "getuid"):
        return True
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IRWXG | stat.S_IRWXO)


def _is_left_over(folder: Path) -> bool:
    if time.time() - folder.lstat().st_mtime < YOUNG_SECONDS:
        return False
    path = folder / LOCK
    if not path.is_file() or path.is_symlink():
        return True
    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    lock.release()
    return True
