"""Reads the text files that annotations come in: UTF-8, whatever their line ends."""

import json
import re
from pathlib import Path
from typing import Any

from videoqa._checks import Refusal, check_file
from videoqa.data.folder_walk import walk_folder


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file, with or without a byte order mark.

    Raises:
        ValueError: an empty file, a byte that is no UTF-8, or a NUL, naming the line.
    """
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"{path} must be UTF-8 text; line {line} has a byte that is not. Save the file as UTF-8."
        raise Refusal(message) from error
    if not text.strip():
        raise Refusal(f"{path} must not be empty. Received: a file without any text.")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise Refusal(f"{path} must be text; line {line} has a NUL byte. Save the file as UTF-8.")
    return text


def read_lines(path: Path) -> list[tuple[int, list[str]]]:
    """Return the words of each line that has any, with its number counted from 1."""
    lines = re.split(r"\r\n|\r|\n", read_text(path))
    return [(number, line.split()) for number, line in enumerate(lines, start=1) if line.strip()]


def read_records(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSON file that holds a list of them.

    Raises:
        ValueError: no JSON, or no list of objects, naming the first other item.
    """
    try:
        rows = json.loads(read_text(path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise Refusal(f"{path} must be JSON. Cause: {error}.") from error
    if not isinstance(rows, list) or not rows:
        raise Refusal(f"{path} must be a JSON list with at least one object. Received: {str(rows)[:60]!r}.")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise Refusal(f"{path} must be a list of objects. Received: item {number}, {row!r}.")
    return rows


def annotation_file(folder: Path, name: str, homepage: str) -> Path:
    """Return the path of a set's annotation file in `folder`.

    Raises:
        FileNotFoundError: it is missing; the message names a folder below that has it, or where to get it.
    """
    files = [] if (folder / name).exists() else walk_folder(folder).files
    elsewhere = [folder / file for file in files if file.endswith(f"/{name}")]
    advice = f"It lies in {str(elsewhere[0].parent)!r}: name that folder." if elsewhere else ""
    return check_file("annotations", folder / name, advice or f"Get the set's files from {homepage} first.")
