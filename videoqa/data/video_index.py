"""Lists the video files of a folder and finds the one that a data set's name for a video means."""

import os
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Container, Iterable
from functools import cached_property
from pathlib import PurePosixPath

from videoqa._checks import Refusal, check_directory
from videoqa._counted import counted
from videoqa.data.folder_walk import FolderWalk, walk_folder

VIDEO_SUFFIXES = (
    *(".avi", ".mp4", ".m4v", ".mov", ".3gp", ".mkv", ".webm", ".gif", ".mpg", ".mpeg", ".m2v", ".ts"),
    *(".m2ts", ".mts", ".wmv", ".asf", ".flv", ".ogv", ".ivf", ".y4m", ".vob"),
    *(".h264", ".264", ".avc", ".hevc", ".h265", ".265", ".dv", ".mxf"),
)
"""Endings by which videos are found in a folder; the first bytes then decide what a file is."""
ARCHIVE_SUFFIXES = (
    *(".zip", ".rar", ".7z", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".gz", ".bz2", ".xz"),
)
"""Endings of archives, which have to be unpacked first."""


def folded_name(name: str) -> str:
    """Return a path as it is compared: in one Unicode form, without letter case, with `/` between parts."""
    folded = unicodedata.normalize("NFC", name).casefold()
    return unicodedata.normalize("NFC", folded).replace("\\", "/")


def without_ending(name: str) -> str:
    """Return a path without its video ending, if it has one."""
    return os.path.splitext(name)[0] if name.lower().endswith(VIDEO_SUFFIXES) else name


class VideoIndex:
    """The video files in a folder and all folders below it, found once.

    Args:
        folder: where to look.

    Raises:
        FileNotFoundError: no such folder.
        ValueError: it is a file.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = check_directory("videos", folder).absolute()
        self.respelled: dict[str, str] = {}

    @cached_property
    def paths(self) -> list[str]:
        """The videos, relative to the folder with `/` between the parts, sorted."""
        return sorted(name for name in self.walk.files if name.lower().endswith(VIDEO_SUFFIXES))

    @cached_property
    def archives(self) -> list[str]:
        """The archives that are still packed, in the form of `paths`."""
        return sorted(name for name in self.walk.files if name.lower().endswith(ARCHIVE_SUFFIXES))

    def find(self, names: Iterable[str], anywhere: Container[str] | None = None) -> str | None:
        """Return the absolute path of the video that one of `names` means; None: it is not in the folder.

        A name is a path without suffix, such as `YoYo/v_YoYo_g01_c01`. It means the file at that path, else
        the only file of that name in any folder. Letter case, Unicode form, `\\` for `/` and the video suffix
        do not matter; `respelled` keeps what was found so.

        Args:
            names: tried in this order.
            anywhere: names that may be found in other folders; None: all.

        Raises:
            ValueError: a name matches several files.
        """
        for name in names:
            key = folded_name(name)
            matches = self._by_path.get(key) or self._by_path.get(self.walk.first_path(key, folded_name), [])
            if not matches and (anywhere is None or name in anywhere):
                matches = self._by_stem.get(PurePosixPath(key).name, [])
            if len(matches) > 1 and len(set(map(self._real, matches))) > 1:
                requirement = f"hold one file that can be {name!r}"
                raise Refusal("videos", requirement, str(self.folder), _list(matches))
            if matches:
                if PurePosixPath(name).name != PurePosixPath(matches[0]).stem:
                    self.respelled[name] = matches[0]
                return os.path.join(self.folder, *matches[0].split("/"))
        return None

    def _real(self, path: str) -> str:
        return os.path.realpath(self.folder / path)

    def why_empty(self) -> str:
        """Return in words why none of the wanted videos is in the folder, and what to do."""
        if self.archives:
            return (
                f"It holds archives that are still packed, such as {self.archives[0]!r}: unpack them first."
            )
        if not self.paths:
            return " ".join(["No file in it ends like a video.", *self.walk.notes()])
        return f"It holds {counted(len(self.paths), 'other video')}, such as {self.paths[0]!r}."

    @cached_property
    def walk(self) -> FolderWalk:
        """All that lies in the folder."""
        return walk_folder(self.folder)

    @cached_property
    def _by_path(self) -> dict[str, list[str]]:
        return _grouped(self.paths, lambda path: str(path.with_suffix("")))

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        return _grouped(self.paths, lambda path: path.stem)


def _grouped(paths: list[str], key: Callable[[PurePosixPath], str]) -> dict[str, list[str]]:
    groups = defaultdict(list)
    for path in paths:
        groups[folded_name(key(PurePosixPath(path)))].append(path)
    return dict(groups)


def _list(paths: list[str]) -> str:
    return f"Found: {', '.join(map(repr, paths[:3]))}{', ...' if len(paths) > 3 else ''}. Keep one of them."
