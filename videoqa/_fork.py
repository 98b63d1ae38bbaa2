"""Notices a fork after TensorFlow was used: its threads stay behind, so that it hangs in the new process."""

import os
import sys

from videoqa._checks import Refusal

_used_in: int | None = None
"""Id of the process that had used TensorFlow when this one was forked from it; None: none had."""


def notice_forks() -> None:
    """Look at each fork from now on whether TensorFlow has been used."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_after_fork)


def check_not_forked(what: str) -> None:
    """Refuse to work in a process that was forked after TensorFlow had been used.

    Args:
        what: the function that was called.
    """
    if _used_in is None:
        return
    raise Refusal(
        f"`{what}` must not be called in a process that was forked after TensorFlow was used, for TensorFlow "
        f"would hang. Received: process {os.getpid()}, forked from process {_used_in}. Start processes "
        "afresh, with multiprocessing.get_context('spawn'), and load the model in each process."
    )


def _after_fork() -> None:
    global _used_in
    if _used_in is None and _tensorflow_is_used():
        _used_in = os.getppid()


def _tensorflow_is_used() -> bool:
    """Return whether TensorFlow has computed something here; loaded alone, it has no threads yet."""
    module = sys.modules.get("tensorflow.python.eager.context")
    return bool(getattr(getattr(module, "_context", None), "_initialized", False))
