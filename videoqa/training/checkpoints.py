"""Checkpoints: one directory each, written whole or not at all, checked byte by byte when read.

A folder of checkpoints has one writer at a time. Its names without a leading dot are whole checkpoints at
every moment, also after a kill: what is being written, replaced or removed has a hidden name.
"""

import contextlib
import errno
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from videoqa._checks import Refusal, check_integer
from videoqa._files import write_text
from videoqa._manifest import check_manifest, read_json, write_manifest
from videoqa._progress import say

FORMAT_VERSION = 2
STATE = "state.json"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
DTYPES = "dtypes"
"""Member of a file of arrays that names the dtype of each."""
READ_ATTEMPTS = 3
HIDDEN = re.compile(r"\.(?P<name>[A-Za-z0-9_-]+)\.(?P<kind>saving|replaced|removed)-[0-9a-f]{8}")


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose files are those that were written.

    Attributes:
        path: its directory.
        state: the JSON object given to `save_checkpoint`: tuples have become lists.
    """

    path: Path
    state: dict[str, Any]

    def arrays(self, group: str) -> list[np.ndarray]:
        """Return the arrays of `group` in the order they were given; none if the group was not saved.

        They are read from disk at each call: take them before the next save, which may remove this one.
        """
        path = self.path / f"{group}.npz"
        return _load_arrays(path) if path.exists() else []


def save_checkpoint(
    folder: Path,
    name: str,
    state: Mapping[str, Any],
    groups: Mapping[str, Sequence[np.ndarray]],
    *,
    keep: int,
) -> Path:
    """Write a checkpoint and return its directory; when this returns, the disk has it.

    Args:
        folder: where checkpoints lie, and nothing else; made if absent.
        name: letters, digits, "-" and "_"; of two checkpoints the later one has the name that sorts last. One
            of the same name is replaced, once the new one is complete.
        state: JSON-ready; NaN and infinities are kept.
        groups: arrays by name of their group, for example "model"; every numeric dtype comes back bit for
            bit, `ml_dtypes`' among them.
        keep: how many may stay: this one and those just before it. Names that sort after this one stay too:
            they were found damaged, and are replaced when training gets there.

    Raises:
        ValueError: a name or `keep` that cannot be, or an array of objects.
        OSError: the disk is full, the folder not writable, ...; the older checkpoints stay as they were.
    """
    for part in (name, *groups):
        if not NAME.fullmatch(part):
            requirement = "be of letters, digits, - and _, and begin with a letter or digit"
            raise Refusal("name", requirement, part)
    check_integer("keep", keep, minimum=1)
    folder.mkdir(parents=True, exist_ok=True)
    _tidy(folder)
    path, temporary = folder / name, _hidden(folder, name, "saving")
    try:
        temporary.mkdir()
        _write(temporary, state, groups)
        if path.exists():
            path.rename(_hidden(folder, name, "replaced"))
        temporary.rename(path)
        _flush(folder)
    except BaseException:
        with contextlib.suppress(OSError):
            _tidy(folder)
        raise
    # The checkpoint is safe: what cannot be removed now, the next save tries again.
    with contextlib.suppress(OSError):
        _tidy(folder)
        older = sorted((other for other in _found(folder) if other < name), reverse=True)
        for other in older[keep - 1 :]:
            _remove(folder / other)
    return path


def drop_newer(checkpoint: Checkpoint | None) -> None:
    """Remove the checkpoints that are newer than the one a run resumes from: all of them are damaged."""
    if checkpoint is None:
        return
    with contextlib.suppress(OSError):
        for name, path in _found(checkpoint.path.parent).items():
            if name > checkpoint.path.name and path != checkpoint.path:
                _remove(path)


def keep_newest(folder: Path) -> None:
    """Remove all checkpoints but the one whose name sorts last, as far as they can be removed."""
    with contextlib.suppress(OSError):
        found = _found(folder)
        for name in sorted(found)[:-1]:
            _remove(found[name])


def newest_checkpoint(folder: Path, *, progress: bool = True) -> Checkpoint | None:
    """Return the undamaged checkpoint whose name sorts last; None when there is none at all.

    Args:
        folder: where `save_checkpoint` wrote.
        progress: print which damaged checkpoints were skipped, and why.

    Raises:
        ValueError: every checkpoint is damaged, or the newest has a format this version does not know.
    """
    if not folder.exists():
        return None
    damages: list[str] = []
    for name, path in sorted(_found(folder).items(), reverse=True):
        try:
            content = _checked_content(path)
        except (OSError, ValueError) as error:
            damages.append(f"{name} ({error})")
            continue
        _check_format(path, content)
        for damage in damages:
            say(f"A damaged checkpoint is skipped for {name}: {damage}.", progress=progress)
        return Checkpoint(path, content["state"])
    if damages:
        advice = f"Damaged: {'; '.join(damages)}. Start a new run with another --out."
        raise Refusal("checkpoints", "hold one that is not damaged", str(folder), advice)
    return None


def _write(folder: Path, state: Mapping[str, Any], groups: Mapping[str, Sequence[np.ndarray]]) -> None:
    """Write all files of a checkpoint and wait until the disk has them."""
    from videoqa._version import __version__

    head = {"format_version": FORMAT_VERSION, "videoqa_version": __version__}
    # NaN, which strict JSON lacks, is the loss of a run that diverged: to be seen, not a reason to stop it.
    write_text(folder / STATE, json.dumps(head | {"state": dict(state)}, indent=1))
    for group, arrays in groups.items():
        _save_arrays(folder / f"{group}.npz", arrays)
    write_manifest(folder, [STATE, *(f"{group}.npz" for group in groups)])
    for path in folder.iterdir():
        _flush(path)
    _flush(folder)


def _checked_content(path: Path) -> dict[str, Any]:
    """Return what `state.json` holds, or say what is damaged (ValueError) or unreadable (OSError)."""
    check_manifest(path, [STATE, *(file.name for file in path.glob("*.npz"))])
    return read_json(path / STATE)


def _check_format(path: Path, content: dict[str, Any]) -> None:
    """Refuse a checkpoint of another format."""
    version = content.get("format_version")
    if version != FORMAT_VERSION:
        raise Refusal(
            f"{path} was written by videoqa {content.get('videoqa_version')} (format_version {version}); "
            f"this version reads format_version {FORMAT_VERSION}. Install the version that wrote it."
        )


def _found(folder: Path) -> dict[str, Path]:
    """Return where the checkpoint of each name lies.

    A kill between the two renames of a replacement leaves the old one, whole, under its hidden name alone.
    """
    paths = [path for path in folder.iterdir() if path.is_dir()]
    found = {path.name: path for path in paths if NAME.fullmatch(path.name)}
    for path in paths:
        hidden = HIDDEN.fullmatch(path.name)
        if hidden and hidden["kind"] == "replaced":
            found.setdefault(hidden["name"], path)
    return found


def _tidy(folder: Path) -> None:
    """Give a replaced checkpoint without successor its name back; remove all else with a hidden name."""
    for path in list(folder.iterdir()):
        hidden = HIDDEN.fullmatch(path.name)
        if hidden and hidden["kind"] == "replaced" and not (folder / hidden["name"]).exists():
            path.rename(folder / hidden["name"])
        elif hidden:
            _remove(path)


def _remove(path: Path) -> None:
    """Remove a directory, of which no half is ever taken for a checkpoint; the next save tries again."""
    hidden = HIDDEN.fullmatch(path.name)
    if not hidden or hidden["kind"] == "replaced":
        path = path.rename(_hidden(path.parent, hidden["name"] if hidden else path.name, "removed"))
    shutil.rmtree(path, ignore_errors=True)


def _hidden(folder: Path, name: str, kind: str) -> Path:
    return folder / f".{name}.{kind}-{os.urandom(4).hex()}"


def _flush(path: Path) -> None:
    """Wait until the disk has a file, or the names in a directory."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems know no flushing of directories, and need none.
        if not path.is_dir() or error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def _save_arrays(path: Path, arrays: Sequence[np.ndarray]) -> None:
    """Write `arrays` to `path`, a .npz file, uncompressed; nothing is pickled, every number keeps its bits.

    Args:
        path: ends in .npz.
        arrays: of numbers, those of `ml_dtypes` (such as bfloat16) included.

    Raises:
        ValueError: an array of something else.
    """
    given = [np.asarray(array) for array in arrays]
    members = {str(number): _storable(array) for number, array in enumerate(given)}
    members[DTYPES] = np.array([array.dtype.name for array in given], dtype=np.str_)
    with open(path, "wb") as file:
        np.savez(file, **members)  # type: ignore[arg-type]


