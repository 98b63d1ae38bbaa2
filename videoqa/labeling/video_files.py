"""Finds the files of the videos that tasks name."""

import os
from pathlib import Path

from videoqa.data.video_index import VideoIndex, without_ending


class VideoFiles:
    """Finds the files of the videos that tasks name.

    Args:
        folder: where they lie, with all folders below; None: the names are paths, from the folder of the
            tasks or from the current one.
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
            if (each / name).exists():
                return str(each / name)
        found = None if self._index is None else self._index.find([without_ending(name)])
        if found is None:
            raise FileNotFoundError(f"{name!r} is not in {self._folder or 'the folder of the tasks'}")
        return found
