"""Lists the files of a folder for all commands alike: links followed, what programs leave passed over."""

import enum
import heapq
import os
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from videoqa._counted import counted

_LITTER = frozenset(
    {
        *("__macosx", "icon\r", "@eadir", "@tmp", "@recycle", "@recently-snapshot", "@sharesnap", "#recycle"),
        *("#snapshot", "lost+found", "lost.dir", "$recycle.bin", "recycler", "system volume information"),
        *("thumbs.db", "ehthumbs.db", "desktop.ini", "__pycache__", "~tmp"),
    }
)
"""Names, in lower case, that systems and programs give to their own files and folders."""
_LITTER_STARTS = (".", "~$", "~syncthing~")
"""Also `._x.mp4`, `.Trash-1000`, `.ipynb_checkpoints`: a name that begins with a dot is hidden on purpose."""
_UNFINISHED = (
    *(".part", ".partial", ".crdownload", ".download", ".opdownload", ".filepart", ".aria2", ".ytdl"),
    *(".!ut", ".!qb", ".bc!", ".tmp", ".temp", ".incomplete", ".unfinished"),
)
"""Endings of files and folders that a download or a copy has not finished."""
SHOWN = 3


@dataclass
class FolderWalk:
    """What lies in a folder and below it.

    Attributes:
        files: relative to the folder, `/` between the parts, sorted.
        passed_over: files and folders that are nobody's clips, in the same form; nothing inside is listed.
        unreadable: folders that this user may not open.
        read_already: path of each linked folder that was read at another path, and that path.
    """

    files: list[str] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    read_already: dict[str, str] = field(default_factory=dict)

    def notes(self, used: Container[str] | None = None) -> list[str]:
        """Return in words what was passed over; nothing if everything was listed.

        Args:
            used: the files of the clips; others are said to be passed over. None: nothing is said of them.
        """
        notes = []
        others = [] if used is None else [name for name in self.files if name not in used]
        if others:
            notes.append(
                f"Passed over {counted(len(others), 'file')} that are no clips by name or place: "
                f"{_shown(others)}."
            )
        if self.passed_over:
            notes.append(
                f"Passed over {counted(len(self.passed_over), 'entry', 'entries')} left by systems and "
                f"programs, or unfinished: {_shown(self.passed_over)}."
            )
        if self.unreadable:
            notes.append(
                f"Passed over {counted(len(self.unreadable), 'folder')} that cannot be opened: "
                f"{_shown(self.unreadable)}."
            )
        if self.read_already:
            pairs = [f"{path!r} is {first!r}" for path, first in self.read_already.items()]
            count = counted(len(pairs), "linked folder that was", "linked folders that were")
            notes.append(f"Passed over {count} read already: {_shown(pairs, str)}.")
        return notes

    def first_path(self, path: str, form: Callable[[str], str] = str) -> str:
        """Return the path under which a file is listed, if it leads through a folder of `read_already`.

        Args:
            path: relative to the folder.
            form: in which paths are compared.
        """
        # a limit, for two paths that are the same in this form could lead to each other for ever
        for _ in range(path.count("/")):
            for other, first in self.read_already.items():
                if path.startswith(start := f"{form(other)}/"):
                    path = str(PurePosixPath(form(first), path.removeprefix(start)))
        return path


def walk_folder(folder: str | os.PathLike[str], *, max_files: int | None = None) -> FolderWalk:
    """Return the files in a folder and in all folders below it, linked ones too.

    Each folder is read once, at the path with the fewest links; of several such paths, at the first. So no
    file is listed twice, and links that lead in a circle come to an end.

    Args:
        folder: where to look; nothing is found where no folder is.
        max_files: stop after the folder in which this number is reached; None: list all.
    """
    walk = FolderWalk()
    read: dict[tuple[object, ...], str] = {}
    waiting = [(0, "")]
    while waiting and (max_files is None or len(walk.files) < max_files):
        num_links, relative = heapq.heappop(waiting)
        first = read.setdefault(_identity(os.path.join(folder, relative)), relative)
        if first != relative:
            walk.read_already[relative] = first or "."
            continue
        try:
            names = _names(os.path.join(folder, relative))
        except OSError:
            walk.unreadable.append(relative or ".")
            continue
        for name, kind in names.items():
            path = str(PurePosixPath(relative, name))
            if is_litter(name, names):
                walk.passed_over.append(path)
            elif kind is _Kind.FILE:
                walk.files.append(path)
            else:
                heapq.heappush(waiting, (num_links + (kind is _Kind.LINKED_FOLDER), path))
    walk.files.sort()
    walk.passed_over.sort()
    walk.read_already = dict(sorted(walk.read_already.items()))
    return walk


def is_litter(name: str, beside: Container[str] = ()) -> bool:
    """Return whether a file or folder is of a system or a program, or is unfinished, by its name.

    Args:
        name: without its folder.
        beside: the names in its folder; a file that aria2 has not finished has its `.aria2` beside it.
    """
    lower = name.lower()
    return (
        lower in _LITTER
        or lower.startswith(_LITTER_STARTS)
        or lower.endswith(_UNFINISHED)
        or f"{name}.aria2" in beside
    )


class _Kind(enum.Enum):
    FILE = enum.auto()
    FOLDER = enum.auto()
    LINKED_FOLDER = enum.auto()


def _names(folder: str) -> dict[str, _Kind]:
    """Return each name in a folder and what it is."""
    with os.scandir(folder) as entries:
        return {entry.name: _kind(entry) for entry in entries}


def _kind(entry: os.DirEntry[str]) -> _Kind:
    try:
        if not entry.is_dir():
            return _Kind.FILE
        return _Kind.LINKED_FOLDER if entry.is_symlink() else _Kind.FOLDER
    except OSError:  # a link to itself, for one
        return _Kind.FILE


def _identity(folder: str) -> tuple[object, ...]:
    """Return what a folder has in common with every link to it."""
    try:
        status = os.stat(folder)
    except OSError:
        return (folder,)
    # some network file systems number nothing
    return (status.st_dev, status.st_ino) if status.st_ino else (os.path.realpath(folder),)


def _shown(entries: list[str], form: Callable[[str], str] = repr) -> str:
    more = f" and {len(entries) - SHOWN:,} more" if len(entries) > SHOWN else ""
    return ", ".join(map(form, entries[:SHOWN])) + more