def _load_arrays(path: Path) -> list[np.ndarray]:
    """Return the arrays in `path`, in their order."""
    for _ in range(READ_ATTEMPTS - 1):
        # Before 3.11.8 and 3.12.2 Python may raise SystemError where several threads parse the head of an
        # array (gh-106905): the file is sound.
        with contextlib.suppress(SystemError):
            return _read_arrays(path)
    return _read_arrays(path)


def _read_arrays(path: Path) -> list[np.ndarray]:
    with np.load(path, allow_pickle=False) as members:
        names = members[DTYPES].tolist()
        return [_with_dtype(members[str(number)], name) for number, name in enumerate(names)]


def _storable(array: np.ndarray) -> np.ndarray:
    """Return the array, or its bytes as unsigned integers where .npy files do not know its dtype."""
    if array.dtype.isbuiltin == 2:
        return array.view(f"u{array.dtype.itemsize}")
    if array.dtype.kind not in "biufc":
        raise Refusal("arrays", "hold numbers", array.dtype.name)
    return array


def _with_dtype(stored: np.ndarray, name: str) -> np.ndarray:
    """Undo `_storable`."""
    if stored.dtype.name == name:
        return stored
    # TensorFlow brings this package; a file without such numbers is read without it.
    import ml_dtypes

    return stored.view(getattr(ml_dtypes, name))
