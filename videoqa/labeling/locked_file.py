"""Holds the lock of a file that several processes may write."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from videoqa._checks import Refusal


@contextlib.contextmanager
def locked(path: Path, *, wait: bool) -> Iterator[None]:
    """Hold the lock of a file given as `out`, which need not exist.

    Args:
        path: the file.
        wait: until another process lets go of it; False: it is refused.

    Raises:
        ValueError: its folder cannot be written to, or another process holds the lock.
    """
    name = path.with_name(f".{path.name}.lock")
    try:
        name.touch()  # where this fails the library of the lock raises, or tries again for ever
    except OSError as error:
        requirement = f"lie in a folder that can be written to ({error.strerror})"
        raise Refusal("out", requirement, str(path)) from error
    lock = FileLock(name, timeout=-1 if wait else 0)
    try:
        lock.acquire()
    except Timeout as error:
        raise Refusal("out", "be no file that another process writes", str(path)) from error
    try:
        yield
    finally:
        lock.release()
