"""Spares Python's garbage collector the objects of TensorFlow, which stay as long as the process."""

import functools
import gc
import sys
from types import ModuleType

from videoqa._import_hook import Execute, ImportHook


@functools.cache
def leave_out_tensorflow() -> None:
    """Make the collector leave out what there is once TensorFlow is loaded.

    A full collection walks over half a million objects of it: several times while they are made, and once
    more as the process ends. Only for processes that this package starts: in others, what a program has made
    before TensorFlow is loaded would stay as well.
    """
    if "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, ImportHook("tensorflow", _load_and_leave_out))


def _load_and_leave_out(execute: Execute, module: ModuleType) -> None:
    """Load TensorFlow without a collection, and leave out all objects of now."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        execute(module)
        gc.freeze()
    finally:
        if was_enabled:
            gc.enable()
