"""What is our own word about what the user passed, and what is a failure inside."""

import dis
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

_PACKAGE = Path(__file__).resolve().parent
_STANDARD_LIBRARY = sysconfig.get_paths()["stdlib"]


def is_refusal(error: BaseException) -> bool:
    """Return whether `error` is our own word about what the user passed, and not a failure inside.

    Ours are a `ValueError` or `ImportError` raised by a `raise` statement of this package, a `DecodingError`
    or `StartError`, and an `OSError` that reached this package through the standard library alone (a folder
    that cannot be written to, a full disk).
    """
    if is_ours_named(error, "DecodingError", "StartError"):
        return True
    frames = list(_frames(error.__traceback__))
    if isinstance(error, OSError):
        outside = [entry for entry in frames if not _is_standard_library(_file_of(entry))]
        return bool(outside) and _is_ours(_file_of(outside[-1]))
    if isinstance(error, (ValueError, ImportError)) and frames:
        innermost = frames[-1]
        code = innermost.tb_frame.f_code.co_code
        return _is_ours(_file_of(innermost)) and code[innermost.tb_lasti] == dis.opmap["RAISE_VARARGS"]
    return False


def is_ours_named(error: BaseException, *names: str) -> bool:
    """Return whether it is of one of these classes of ours, whose modules load more than this one may."""
    return type(error).__name__ in names and type(error).__module__.startswith("videoqa.")


def _frames(entry: TracebackType | None) -> Iterator[TracebackType]:
    while entry is not None:
        yield entry
        entry = entry.tb_next


def _file_of(entry: TracebackType) -> str:
    return entry.tb_frame.f_code.co_filename


def _is_ours(file: str) -> bool:
    return Path(file).resolve().is_relative_to(_PACKAGE)


def _is_standard_library(file: str) -> bool:
    return file.startswith("<frozen") or (file.startswith(_STANDARD_LIBRARY) and "site-packages" not in file)
