"""Files that are there whole or not at all, and a lock on the folder they lie in."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # not on Windows: writers then rely on their own temporary names alone
    fcntl = None  # type: ignore[assignment]

TEMPORARY_SUFFIX = ".tmp"
STALE_SECONDS = 3600.0
"""A temporary file untouched for so long belongs to no living writer: a write takes milliseconds."""
LOCK_SECONDS = 10.0


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, whole or not at all; undecodable names are escaped."""
    write_bytes(path, text.encode("utf-8", errors="backslashreplace"))


def write_bytes(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Write `data` to a temporary file and rename it: a reader sees the old content or all of the new one.

    Args:
        path: the file; its folder has to exist.
        data: its new content.
        durable: wait until the disk has it.
    """
    temporary = temporary_path(path)
    try:
        if durable:
            write_durably(temporary, data)
        else:
            temporary.write_bytes(data)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def write_durably(path: Path, data: bytes) -> None:
    """Write `data` to `path` itself and wait until the disk has it."""
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def temporary_path(path: Path, *, locked: bool = False) -> Path:
    """Return where `path` is written before it is renamed.

    Under the lock the name is fixed, so that the next writer overwrites what a killed one left.
    """
    owner = "locked" if locked else f"{os.getpid()}-{os.urandom(4).hex()}"
    return path.with_name(f".{path.name}.{owner}{TEMPORARY_SUFFIX}")


def is_stale(path: Path, *, locked: bool) -> bool:
    """Say whether the temporary file `path` belongs to no living writer.

    Args:
        path: a temporary file.
        locked: the lock on its folder is held, so nobody else writes a file with a fixed name there.
    """
    if locked and path.name.endswith(f".locked{TEMPORARY_SUFFIX}"):
        return True
    try:
        return time.time() - path.stat().st_mtime > STALE_SECONDS
    except FileNotFoundError:
        return False


def remove_file(path: Path) -> int:
    """Remove `path` and return the bytes it had; 0 when another process was faster."""
    try:
        size = path.stat().st_size
        path.unlink()
    except FileNotFoundError:
        return 0
    return size


@contextmanager
def locked_folder(folder: Path) -> Iterator[bool]:
    """Hold `folder` against the writers of every other thread and process.

    Yields False, without the lock, where the file system has none or a stopped process keeps it: every
    write is still atomic by itself, and a mix of two writers' files is noticed by its checksum.
    """
    if fcntl is None:
        yield False
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield _lock(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        except OSError:
            return False


def size_text(num_bytes: float) -> str:
    """Return a number of bytes in words."""
    return f"{num_bytes / 1e9:.2f} GB" if num_bytes >= 1e8 else f"{num_bytes / 1e6:.2f} MB"
