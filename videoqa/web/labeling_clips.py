"""The video files of tasks, and their addresses, which tell nothing of the file's name."""

import contextlib
import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from videoqa._checks import refusal
from videoqa._frame_folders import frame_files
from videoqa.data.file_names import why_none_is_there
from videoqa.labeling.tasks import Task, TaskFile
from videoqa.labeling.video_files import VideoFiles

MEDIA_TYPES = {
    **{".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm"},
    **{".mkv": "video/x-matroska", ".avi": "video/x-msvideo", ".ogv": "video/ogg"},
}
OTHER_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class ClipFiles:
    """The videos of tasks.

    Attributes:
        paths: id of a task -> absolute path of its video, a file or a folder of frames.
        missing: names of the videos that are not there.
    """

    paths: Mapping[str, str]
    missing: tuple[str, ...]


def clip_files(file: TaskFile, videos: str | os.PathLike[str] | None, beside: Path) -> ClipFiles:
    """Return where the videos of tasks are.

    Args:
        file: the tasks.
        videos: folder that they lie in, with all folders below; None: their names are paths, from the folder
            of the tasks or from the current one.
        beside: the folder of the tasks.

    Raises:
        FileNotFoundError: no such folder, or none of the videos is there.
        ValueError: a name that could mean several files.
    """
    files = VideoFiles(videos, beside)
    there: dict[str, str] = {}
    for name in dict.fromkeys(task.video for task in file.tasks):
        with contextlib.suppress(FileNotFoundError):
            path = os.path.abspath(files.path(name))
            if os.path.isfile(path) or _is_frames(path):
                there[name] = path
    if not there:
        wanted = [os.path.join(videos or beside, task.video) for task in file.tasks]
        reason = why_none_is_there(wanted, videos or beside, "the tasks") or "What they name are no files."
        advice = f"Name their folder: --videos DIR. {reason}{_no_addresses(file)}"
        received = None if videos is None else os.fspath(videos)
        raise FileNotFoundError(refusal("videos", "hold the videos of the tasks", received, advice))
    paths = {task.id: there[task.video] for task in file.tasks if task.video in there}
    return ClipFiles(paths, tuple(sorted({task.video for task in file.tasks if task.video not in there})))


def media_type(path: str) -> str:
    """Return the media type of a file by its ending."""
    return MEDIA_TYPES.get(Path(path).suffix.lower(), OTHER_TYPE)


class ClipAddresses:
    """Makes addresses that a player can load, which sends no token; each has a key of its own.

    Args:
        secret: that the keys follow from; the same after a restart, so that an open page goes on.
    """

    def __init__(self, *secret: str) -> None:
        self._secret = hashlib.sha256("\n".join(secret).encode()).digest()

    def key(self, task: str) -> str:
        """Return what has to be sent with a request for the clip of a task."""
        return hmac.new(self._secret, task.encode(), hashlib.sha256).hexdigest()[:32]

    def is_key(self, task: str, key: str) -> bool:
        """Return whether a key is that of a task, in a time that does not tell how much of it is right."""
        return hmac.compare_digest(self.key(task).encode(), key.encode("utf-8", "replace"))

    def of(self, task: Task) -> str:
        """Return the address of a task's clip."""
        return f"clips/{task.id}?key={self.key(task.id)}"


def _no_addresses(file: TaskFile) -> str:
    """Return, of tasks with addresses of their videos, that these do not help."""
    if not any(task.video_url for task in file.tasks):
        return ""
    return " The page plays files, not what lies at the `video_url` of a task."


def _is_frames(path: str) -> bool:
    try:
        return bool(frame_files(path))
    except OSError:
        return False
