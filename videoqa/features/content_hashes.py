"""Remembers facts about video files and folders of frames on disk, mainly the sha256 of their content."""

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

from videoqa._checks import check_file
from videoqa._files import remove_file, write_bytes
from videoqa._frame_folders import frame_files
from videoqa._manifest import file_sha256
from videoqa.video.jpeg_folders import folder_state, is_frames_folder

SETTLED_SECONDS = 2.0
"""Facts about a file changed more recently are not remembered: it could change again with the same mtime."""

_log = logging.getLogger(__name__)


Identity = tuple[str, int, int, int]


class ContentHashes:
    """Facts about file contents, remembered by (path, size, mtime_ns, inode).

    Args:
        folder: holds one small JSON file per known path; created when first needed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[Identity, dict[str, str]] = {}

    def of(self, path: str | os.PathLike[str]) -> str:
        """Return the sha256 of the file at `path`, or of a folder's frames, as 64 hexadecimal digits.

        Raises:
            FileNotFoundError: nothing is there.
            ValueError: it is neither a regular file nor a folder of frames.
        """
        return self.fact(path, "sha256", lambda: _sha256(Path(path)))

    def fact(self, path: str | os.PathLike[str], name: str, compute: Callable[[], str]) -> str:
        """Return the fact `name` about a file, remembered or computed; raises as `of` and `compute`."""
        identity = _identity(path)
        known = self._known.get(identity) or self._read(identity)
        if name not in known:
            settled = time.time() - identity[2] / 1e9 > SETTLED_SECONDS
            known = {**known, name: compute()}
            if not settled or _identity(path) != identity:
                return known[name]
            self._write(identity, known)
        self._known[identity] = known
        return known[name]

    def _record(self, absolute_path: str) -> Path:
        name = hashlib.sha256(os.fsencode(absolute_path)).hexdigest()
        return self.folder / name[:2] / f"{name}.json"

    def _read(self, identity: Identity) -> dict[str, str]:
        try:
            file, known = _parsed(self._record(identity[0]))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError) as error:
            _log.debug("unreadable record of %s: %s", identity[0], error)
            return {}
        return known if file == identity else {}

    def _write(self, identity: Identity, known: dict[str, str]) -> None:
        """Remember facts; if they cannot be written, they are computed again next time."""
        record = self._record(identity[0])
        try:
            record.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(record, json.dumps({"file": identity, "known": known}).encode(), durable=True)
        except OSError as error:
            _log.debug("the hash of %s cannot be remembered: %s", identity[0], error)

    def records(self) -> list[Path]:
        """Return every remembered record."""
        return sorted(self.folder.glob("??/*.json"))

    def remove_outdated(self) -> int:
        """Forget the files that are gone or have changed; return the bytes freed."""
        return sum(remove_file(record) for record in self.records() if not _is_current(record))


def _sha256(path: Path) -> str:
    """Return the hash of a file's bytes, or of the names and bytes of a folder's frames."""
    if not path.is_dir():
        return file_sha256(path)
    frames = [[name, file_sha256(path / name)] for name in frame_files(path).values()]
    return hashlib.sha256(json.dumps(frames).encode()).hexdigest()


def _identity(path: str | os.PathLike[str]) -> Identity:
    """Return the `Identity` of a file; of a folder: path, bytes, last change, hash of its frames' stats."""
    if is_frames_folder(path):
        state = folder_state(path)
        sizes, times = (sum(each[1] for each in state), max((each[2] for each in state), default=0))
        whole = int(hashlib.sha256(json.dumps(state).encode()).hexdigest()[:15], 16)
        return os.path.abspath(path), sizes, times, whole
    status = check_file("video", path).stat()
    return os.path.abspath(path), status.st_size, status.st_mtime_ns, status.st_ino


def _parsed(record: Path) -> tuple[tuple, dict[str, str]]:
    content = json.loads(record.read_bytes())
    known = content["known"]
    if not isinstance(known, dict) or not all(isinstance(value, str) for value in known.values()):
        raise TypeError(f"no facts: {known!r}")
    return tuple(content["file"]), known


def _is_current(record: Path) -> bool:
    try:
        file, _ = _parsed(record)
        return _identity(file[0]) == file
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return False
