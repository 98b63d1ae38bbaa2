"""The layout of a folder of extracted frames: what writes it and what reads it agree here."""

import os
import re
from pathlib import Path

SETTINGS = "extraction.json"
"""How the frames were made; written before the first of them."""
LABELS = "label.txt"
"""One class a line; the first is label 0."""
LISTS = {"train": "train.txt", "validation": "validation.txt", "test": "test.txt"}
"""Split to the file of its lines `<class>/<video> <label> <number of frames>`."""
CLIPS = "clips.csv"
"""Where each clip comes from, and its group."""
FAILED = "failed.csv"
DONE = "done.jsonl"
"""One line for each clip that is whole, written after its last frame."""
PARTIAL = ".partial"
"""Clips that are being written."""
_FRAME = re.compile(r"(\d{4,})\.jpe?g", re.IGNORECASE)


def frame_name(number: int) -> str:
    """Return the file name of a frame, counted from 0."""
    return f"{number:04d}.jpg"


def frame_number(name: str) -> int | None:
    """Return the number of the frame that a file of this name is; None: it is no frame."""
    match = _FRAME.fullmatch(name)
    return int(match[1]) if match else None


def frame_files(folder: str | os.PathLike[str]) -> dict[int, str]:
    """Return the names of the frames in a folder by number, in order; every other file is left out."""
    found = {frame_number(name): name for name in os.listdir(folder)}
    return {number: found[number] for number in sorted(number for number in found if number is not None)}


def is_frames_set(folder: str | os.PathLike[str]) -> bool:
    """Return whether a directory holds the label file and the lists of training and test clips."""
    return all(os.path.isfile(os.path.join(folder, name)) for name in (LABELS, LISTS["train"], LISTS["test"]))


def is_extraction(folder: str | os.PathLike[str]) -> bool:
    """Return whether a directory was written to by `extract_frames`, whether or not it came to its end."""
    return os.path.isfile(os.path.join(folder, SETTINGS))


def set_of_clip(folder: str | os.PathLike[str]) -> Path | None:
    """Return the set that a clip's folder `<set>/<split>/<class>/<video>` lies in; None: in none."""
    parents = Path(os.path.abspath(folder)).parents
    root = parents[2] if len(parents) > 2 else None
    return root if root is not None and (is_extraction(root) or is_frames_set(root)) else None


def parsed_line(line: str) -> tuple[str, int, int] | None:
    """Return `class/video`, label and number of frames of a line of a list; None: it is no such line."""
    words = line.rsplit(maxsplit=2)
    if len(words) != 3 or not (words[1].isdecimal() and words[2].isdecimal()):
        return None
    parts = words[0].split("/")
    if len(parts) != 2 or any(part in ("", ".", "..") or "\\" in part for part in parts):
        return None
    return words[0], int(words[1]), int(words[2])
