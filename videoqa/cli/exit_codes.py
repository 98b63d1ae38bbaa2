"""Exit codes: 0 done, 2 refused input, 1 failure inside (of `doctor`: a problem), 130 Ctrl-C, 143 SIGTERM."""

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from types import FrameType

from videoqa._checks import is_refusal
from videoqa._files import DISK_FULL
from videoqa.launching.errors import WorkerAbsent, WorkerLost

DONE, FAILED, REFUSED = 0, 1, 2
REPEAT_SECONDS = 2.0
"""Python drops an exception raised in a finaliser, so `Stopped` is raised again after this time."""
CLOSED_PIPE = 128 + 13  # what a shell shows for a program whose reader went away (SIGPIPE)


class Stopped(KeyboardInterrupt):
    """The user or the system asked the program to stop; `signal_number` says how."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number


class StopSignals:
    """Turns Ctrl-C and SIGTERM into `Stopped`, and remembers the signal even if the exception is lost."""

    def __init__(self) -> None:
        self.received: int | None = None

    @contextlib.contextmanager
    def caught(self) -> Iterator[None]:
        """Catch the signals while the block runs; a second one ends the process at once."""
        previous = {}
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:
                previous[number] = signal.signal(number, self._stop)
        try:
            yield
        finally:
            if hasattr(signal, "setitimer"):
                signal.setitimer(signal.ITIMER_REAL, 0)
            if self.received is None:
                for number, handler in previous.items():
                    signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.received = number
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, self._stop_again)
            signal.setitimer(signal.ITIMER_REAL, REPEAT_SECONDS, REPEAT_SECONDS)
        raise Stopped(number)

    def _stop_again(self, number: int, frame: FrameType | None) -> None:
        raise Stopped(self.received or number)


def report(error: BaseException, stop: StopSignals) -> int:
    """Print what happened to stderr and return the exit code for it."""
    if isinstance(error, KeyboardInterrupt) or stop.received is not None:
        number = stop.received or signal.SIGINT
        by = "Ctrl-C" if number == signal.SIGINT else "SIGTERM"
        print(" ".join([f"Stopped by {by}.", *getattr(error, "__notes__", [])]), file=sys.stderr)
        return 128 + number
    if isinstance(error, BrokenPipeError):
        return CLOSED_PIPE
    is_worker = isinstance(error, (WorkerAbsent, WorkerLost))  # the same command may well succeed later
    if is_worker or is_refusal(error):
        print(f"videoqa: {_worded(error)}", file=sys.stderr)
        return FAILED if is_worker else REFUSED
    traceback.print_exception(error)
    print("videoqa: this is a failure inside, not a refused input.", file=sys.stderr)
    return FAILED


def _worded(error: BaseException) -> str:
    """Return the message of an error; of a full disk what could not be written, and what to do."""
    if not isinstance(error, OSError) or error.errno not in DISK_FULL:
        return str(error)
    if error.strerror != os.strerror(error.errno):  # it has a message of its own
        return str(error if error.filename is not None else error.strerror)
    what = "The output" if error.filename is None else str(error.filename)
    return f"{what} could not be written: {error.strerror}. Make room there, or write somewhere else."
