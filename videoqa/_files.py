"""Writes files whole or not at all, and locks folders."""

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has none; there the temporary names alone keep writers apart
    fcntl = None  # type: ignore[assignment]

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
TEMPORARY_SUFFIX = ".tmp"
STAGED = ".unfinished-"
"""How the name of a hidden folder begins whose files are not all written yet."""
STALE_SECONDS = 3600.0
"""A temporary file this old has no living writer, because a write takes milliseconds."""
LOCK_SECONDS = 10.0


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, whole or not at all; lone surrogates are escaped."""
    write_bytes(path, text.encode("utf-8", errors="backslashreplace"))


def name_bytes(name: str) -> bytes:
    """Return a text for a hash: UTF-8, also of a file's name that is not (a lone surrogate for each byte)."""
    return name.encode("utf-8", "surrogatepass")


def write_bytes(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Write `data` to a temporary file and rename it, so a reader sees the old content or all of the new.

    Args:
        path: the file; its folder must exist.
        data: its new content.
        durable: wait until the disk has it.

    Raises:
        OSError: naming `path`, for example because the disk is full; nothing half-written stays.
    """
    temporary = temporary_path(path)
    try:
        if durable:
            write_durably(temporary, data)
        else:
            temporary.write_bytes(data)
        temporary.replace(path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            name_file(error, path)
        raise


def name_file(error: OSError, path: Path) -> None:
    """Let `error` name `path`: a failed write names no file, a failed renaming a temporary one."""
    error.filename = str(path)
    del error.filename2


@contextmanager
def files_of_folder(folder: Path, *, last: str) -> Iterator[Path]:
    """Yield a hidden folder to write files in, and move them to `folder` once all of them are written.

    If the block fails, as on a full disk, `folder` keeps what it had.

    Args:
        folder: an existing folder.
        last: name of the file whose presence means done: the old one goes first, the new one comes last.

    Raises:
        OSError: naming a file in `folder`.
    """
    for left in folder.glob(f"{STAGED}*"):  # by a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    hidden = None
    try:
        hidden = Path(tempfile.mkdtemp(prefix=STAGED, dir=folder))
        yield hidden
        (folder / last).unlink(missing_ok=True)
        for path in sorted(hidden.iterdir(), key=lambda path: path.name == last):
            path.replace(folder / path.name)
    except OSError as error:
        if hidden is not None and Path(str(error.filename)).parent == hidden:
            name_file(error, folder / Path(str(error.filename)).name)
        raise
    finally:
        if hidden is not None:
            shutil.rmtree(hidden, ignore_errors=True)


def write_durably(path: Path, data: bytes) -> None:
    """Write `data` to `path` itself and wait until the disk has it."""
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def temporary_path(path: Path, *, locked: bool = False) -> Path:
    """Return the name under which `path` is written before it is renamed.

    With the lock the name is fixed, so that the next writer overwrites what a killed one left.
    """
    owner = "locked" if locked else f"{os.getpid()}-{os.urandom(4).hex()}"
    return path.with_name(f".{path.name}.{owner}{TEMPORARY_SUFFIX}")


def is_stale(path: Path, *, locked: bool) -> bool:
    """Return whether the temporary file `path` has no living writer.

    Args:
        path: a temporary file.
        locked: the caller holds the lock on its folder, so a file with a fixed name has no writer.
    """
    if locked and path.name.endswith(f".locked{TEMPORARY_SUFFIX}"):
        return True
    try:
        return time.time() - path.stat().st_mtime > STALE_SECONDS
    except FileNotFoundError:
        return False


def remove_file(path: Path) -> int:
    """Remove `path` and return its size in bytes; 0 if another process removed it first."""
    try:
        size = path.stat().st_size
        path.unlink()
    except FileNotFoundError:
        return 0
    return size


@contextmanager
def locked_folder(folder: Path) -> Iterator[bool]:
    """Lock `folder` against other writers, in this process and in others, while the block runs.

    Yields False without the lock if the file system has no locks or a stopped process keeps it. Each write is
    still atomic, and checksums reveal a mix of two writers' files.
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
    """Return a number of bytes as text, in GB or MB."""
    return f"{num_bytes / 1e9:.2f} GB" if num_bytes >= 1e8 else f"{num_bytes / 1e6:.2f} MB"
