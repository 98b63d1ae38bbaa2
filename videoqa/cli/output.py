"""Prints a result as one strict JSON object on stdout, and everything else on stderr."""

import contextlib
import dataclasses
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any, TextIO


@contextlib.contextmanager
def only_json_on_stdout() -> Iterator[TextIO]:
    """Yield the real stdout, and send everything else that is written to stdout to stderr.

    Redirects the file descriptor, because the C++ code of TensorFlow and FFmpeg writes past `sys.stdout`.
    """
    sys.stdout.flush()
    try:
        target, source = sys.stdout.fileno(), sys.stderr.fileno()
    except OSError:  # stdout or stderr is no real file: inside a notebook or a test
        with contextlib.redirect_stdout(sys.stderr):
            yield sys.__stdout__ or sys.stdout
        return
    saved = os.dup(target)
    os.dup2(source, target)
    try:
        with os.fdopen(os.dup(saved), "w", encoding="utf-8") as real:
            yield real
    finally:
        sys.stdout.flush()
        os.dup2(saved, target)
        os.close(saved)


def json_text(result: Any) -> str:
    """Return `result` as one line of strict JSON; NaN and infinity become null."""
    text = json.dumps(_plain(result), ensure_ascii=False, allow_nan=False)
    return text.encode(errors="backslashreplace").decode()  # of a name that is not UTF-8: \\udcff, as in JSON


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return _plain(value.to_dict(orient="records"))
    if hasattr(value, "tolist"):  # numpy arrays and scalars
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)
