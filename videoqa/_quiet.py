"""Hides the lines that TensorFlow's libraries print while they load; no setting of TensorFlow does."""

import contextlib
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from types import ModuleType

from videoqa._import_hook import Execute, ImportHook

LEVEL, SILENT = "TF_CPP_MIN_LOG_LEVEL", "3"
"""TensorFlow's log level, and its silent value. Real errors reach Python as exceptions; errors that are only
logged are noise, such as a missing GPU or `E0000 … oneDNN supports DT_BOOL`."""


def keep_tensorflow_quiet() -> None:
    """Make the first import of TensorFlow silent, unless its log level is set to print."""
    if "tensorflow" not in sys.modules and os.environ.get(LEVEL, SILENT) == SILENT:
        sys.meta_path.insert(0, ImportHook("tensorflow", _load_quietly))


def _load_quietly(execute: Execute, module: ModuleType) -> None:
    """Load TensorFlow with its output hidden, unless its log level has been set to print by now."""
    if os.environ.setdefault(LEVEL, SILENT) != SILENT:
        execute(module)
        return
    with hidden_unless_it_fails():
        execute(module)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


@contextlib.contextmanager
def hidden_unless_it_fails() -> Iterator[None]:
    """Hide output to file descriptor 2, which C++ writes to directly; show it if the block fails."""
    try:
        hidden = tempfile.TemporaryFile()
        saved = os.dup(2)
    except OSError:  # closed, so that nothing can be seen; or no folder to write to
        yield
        return
    with hidden, os.fdopen(saved, "wb") as real:
        _flush()
        os.dup2(hidden.fileno(), 2)
        try:
            yield
        except BaseException:
            _flush()
            hidden.seek(0)
            shutil.copyfileobj(hidden, real)
            raise
        finally:
            _flush()
            os.dup2(saved, 2)


def _flush() -> None:
    with contextlib.suppress(AttributeError, OSError, ValueError):  # no stderr, or one that was closed
        sys.stderr.flush()
