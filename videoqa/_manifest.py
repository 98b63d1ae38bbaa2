"""JSON files and checksum manifests, written so that a reader never sees half of one."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from videoqa._checks import Refusal, refusal

MANIFEST = "MANIFEST.json"


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write `content` as strict JSON to `path`, whole or not at all."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path` under a temporary name, then rename; undecodable names are escaped."""
    write_bytes(path, text.encode("utf-8", errors="backslashreplace"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path` under a temporary name, then rename."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in `path`.

    Raises:
        ValueError: it is no JSON object.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Refusal(f"{path} is no JSON file: {error}. Copy the folder again.") from error
    if not isinstance(content, dict):
        raise Refusal(f"{path} must hold a JSON object. Received: {type(content).__name__}.")
    return content


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(folder: Path, names: Iterable[str]) -> None:
    """Write `MANIFEST.json` of the `names` that are in `folder`; its presence means done."""
    files = {name: file_sha256(folder / name) for name in names if (folder / name).exists()}
    write_json(folder / MANIFEST, {"sha256": files})


def check_manifest(argument: str, folder: Path, names: Iterable[str]) -> None:
    """Check every file of `folder` against its manifest.

    Args:
        argument: name of the caller's argument, for the message.
        folder: folder with a `MANIFEST.json`.
        names: files that must be listed when they are there.

    Raises:
        FileNotFoundError: no manifest, or a listed file is missing.
        ValueError: a file has other bytes than listed, or is not listed.
    """
    if not (folder / MANIFEST).exists():
        requirement = f"be a complete model folder, with a {MANIFEST}"
        raise FileNotFoundError(refusal(argument, requirement, str(folder), "Is its run finished?"))
    listed = read_json(folder / MANIFEST).get("sha256")
    if not isinstance(listed, dict):
        raise Refusal(f"{folder / MANIFEST} was changed: it lists no sha256. Copy the folder again.")
    present = [name for name in names if (folder / name).exists()]
    for name in sorted({*listed, *present}):
        if name not in present:
            raise FileNotFoundError(
                f"{folder / name} is missing, but {MANIFEST} lists it. Copy the folder again."
            )
        if name not in listed:
            raise Refusal(
                f"{folder / name} is not listed in {MANIFEST}: the folder mixes parts of two models."
            )
        found = file_sha256(folder / name)
        if found != listed[name]:
            raise Refusal(
                f"{folder / name} was changed: its sha256 is {found}, {MANIFEST} says {listed[name]}. "
                "Copy the folder again, or train again."
            )
