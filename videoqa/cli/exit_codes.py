"""Exit codes: 0 done, 2 refused input, 1 failure inside (of `doctor`: a problem), 130 Ctrl-C, 143 SIGTERM."""

import contextlib
import dis
import signal
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType

DONE, FAILED, REFUSED = 0, 1, 2
REPEAT_SECONDS = 2.0
"""An exception raised while an object is finalised is lost; so `Stopped` is raised again until it arrives."""
CLOSED_PIPE = 128 + 13  # what a shell shows for a program whose reader went away (SIGPIPE)

_PACKAGE = Path(__file__).resolve().parents[1]
_STANDARD_LIBRARY = sysconfig.get_paths()["stdlib"]


class Stopped(KeyboardInterrupt):
    """The user or the system asked the program to stop; `signal_number` says how."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number


class StopSignals:
    """Turns Ctrl-C and SIGTERM into `Stopped`, and remembers the first, whatever is made of the exception."""

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
        print("Stopped by Ctrl-C." if number == signal.SIGINT else "Stopped by SIGTERM.", file=sys.stderr)
        return 128 + number
    if isinstance(error, BrokenPipeError):
        return CLOSED_PIPE
    if is_refusal(error):
        print(f"videoqa: {error}", file=sys.stderr)
        return REFUSED
    if _is(error, "WorkerLost"):
        print(f"videoqa: {error}", file=sys.stderr)
        return FAILED
    traceback.print_exception(error)
    print("videoqa: this is a failure inside, not a refused input.", file=sys.stderr)
    return FAILED


def is_refusal(error: BaseException) -> bool:
    """Return whether `error` is our own word about what the user passed, and not a failure inside.

    Ours are a `ValueError` or `ImportError` raised by a `raise` statement of this package, a `DecodingError`
    or `StartError`, and an `OSError` that reached this package through the standard library alone (a folder
    that cannot be written to, a full disk).
    """
    if _is(error, "DecodingError", "StartError"):
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


def _is(error: BaseException, *names: str) -> bool:
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
