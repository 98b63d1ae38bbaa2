"""TensorFlow without the lines its libraries print while they load, which no setting of its own silences."""

import contextlib
import os
import shutil
import sys
import tempfile

LEVEL, OURS = "TF_CPP_MIN_LOG_LEVEL", "VIDEOQA_QUIET"
CHOSEN_BY_USER = LEVEL in os.environ and OURS not in os.environ
"""Whoever sets TensorFlow's log level wants to see what it says; `OURS` tells worker processes it was us."""


def load_tensorflow() -> None:
    """Import TensorFlow and let it look for GPUs; what it prints is shown only if that fails."""
    if "tensorflow" in sys.modules:
        return
    if CHOSEN_BY_USER:
        _load()
        return
    os.environ[LEVEL], os.environ[OURS] = "2", "1"
    try:
        shown = sys.stderr.fileno()
    except OSError:  # stderr is no real file: inside a notebook or a test
        _load()
        return
    _load_with_hidden(shown)


def _load_with_hidden(shown: int) -> None:
    sys.stderr.flush()
    with tempfile.TemporaryFile() as hidden, contextlib.ExitStack() as at_end:
        saved = os.dup(shown)
        at_end.callback(os.close, saved)
        os.dup2(hidden.fileno(), shown)
        try:
            _load()
        except BaseException:
            hidden.seek(0)
            with os.fdopen(os.dup(saved), "wb") as real:
                shutil.copyfileobj(hidden, real)
            raise
        finally:
            sys.stderr.flush()
            os.dup2(saved, shown)


def _load() -> None:
    import tensorflow

    tensorflow.config.list_physical_devices()
