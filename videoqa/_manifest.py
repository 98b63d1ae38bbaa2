"""Reads and writes JSON files and checksum manifests; a reader never sees half a file."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from videoqa._checks import Refusal
from videoqa._files import write_text

MANIFEST = "MANIFEST.json"
MOST_JSON_BYTES, MOST_BYTES = 256 * 2**20, 16 * 2**30
"""Files of a folder that are larger are refused before they are read."""


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write `content` as strict JSON to `path`, whole or not at all."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in `path`; refuse anything else."""
    check_regular(path, MOST_JSON_BYTES)
    try:
        content = json.loads(path.read_text("utf-8"))
    except RecursionError as error:
        raise Refusal(
            f"{path} is nested too deeply to be one of our files. Copy the folder again."
        ) from error
    except ValueError as error:  # no UTF-8, no JSON, or a number of thousands of digits
        raise Refusal(f"{path} is no JSON file: {error}. Copy the folder again.") from error
    if not isinstance(content, dict):
        raise Refusal(f"{path} must hold a JSON object. Received: {type(content).__name__}.")
    return content


def check_regular(path: Path, most_bytes: int = MOST_BYTES) -> None:
    """Refuse what is no regular file, such as a link to a device, which has no end, and a file too large.

    Raises:
        FileNotFoundError: no such file.
        ValueError: naming the path.
    """
    size = path.stat().st_size
    if not path.is_file():
        raise Refusal(f"{path} must be a regular file; this is a folder, a device or a pipe.")
    if size > most_bytes:
        raise Refusal(f"{path} must have at most {most_bytes:,} bytes. Received: {size:,} bytes.")


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(folder: Path, names: Iterable[str], *, beside: Path | None = None) -> None:
    """Write `MANIFEST.json` for those of `names` that are in `folder`; its presence means done.

    Files that are not in `folder` are looked for in the folder `beside`, if there is one.
    """
    folders = [folder] if beside is None else [folder, beside]
    found = {name: [place / name for place in folders if (place / name).exists()] for name in names}
    sums = {name: file_sha256(paths[0]) for name, paths in found.items() if paths}
    write_json(folder / MANIFEST, {"sha256": sums})


def check_manifest(folder: Path, names: Iterable[str], advice: str = "") -> None:
    """Check every file of `folder` against its manifest.

    Args:
        folder: folder with a `MANIFEST.json`.
        names: files that must be listed if they exist.
        advice: text after each message.

    Raises:
        FileNotFoundError: no manifest, or a listed file is missing.
        ValueError: a file has other bytes than listed, or is not listed.
    """
    if not (folder / MANIFEST).exists():
        raise FileNotFoundError(f"{folder / MANIFEST} is missing{advice}")
    listed = read_json(folder / MANIFEST).get("sha256")
    if not isinstance(listed, dict):
        raise Refusal(f"{folder / MANIFEST} was changed: it lists no sha256{advice}")
    present = [name for name in names if (folder / name).exists()]
    for name in listed:
        if _leads_outside(name):
            raise Refusal(f"{folder / MANIFEST} was changed: it lists {name!r}, outside the folder{advice}")
    for name in present:
        check_regular(folder / name, MOST_JSON_BYTES if name.endswith(".json") else MOST_BYTES)
    for name in sorted({*listed, *present}):
        path = folder / name
        if name not in present:
            raise FileNotFoundError(f"{path} is missing, but {MANIFEST} lists it{advice}")
        if name not in listed:
            raise Refusal(f"{path} is not listed in {MANIFEST}: the folder mixes parts of two{advice}")
        if (found := file_sha256(path)) != listed[name]:
            said = f"its sha256 is {found}, {MANIFEST} says {listed[name]}"
            raise Refusal(f"{path} was changed: {said}{advice}")


def _leads_outside(name: str) -> bool:
    """Return whether a name in a manifest, on any system, is no path within its folder."""
    return any(
        path.is_absolute() or path.drive or ".." in path.parts
        for path in (PurePosixPath(name), PureWindowsPath(name))
    )
