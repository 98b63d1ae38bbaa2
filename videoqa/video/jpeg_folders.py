"""Reads a folder of numbered JPEGs as a video: `0000.jpg`, `0001.jpg`, ... without a gap, all of one size."""

import functools
import json
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from videoqa._counted import counted
from videoqa._frame_folders import (
    LISTS,
    SETTINGS,
    frame_files,
    frame_name,
    frame_number,
    is_extraction,
    parsed_line,
    set_of_clip,
)
from videoqa.video.errors import DecodingError
from videoqa.video.jpegs import decode_jpeg, jpeg_size
from videoqa.video.limits import PIXELS, check_limit, limits_now

KIND = "jpeg_folder"
FOLDER_FPS = 25.0
"""Frames per second of a folder without an `extraction.json`."""


State = tuple[tuple[str, int, int, int], ...]


class FolderInfo(NamedTuple):
    """Facts about a folder of frames.

    Attributes:
        height, width: in pixels, of the upright frames.
        num_frames: frames in the folder.
        fps: of the extraction, else `FOLDER_FPS`.
        is_count_stored: whether a list states the number of frames.
    """

    height: int
    width: int
    num_frames: int
    fps: float
    is_count_stored: bool


def is_frames_folder(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is a directory that holds a frame or belongs to a clip of an extraction."""
    if not os.path.isdir(path):
        return False
    if frame_files(path):
        return True
    root = set_of_clip(path)
    return root is not None and is_extraction(root)


def folder_state(path: str | os.PathLike[str]) -> State:
    """Return `(name, size, mtime_ns, inode)` of each frame of a folder, in order."""
    folder = os.fspath(path)
    stats = {name: os.stat(os.path.join(folder, name)) for name in frame_files(folder).values()}
    return tuple((name, each.st_size, each.st_mtime_ns, each.st_ino) for name, each in stats.items())


def probe_folder(path: str | os.PathLike[str]) -> FolderInfo:
    """Return the facts about a folder of frames; files that are no numbered JPEGs are ignored.

    Raises:
        DecodingError: no frame, a gap in the numbers, a frame count that differs from the set's list, a
            file that is no complete JPEG, or frames of different sizes.
    """
    folder = os.path.abspath(path)
    root = set_of_clip(folder)
    listed, fps = None, FOLDER_FPS
    if root is not None:
        listed, fps = _listed_count(root, Path(folder)), _stated_fps(root)
    return _probe_once(folder, folder_state(folder), listed, fps, limits_now())


def read_frame(folder: str, name: str, shape: tuple[int, int] | None = None) -> np.ndarray:
    """Return one frame of a folder, uint8 RGB `(height, width, 3)`, upright.

    Raises:
        DecodingError: it is gone, cannot be decoded, or is of another size than `shape`.
    """
    try:
        frame = decode_jpeg(Path(folder, name).read_bytes())
    except OSError as error:
        raise DecodingError(folder, f"{name} cannot be read ({error.strerror})") from error
    if frame is None:
        raise DecodingError(folder, f"{name} cannot be decoded")
    if shape is not None and frame.shape[:2] != shape:
        raise DecodingError(folder, _other_size(name, frame.shape[:2], shape))
    return frame


@functools.lru_cache(maxsize=4096)
def _probe_once(
    folder: str, state: State, listed: int | None, fps: float, limits: tuple[int, ...]
) -> FolderInfo:
    """Probe a folder; remembered until its files, list or rate, or a limit change."""
    names = [name for name, *_ in state]
    _check_numbers(folder, names)
    if listed not in (None, len(names)):
        cause = f"it holds {counted(len(names), 'frame')}, and {listed} stand in the list of its set"
        raise DecodingError(folder, cause, len(names), listed)
    first = _stated_size(folder, names[0])
    for name in names:
        if (size := _stated_size(folder, name)) != first:
            raise DecodingError(folder, _other_size(name, size, first))
    check_limit(PIXELS, folder, first[0] * first[1])
    height, width = read_frame(folder, names[0]).shape[:2]
    return FolderInfo(height, width, len(names), fps, listed is not None)


def _check_numbers(folder: str, names: list[str]) -> None:
    if not names:
        raise DecodingError(folder, f"it holds no frame: no {frame_name(0)}")
    numbers = [frame_number(name) for name in names]
    missing = next((place for place, number in enumerate(numbers) if place != number), None)
    if missing is not None:
        cause = f"its frames have a hole: {frame_name(missing)} is missing, {names[-1]} is there"
        raise DecodingError(folder, cause)


def _stated_size(folder: str, name: str) -> tuple[int, int]:
    try:
        return jpeg_size(os.path.join(folder, name))
    except ValueError as error:
        raise DecodingError(folder, f"{name} {error}") from error
    except OSError as error:
        raise DecodingError(folder, f"{name} cannot be read ({error.strerror})") from error


def _other_size(name: str, size: tuple[int, int], first: tuple[int, int]) -> str:
    sizes = f"{name} is {size[1]} x {size[0]} pixels, the first {first[1]} x {first[0]}"
    return f"its frames differ in size: {sizes}"


def _listed_count(root: Path, folder: Path) -> int | None:
    """Return the folder's frame count by the list of its split; None if the list does not name it."""
    split, *name = folder.relative_to(root).parts
    path = root / LISTS.get(split, "")
    if not path.is_file():
        return None
    status = path.stat()
    return _counts(str(path), status.st_mtime_ns, status.st_size).get("/".join(name))


@functools.lru_cache(maxsize=16)
def _counts(path: str, mtime_ns: int, size: int) -> dict[str, int]:
    """Return the frame count of each clip of a list; remembered until the file changes."""
    lines = Path(path).read_text("utf-8", errors="replace").splitlines()
    return {name: count for name, _, count in filter(None, map(parsed_line, lines))}


def _stated_fps(root: Path) -> float:
    try:
        fps = json.loads((root / SETTINGS).read_bytes())["fps"]
    except (OSError, ValueError, KeyError, TypeError):
        return FOLDER_FPS
    return float(fps) if isinstance(fps, (int, float)) and 0 < fps <= 1000 else FOLDER_FPS
