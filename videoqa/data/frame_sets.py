"""Reads a folder of extracted frames as a source of actions, whose videos are folders of JPEGs."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from videoqa._checks import Refusal
from videoqa._frame_folders import CLIPS, LABELS, LISTS, SETTINGS, is_extraction, is_frames_set, parsed_line
from videoqa._tables import without_guard
from videoqa.data.delimited_files import read_delimited
from videoqa.data.text_files import read_text

GROUP_PATTERN = re.compile(r"_(g\d+)_c\d+$")
"""Finds the group in a clip's name of UCF101's form; the clips of a group were cut from one video."""


def is_frames_source(text: str) -> bool:
    """Return whether `text` is the path of a finished or unfinished extraction of frames."""
    return os.path.isdir(text) and (is_frames_set(text) or is_extraction(text))


def read_frames_set(text: str) -> pd.DataFrame:
    """Return the clips that the lists of a folder of frames name, as a table of actions.

    Args:
        text: folder with `label.txt`, `train.txt` and `test.txt`, perhaps `validation.txt`.

    Returns:
        Table with the columns of a CSV source: `video_id` (`<class>/<video>`), `video_path` (the clip's
        folder), `label`, `split`, `group`; `attrs["classes"]` in the order of `label.txt`.

    Raises:
        ValueError: the extraction is unfinished, or a list is invalid, naming the line.
    """
    folder = Path(os.path.abspath(text))
    if not is_frames_set(folder):
        requirement = f"hold {LABELS}, {LISTS['train']} and {LISTS['test']}"
        advice = f"Its extraction ({SETTINGS}) did not come to its end: run videoqa extract-frames again."
        raise Refusal("data", requirement, text, advice)
    classes = _classes(folder / LABELS)
    groups = _groups(folder / CLIPS)
    rows, lines_of = [], dict[str, str]()
    for split, name in LISTS.items():
        for where, clip, label in _lines(folder / name, classes):
            if clip in lines_of:
                advice = f"It stands in {lines_of[clip]} and in {where}: remove one."
                raise Refusal("clip", "have one line in the lists of its set", clip, advice)
            lines_of[clip] = where
            path = str(folder / split / clip)
            rows.append((clip, path, classes[label], split, groups.get(clip) or _group(clip, classes[label])))
    table = pd.DataFrame(rows, columns=["video_id", "video_path", "label", "split", "group"], dtype=object)
    table.attrs["classes"] = classes
    return table


def _classes(path: Path) -> list[str]:
    classes = [line.strip() for line in read_text(path).rstrip().split("\n")]
    for number, label in enumerate(classes, start=1):
        if not label or label in classes[: number - 1]:
            requirement = "hold one class a line, each once and none blank"
            raise Refusal(f"{path} must {requirement}. Received: line {number}, {label!r}.")
    return classes


def _lines(path: Path, classes: list[str]) -> Iterator[tuple[str, str, int]]:
    """Yield the place of each line in words, its clip and its label."""
    if not path.exists() or not path.stat().st_size:
        return
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        parsed = parsed_line(line)
        if parsed is None:
            requirement = "hold lines such as 'class/video 0 26': clip, label from 0, number of frames"
            raise Refusal(f"{path} must {requirement}. Received: line {number}, {line.strip()!r}.")
        if parsed[1] >= len(classes):
            requirement = f"be a label from 0 to {len(classes) - 1}, the lines of {LABELS}"
            raise Refusal("label", requirement, parsed[1], f"It is line {number} of {path}.")
        yield f"line {number} of {path}", parsed[0], parsed[1]


def _groups(path: Path) -> dict[str, str]:
    """Return each clip's group in the table that the frames were extracted from."""
    if not path.exists():
        return {}
    table = read_delimited(read_text(path), str(path))[0].map(without_guard)
    if not {"clip", "group"} <= set(table.columns):
        return {}
    return {clip: group for clip, group in zip(table["clip"], table["group"], strict=True) if clip and group}


def _group(clip: str, label: str) -> str:
    match = GROUP_PATTERN.search(clip)
    return f"{label}/{match[1]}" if match else ""
