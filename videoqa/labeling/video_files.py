"""Finds the files of the videos that tasks name."""

import os
from pathlib import Path

from videoqa.data.video_index import VideoIndex, without_ending


class VideoFiles:
    """Finds the files of the videos that tasks name.

    Args:
        folder: where they lie, with all folders below, and nothing outside; None: the names are paths, from
            the folder of the tasks or from the current one.
        beside: folder of the tasks.
    """

    def __init__(self, folder: str | os.PathLike[str] | None, beside: Path) -> None:
        self._index = None if folder is None else VideoIndex(folder)
        self._folder, self._beside = folder, beside

    def path(self, name: str) -> str:
        """Return the path of a video.

        Raises:
            FileNotFoundError: it is not there.
            ValueError: several files may be meant.
        """
        folders = (self._beside, Path()) if self._folder is None else (Path(self._folder),)
        for each in folders:
            path = os.path.join(each, name)
            if os.path.exists(path) and (self._index is None or _is_inside(path, each)):
                return path
        found = None if self._index is None else self._index.find([without_ending(name)])
        if found is None:
            where = (
                self._folder or "the folder of the tasks, nor in the current one: name another by --videos"
            )
            raise FileNotFoundError(f"{name!r} is not in {where}")
        return found


def _is_inside(path: str, folder: Path) -> bool:
    """Return whether a path lies in a folder as it is written, by whatever links."""
    return Path(os.path.abspath(path)).is_relative_to(os.path.abspath(folder))
