"""Lists the files of a folder for all commands alike: links followed, what programs leave passed over."""

import os
from collections.abc import Container
from dataclasses import dataclass, field
from pathlib import PurePosixPath

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
    """

    files: list[str] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def notes(self, used: Container[str] | None = None) -> list[str]:
        """Return in words what was passed over; nothing if everything was listed.

        Args:
            used: the files of the clips; others are said to be passed over. None: nothing is said of them.
        """
        notes = []
        others = [] if used is None else [name for name in self.files if name not in used]
        if others:
            notes.append(
                f"Passed over {_counted(others, 'file', 'files')} that are no clips by name or place: "
                f"{_shown(others)}."
            )
        if self.passed_over:
            notes.append(
                f"Passed over {_counted(self.passed_over, 'entry', 'entries')} left by systems and programs, "
                f"or unfinished: {_shown(self.passed_over)}."
            )
        if self.unreadable:
            notes.append(
                f"Passed over {_counted(self.unreadable, 'folder', 'folders')} that cannot be opened: "
                f"{_shown(self.unreadable)}."
            )
        return notes


def walk_folder(folder: str | os.PathLike[str], *, max_files: int | None = None) -> FolderWalk:
    """Return the files in a folder and in all folders below it, linked ones too.

    A link to a folder that it lies in is not followed, for that would never end.

    Args:
        folder: where to look; nothing is found where no folder is.
        max_files: stop after the folder in which this number is reached; None: list all.
    """
    walk = FolderWalk()
    waiting = [("", frozenset({_identity(os.fspath(folder))}))]
    while waiting and (max_files is None or len(walk.files) < max_files):
        relative, above = waiting.pop()
        try:
            names = _names(os.path.join(folder, relative))
        except OSError:
            walk.unreadable.append(relative or ".")
            continue
        for name in sorted(names, reverse=True):
            path = str(PurePosixPath(relative, name))
            if is_litter(name, names):
                walk.passed_over.append(path)
            elif not names[name]:
                walk.files.append(path)
            elif (identity := _identity(os.path.join(folder, path))) not in above:
                waiting.append((path, above | {identity}))
    walk.files.sort()
    walk.passed_over.sort()
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


def _names(folder: str) -> dict[str, bool]:
    """Return each name in a folder and whether it is a folder, or a link to one."""
    with os.scandir(folder) as entries:
        return {entry.name: _is_folder(entry) for entry in entries}


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, for one
        return False


def _identity(folder: str) -> tuple[int, int]:
    """Return what a folder has in common with every link to it."""
    try:
        status = os.stat(folder)
    except OSError:
        return (-1, -1)
    return status.st_dev, status.st_ino


def _counted(entries: list[str], one: str, several: str) -> str:
    return f"{len(entries):,} {one if len(entries) == 1 else several}"


def _shown(entries: list[str]) -> str:
    more = f" and {len(entries) - SHOWN:,} more" if len(entries) > SHOWN else ""
    return ", ".join(map(repr, entries[:SHOWN])) + more
