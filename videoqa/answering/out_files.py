"""Checks a file that a command will write, before any work starts."""

import os
from pathlib import Path

from videoqa._checks import Refusal, refusal
from videoqa._files import write_text


def check_out_file(name: str, out: str | os.PathLike[str], overwrite: bool) -> Path:
    """Return the file to write to; refuse one that exists, unless it may be overwritten.

    Args:
        name: the option that names it.
        out: the file.
        overwrite: it may exist.

    Raises:
        ValueError: it is a folder or a device, or its folder does not exist.
        FileExistsError: it exists.
        PermissionError: it cannot be written.
    """
    path = Path(out)
    if path.exists() and not path.is_dir() and not path.is_file():
        raise Refusal(name, "be a file to write; this is a device", str(out))
    if path.is_file() and not overwrite:
        advice = "Name another file, or add --overwrite (in Python: overwrite=True)."
        raise FileExistsError(refusal(name, "not exist yet", str(out), advice))
    if path.is_dir() or not path.parent.is_dir():
        advice = "Its folder must exist, and it must not be a folder itself."
        raise Refusal(name, "be a file to write", str(out), advice)
    try:
        write_text(path.with_name(f".probe-{path.name}"), "")
        path.with_name(f".probe-{path.name}").unlink()
    except OSError as error:
        requirement = "be a file that can be written"
        raise PermissionError(refusal(name, requirement, str(out), f"Cause: {error}.")) from error
    return path
