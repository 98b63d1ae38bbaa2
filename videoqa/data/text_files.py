"""Reads the text files that annotations come in: UTF-8 or UTF-16, whatever their line ends."""

import codecs
import json
import re
from pathlib import Path
from typing import Any

from videoqa._checks import Refusal, check_file
from videoqa.data.folder_walk import walk_folder

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NO_TEXT = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive. Name it .xlsx if it is one, or save it as .csv."),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook of the old kind. Save it as .xlsx or .csv."),
    (b"\x1f\x8b", "a gzip archive. Unpack it first."),
    (b"BZh", "a bzip2 archive. Unpack it first."),
    (b"PAR1", "a Parquet file. Read it with pandas, and give the DataFrame."),
    (b"SQLite format 3\0", "a database. Save the table as .csv."),
)
"""First bytes of files that people give a text's name, what they are, and what to do."""
HEAD_BYTES = 16
"""Looked at for UTF-16 without a mark: a table begins with letters of English."""


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file, with or without a byte order mark, or of one in UTF-16 or UTF-32.

    Raises:
        ValueError: an empty file, another kind of file, a byte that is no UTF-8, or a NUL, naming the line.
    """
    content = path.read_bytes()
    for start, what in _NO_TEXT:
        if content.startswith(start):
            raise Refusal(f"{path} must be text. Received: {what}")
    encoding = _encoding(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8-sig":
            cause = f"it begins as {encoding[:6].upper()} does, and goes on otherwise"
            raise Refusal(f"{path} must be text; {cause}. Save the file as UTF-8.") from error
        line = content.count(b"\n", 0, error.start) + 1
        message = f"{path} must be UTF-8 text; line {line} has a byte that is not. Save the file as UTF-8."
        raise Refusal(message) from error
    if not text.strip():
        raise Refusal(f"{path} must not be empty. Received: a file without any text.")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise Refusal(f"{path} must be text; line {line} has a NUL byte. Save the file as UTF-8.")
    return text


def _encoding(content: bytes) -> str:
    """Return the encoding that a file's first bytes are of."""
    for mark, name in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return name
    first, second = content[0:HEAD_BYTES:2], content[1:HEAD_BYTES:2]
    if len(content) >= HEAD_BYTES and not any(second) and all(first):
        return "utf-16-le"
    return "utf-16-be" if len(content) >= HEAD_BYTES and not any(first) and all(second) else "utf-8-sig"


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
