"""Which clips are being encoded by whom, as small files in the cache, so that each clip is encoded once.

A claim only saves work: entries are written whole whoever writes them, so a claim that is lost, or taken over
while its owner lives, costs no more than encoding a clip twice.
"""

import json
import logging
import os
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType

from videoqa.features.storage import STALE_SECONDS, locked_folder

CLAIM_SUFFIX = ".claim"
REFRESH_SECONDS = 15.0
"""A claim's time is set to now this often, by a thread of its owner."""
ABANDONED_SECONDS = 120.0
"""A claim not refreshed while it was watched for this long is taken over; network disks show times late."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Seen:
    """A claim as it was found; `text` is "" in the moment between its making and its writing."""

    text: str
    changed: float

    @property
    def is_of_dead_process(self) -> bool:
        """Whether its process ran here and is gone."""
        try:
            owner = json.loads(self.text)
            return bool(owner["host"] == _this_host()) and not _is_alive(int(owner["pid"]), owner["born"])
        except (ValueError, KeyError, TypeError, OverflowError):
            return False


class Claims:
    """The clips that one run is encoding; leaving the `with` block gives back those it still holds.

    Args:
        folder: of the cache.
        abandoned_seconds: see `ABANDONED_SECONDS`.
    """

    def __init__(self, folder: Path, *, abandoned_seconds: float = ABANDONED_SECONDS) -> None:
        self._folder = folder
        self._abandoned_seconds = abandoned_seconds
        self._text = json.dumps(
            {
                "host": _this_host(),
                "pid": os.getpid(),
                "born": _birth(os.getpid()),
                "run": os.urandom(8).hex(),
            }
        )
        self._held: set[Path] = set()
        self._watched: dict[Path, tuple[_Seen, float]] = {}
        self._ended = threading.Event()
        self._refresher: threading.Thread | None = None

    def __enter__(self) -> "Claims":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for path in list(self._held):
            self._give_back(path)

    def take(self, key: str) -> bool:
        """Claim a clip; False when another process or thread is encoding it.

        On a disk that takes no claim every clip may be encoded, and that of several processes twice.
        """
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            taken = self._create(path) or (self._is_abandoned(path) and self._take_over(path))
        except OSError as error:
            _log.debug("no claim can be made in %s: %s", path.parent, error)
            return True
        if taken:
            self._watched.pop(path, None)
            self._hold(path)
        return taken

    def release(self, key: str) -> None:
        """Give a clip back: it is in the cache now, or cannot be encoded."""
        path = self._path(key)
        if path in self._held:
            self._give_back(path)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}{CLAIM_SUFFIX}"

    def _create(self, path: Path) -> bool:
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except FileExistsError:
            return False
        try:
            os.write(descriptor, self._text.encode())
        finally:
            os.close(descriptor)
        return True

    def _is_abandoned(self, path: Path) -> bool:
        """Whether the process of a claim is gone, or has not refreshed it since it was first seen so.

        What passes is time on this machine's clock: those of two machines need not agree.
        """
        seen = _look_at(path)
        if seen is None:
            return False
        if seen.is_of_dead_process:
            return True
        before, since = self._watched.setdefault(path, (seen, time.monotonic()))
        if before != seen:
            self._watched[path] = seen, time.monotonic()
            return False
        return time.monotonic() - since > self._abandoned_seconds

    def _take_over(self, path: Path) -> bool:
        """Replace an abandoned claim by one's own, unless somebody else has just done so."""
        with locked_folder(path.parent):
            if not self._is_abandoned(path):
                return False
            path.unlink(missing_ok=True)
            return self._create(path)

    def _hold(self, path: Path) -> None:
        self._held.add(path)
        if self._refresher is None:
            self._refresher = threading.Thread(target=self._refresh, name="videoqa-claims", daemon=True)
            self._refresher.start()

    def _refresh(self) -> None:
        while not self._ended.wait(REFRESH_SECONDS):
            for path in list(self._held):
                with suppress(OSError):
                    os.utime(path)

    def _give_back(self, path: Path) -> None:
        self._held.discard(path)
        seen = _look_at(path)
        if seen is not None and seen.text == self._text:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def is_left_behind(path: Path) -> bool:
    """Say whether the claim at `path` belongs to no living process, as far as can be told at a glance."""
    seen = _look_at(path)
    return seen is not None and (seen.is_of_dead_process or time.time() - seen.changed > STALE_SECONDS)


def _look_at(path: Path) -> _Seen | None:
    """Return the claim at `path`; None: it has just been given back."""
    try:
        return _Seen(path.read_text(encoding="utf-8"), path.stat().st_mtime)
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=1)
def _this_host() -> str:
    """Return what process ids are unique in: the machine and, in a container, its own count of processes."""
    try:
        return f"{socket.gethostname()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return socket.gethostname()


def _is_alive(pid: int, born: str) -> bool:
    """Whether a process of this machine is there; True where that cannot be asked."""
    if born:
        return _birth(pid) == born
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _birth(pid: int) -> str:
    """Return when a process began, in the kernel's count, which tells it from a later one with its number.

    Returns "" where there is no such process, or only its exit code, or the system does not say.
    """
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return "" if state in ("Z", "X") else fields[18]
    except (OSError, ValueError, IndexError):
        return ""
