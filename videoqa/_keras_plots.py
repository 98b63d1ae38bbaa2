"""Loads Keras without the libraries that only its plots and its file editor use."""

import functools
import sys
from types import ModuleType

from videoqa._import_hook import Execute, ImportHook

PLOTTING = ("matplotlib", "IPython")


@functools.cache
def leave_out_plots() -> None:
    """Let Keras load as where matplotlib and IPython are not installed, which saves a quarter of its time.

    Only for processes that this package starts: in others a program may want the plots of Keras. Our own
    plots load matplotlib afterwards.
    """
    if "keras" not in sys.modules:
        sys.meta_path.insert(0, ImportHook("keras", _load_without_plots))


def _load_without_plots(execute: Execute, module: ModuleType) -> None:
    hidden = [name for name in PLOTTING if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: to import it is an ImportError
    try:
        execute(module)
    finally:
        for name in hidden:
            del sys.modules[name]
