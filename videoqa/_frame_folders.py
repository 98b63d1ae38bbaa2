"""The layout of a folder of extracted frames, shared by its writer and its readers."""

import os
import re
from pathlib import Path

SETTINGS = "extraction.json"
"""The settings of the extraction, written before the first frame."""
LABELS = "label.txt"
"""One class a line; the first is label 0."""
LISTS = {"train": "train.txt", "validation": "validation.txt", "test": "test.txt"}
"""Split -> file with a line `<class>/<video> <label> <number of frames>` for each clip."""
CLIPS = "clips.csv"
"""The source and the group of each clip."""
FAILED = "failed.csv"
DONE = "done.jsonl"
"""One line for each complete clip, written after its last frame."""
PARTIAL = ".partial"
"""Folder of the clips that are being written."""
_FRAME = re.compile(r"(\d{4,})\.jpe?g", re.IGNORECASE)


def frame_name(number: int) -> str:
    """Return the file name of a frame, counted from 0."""
    return f"{number:04d}.jpg"


def frame_number(name: str) -> int | None:
    """Return the frame number in a file name; None if it is not a frame."""
    match = _FRAME.fullmatch(name)
    return int(match[1]) if match else None


def frame_files(folder: str | os.PathLike[str]) -> dict[int, str]:
    """Return {frame number: file name} of the frames in a folder, in order."""
    found = {frame_number(name): name for name in os.listdir(folder)}
    return {number: found[number] for number in sorted(number for number in found if number is not None)}


def is_frames_set(folder: str | os.PathLike[str]) -> bool:
    """Return whether a folder has the label file and the lists of training and test clips."""
    return all(os.path.isfile(os.path.join(folder, name)) for name in (LABELS, LISTS["train"], LISTS["test"]))


def is_extraction(folder: str | os.PathLike[str]) -> bool:
    """Return whether a folder was written by `extract_frames`, finished or not."""
    return os.path.isfile(os.path.join(folder, SETTINGS))


def set_of_clip(folder: str | os.PathLike[str]) -> Path | None:
    """Return `<set>` of a clip's folder `<set>/<split>/<class>/<video>`; None if it is in no set."""
    parents = Path(os.path.abspath(folder)).parents
    root = parents[2] if len(parents) > 2 else None
    return root if root is not None and (is_extraction(root) or is_frames_set(root)) else None


def parsed_line(line: str) -> tuple[str, int, int] | None:
    """Return `class/video`, label and number of frames of a list's line; None if it has another form."""
    words = line.rsplit(maxsplit=2)
    if len(words) != 3 or not (words[1].isdecimal() and words[2].isdecimal()):
        return None
    parts = words[0].split("/")
    if len(parts) != 2 or any(part in ("", ".", "..") or "\\" in part for part in parts):
        return None
    return words[0], int(words[1]), int(words[2])
