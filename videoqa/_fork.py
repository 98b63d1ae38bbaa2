"""Notices a fork after TensorFlow was used: its threads stay behind, so that it hangs in the new process."""

import os
import sys
import threading
from pathlib import Path

from videoqa._checks import Refusal

_used_before = False
"""Whether TensorFlow had been used just before the last fork."""
_used_in: int | None = None
"""Id of the process that had used TensorFlow when this one was forked from it; None: none is known to."""
TASKS = Path("/proc/self/task")
"""Has a folder for each thread of this process, on Linux."""
TENSORFLOW_THREADS = "tf_"
"""How the names of some of TensorFlow's threads begin."""


def notice_forks() -> None:
    """Look at each fork from now on whether TensorFlow has been used."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_before_fork, after_in_child=_after_fork)


def check_not_forked(what: str) -> None:
    """Refuse to work in a process that was forked after TensorFlow had been used.

    Args:
        what: the function that was called.
    """
    parent = os.getppid() if _used_in is None and _has_lost_threads() else _used_in
    if parent is None:
        return
    raise Refusal(
        f"`{what}` must not be called in a process that was forked after TensorFlow was used, for TensorFlow "
        f"would hang. Received: process {os.getpid()}, forked from process {parent}. Start processes "
        "afresh, with multiprocessing.get_context('spawn'), and load the model in each process."
    )


def _before_fork() -> None:
    global _used_before
    _used_before = _tensorflow_is_used()


def _after_fork() -> None:
    global _used_in
    if _used_in is None and _used_before:
        _used_in = os.getppid()


def _tensorflow_is_used() -> bool:
    """Return whether TensorFlow has computed something here; loaded alone, it has no threads yet."""
    initialized = _context_is_initialized()
    if initialized is None:
        return any(name.startswith(TENSORFLOW_THREADS) for name in _threads().values())
    return initialized


def _has_lost_threads() -> bool:
    """Return whether TensorFlow computed before a fork that came before the import of this package.

    It has threads of its own as soon as it has computed, however few it is allowed. False also where that
    cannot be known: elsewhere than on Linux, or without the attribute of TensorFlow.
    """
    if not _context_is_initialized():
        return False
    threads: set[int | None] = set(_threads())
    own: set[int | None] = {os.getpid(), threading.get_native_id()}  # the first thread and this one
    # Python calls a thread of another library "Dummy-1"; green threads share one of the system
    own |= {each.native_id for each in threading.enumerate() if not each.name.startswith("Dummy-")}
    return bool(threads) and threads <= own


def _context_is_initialized() -> bool | None:
    """Return whether TensorFlow's eager context has its threads; None: this version does not tell."""
    if "tensorflow" not in sys.modules:
        return False
    try:
        context = sys.modules["tensorflow.python.eager.context"]._context
        return context is not None and bool(context._initialized)
    except (KeyError, AttributeError):
        return None


def _threads() -> dict[int, str]:
    """Return id and name of each thread of this process, also of those that are not Python's; {}: unknown."""
    try:
        tasks = list(TASKS.iterdir())
    except OSError:
        return {}
    return {int(task.name): _name(task) for task in tasks}


def _name(task: Path) -> str:
    """Return the name of a thread; "" if it has just ended."""
    try:
        return (task / "comm").read_text("utf-8", "replace")
    except OSError:
        return ""
