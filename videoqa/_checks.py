"""Refusals: the exception and its wording, the checks that raise it, and `is_refusal`."""

import contextlib
import difflib
import math
import os
import sysconfig
import traceback
from collections.abc import Collection, Iterable
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
LONGEST_SHOWN = 2000
_STANDARD_LIBRARY = sysconfig.get_paths()["stdlib"]
LONG_LIST = 12
"""Choices, behind which a hint at the nearest one would not be seen."""


class UserError(Exception):
    """The request cannot be carried out; commands print the message without a traceback."""


class Refusal(UserError, ValueError):
    """An argument is refused: `Refusal(name, requirement, received, advice)`, worded by `refusal`.

    A single argument is the whole message, as when a `Refusal` is unpickled.
    """

    def __init__(
        self, name: str, requirement: str | None = None, received: object = None, advice: str = ""
    ) -> None:
        super().__init__(name if requirement is None else refusal(name, requirement, received, advice))


class NotInstalled(UserError, ImportError):
    """An optional package is not installed; the message has the line that installs it."""


def is_refusal(error: BaseException) -> bool:
    """Return whether `error` comes from what the user asked for, rather than from a bug.

    True for a `UserError`, and for an `OSError` that this package got from the standard library, such as a
    full disk. An `OSError` from inside another library is a bug.
    """
    if not isinstance(error, OSError):
        return isinstance(error, UserError)
    files = [entry.filename for entry in traceback.extract_tb(error.__traceback__)]
    outside = [file for file in files if not _is_standard_library(file)]
    return bool(outside) and Path(outside[-1]).resolve().is_relative_to(_PACKAGE)


def _is_standard_library(file: str) -> bool:
    return file.startswith("<frozen") or (file.startswith(_STANDARD_LIBRARY) and "site-packages" not in file)


def refusal(name: str, requirement: str, received: object, advice: str = "") -> str:
    """Return `` `name` must <requirement>. Received: name=<value!r>. <advice> ``."""
    message = f"`{name}` must {requirement}. Received: {name}={_shown(received)}."
    return f"{message} {advice}" if advice else message


def _shown(value: object) -> str:
    """Return the text of a value, cut where it is of no use to a reader."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:80]}... ({len(text):,} characters)"


def check_choice(name: str, value: object, choices: Collection[str], advice: str = "") -> None:
    """Raise `ValueError` unless `value` is one of `choices`, naming the nearest one."""
    if value in choices:
        return
    if not advice and isinstance(value, str):
        near = difflib.get_close_matches(value, choices, n=1)
        advice = f"Did you mean {near[0]!r}?" if near else ""
        if near and len(choices) > LONG_LIST:  # behind so many names it would not be seen
            raise Refusal(f"{advice} {refusal(name, _one_of(choices), value)}")
    raise Refusal(name, _one_of(choices), value, advice)


def _one_of(choices: Collection[str]) -> str:
    return f"be one of {', '.join(map(repr, choices))}"


def check_integer(
    name: str, value: object, *, minimum: int | None = None, maximum: int | None = None, advice: str = ""
) -> None:
    """Raise `ValueError` unless `value` is an int (not a bool) in `[minimum, maximum]`."""
    fits = isinstance(value, int) and not isinstance(value, bool)
    fits = fits and (minimum is None or value >= minimum) and (maximum is None or value <= maximum)  # type: ignore[operator]
    if not fits:
        raise Refusal(name, f"be an integer{_range_text(minimum, maximum)}", value, advice)


def check_number(
    name: str, value: object, *, minimum: float | None = None, maximum: float | None = None, advice: str = ""
) -> None:
    """Raise `ValueError` unless `value` is a finite number in `[minimum, maximum]`."""
    fits = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    fits = fits and (minimum is None or value >= minimum) and (maximum is None or value <= maximum)  # type: ignore[operator]
    if not fits:
        raise Refusal(name, f"be a number{_range_text(minimum, maximum)}", value, advice)


def check_flag(name: str, value: object) -> None:
    """Raise `ValueError` unless `value` is a bool."""
    if not isinstance(value, bool):
        raise Refusal(name, "be True or False", value)


def check_columns(found: Iterable[str], required: Iterable[str], source: str) -> None:
    """Raise `ValueError` naming the missing columns and the ones found in `source`."""
    found = list(found)
    missing = [column for column in required if column not in found]
    if missing:
        raise Refusal(
            f"{source} must have the columns {', '.join(map(repr, required))}. Missing: "
            f"{', '.join(map(repr, missing))}. Found: {', '.join(map(repr, found)) or 'none'}."
        )


def check_file(name: str, path: str | os.PathLike[str], advice: str = "") -> Path:
    """Return `path` as a `Path` to an existing regular file.

    Raises:
        FileNotFoundError: it does not exist.
        ValueError: it is not a regular file.
    """
    found = Path(path)
    if not found.exists():
        raise FileNotFoundError(refusal(name, "be an existing file", os.fspath(path), advice))
    if not found.is_file():
        kind = "a directory" if found.is_dir() else "not a regular file"
        raise Refusal(name, f"be a file; this is {kind}", os.fspath(path), advice)
    return found


def check_directory(name: str, path: str | os.PathLike[str], advice: str = "") -> Path:
    """Return `path` as a `Path` to an existing directory.

    Raises:
        FileNotFoundError: it does not exist.
        ValueError: it is not a directory.
    """
    found = Path(path)
    if not found.exists():
        raise FileNotFoundError(refusal(name, "be an existing directory", os.fspath(path), advice))
    if not found.is_dir():
        raise Refusal(name, "be a directory; this is a file", os.fspath(path), advice)
    return found


def check_not_read(name: str, path: str | os.PathLike[str], inputs: Iterable[object]) -> None:
    """Refuse to write to `path` if it is one of the files that are read, under whatever name.

    Args:
        name: the argument that says where to write.
        path: the file that would be written.
        inputs: paths of files; all else, such as the name of a set or a DataFrame, is passed over.
    """
    for each in inputs:
        is_same = False
        with contextlib.suppress(OSError, ValueError):
            is_same = isinstance(each, (str, os.PathLike)) and os.path.samefile(path, each)
        if is_same:
            advice = f"It is {os.fspath(each)!r}, which is read here: name another file."  # type: ignore[call-overload]
            raise Refusal(name, "not be a file that is read", os.fspath(path), advice)


def _range_text(minimum: float | None, maximum: float | None) -> str:
    if minimum is not None and maximum is not None:
        return f" from {minimum} to {maximum}"
    if minimum is not None:
        return f" of at least {minimum}"
    return "" if maximum is None else f" of at most {maximum}"
