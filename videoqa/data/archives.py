"""Finds archives that are still packed, by their first bytes or name, and says how to unpack them."""

import os
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from videoqa._checks import Refusal
from videoqa.data.folder_walk import walk_folder
from videoqa.data.video_index import ARCHIVE_SUFFIXES, VIDEO_SUFFIXES

_COMMANDS = {
    "zip": "unzip {file} -d {folder}",
    "rar": "unrar x {file} {folder}/",
    "7z": "7z x {file} -o{folder}",
    "tar": "tar -xf {file} -C {folder}",
    "gz": "gunzip -k {file}",
    "bz2": "bunzip2 -k {file}",
    "xz": "unxz -k {file}",
    "zst": "unzstd {file}",
}
_KIND_OF_SUFFIX = {
    **dict.fromkeys((".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst"), "tar"),
    **{".zip": "zip", ".zip.001": "zip", ".rar": "rar", ".7z": "7z", ".7z.001": "7z"},
    **{".gz": "gz", ".bz2": "bz2", ".xz": "xz", ".zst": "zst"},
}
_MAGIC = (
    (0, b"PK\x03\x04", "zip"),
    (0, b"Rar!\x1a\x07", "rar"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (257, b"ustar", "tar"),
    (0, b"\x1f\x8b", "gz"),
    (0, b"BZh", "bz2"),
    (0, b"\xfd7zXZ\x00", "xz"),
    (0, b"\x28\xb5\x2f\xfd", "zst"),
)
_READ_BYTES = 300
_NO_ARCHIVE = (
    *(".txt", ".csv", ".jsonl", ".json", ".md", ".docx", ".xlsx", ".npz", ".py", ".h5", ".png", ".jpg"),
)
"""Files with these endings are not opened: some are zip files inside, but none holds videos."""


def archives_in(folders: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the path of each archive in `folders` and below, without later parts, and how to unpack it."""
    seen = set()
    for top in folders:
        for name in walk_folder(top).files:
            path = os.path.join(top, name)
            if path in seen:
                continue
            seen.add(path)
            kind = archive_kind(path)
            if kind is not None:
                yield path, how_to_unpack(path, kind)


def archive_kind(path: str) -> str | None:
    """Return the kind of an archive, by its first bytes, else by its name; None: it is no archive."""
    name = os.path.basename(path).lower()
    if name.endswith((*VIDEO_SUFFIXES, *_NO_ARCHIVE)) or _is_later_part(name):
        return None
    named = next((kind for end, kind in _BY_LENGTH if name.endswith(end)), None)
    try:
        with open(path, "rb") as file:
            head = file.read(_READ_BYTES)
    except OSError:
        return named
    found = next((kind for start, magic, kind in _MAGIC if head[start:].startswith(magic)), None)
    return "tar" if named == "tar" else found or named


def how_to_unpack(path: str, kind: str) -> str:
    """Return the advice for an archive: the line to type."""
    file, folder = shlex.quote(path), shlex.quote(os.path.dirname(path) or ".")
    return f"still packed; unpack it: {_COMMANDS[kind].format(file=file, folder=folder)}"


def check_unpacked(videos: Iterable[str]) -> None:
    """Raise `ValueError`, saying how to unpack, if an archive was given instead of the videos' folder."""
    for path in videos:
        kind = archive_kind(path) if Path(path).is_file() else None
        if kind is not None:
            requirement = "be a directory; this is an archive"
            raise Refusal("videos", requirement, path, f"It is {how_to_unpack(path, kind)}")


def _is_later_part(name: str) -> bool:
    """Return whether a file is the second or a later part of a split archive."""
    stem, _, end = name.rpartition(".")
    if end == "rar" and ".part" in stem:
        number = stem.rpartition(".part")[2]
        return number.isdigit() and int(number) > 1
    return end.isdigit() and int(end) > 1


_BY_LENGTH = sorted(
    {**{end: end.rpartition(".")[2] for end in ARCHIVE_SUFFIXES}, **_KIND_OF_SUFFIX}.items(),
    key=lambda item: -len(item[0]),
)
