"""Ctrl-C and SIGTERM as a request to stop at a good place; the second one stops at once."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

from videoqa._progress import say

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
STOPPING = "Stopping: the step is finished and saved. A second Ctrl-C stops at once."
ECHO_SECONDS = 2.0
"""The same signal again within this time counts once: wrappers send on what the terminal sent to all."""


class StopRequest:
    """Whether and how the process was asked to stop.

    Attributes:
        signal: number of the first signal; None: go on.

    Args:
        speaks: print a line when a signal arrives here.
    """

    def __init__(self, speaks: bool = False) -> None:
        self.signal: int | None = None
        self._speaks = speaks
        self._first_at = 0.0
        self._earlier: dict[int, Any] = {}
        self._catching = False

    def note(self, number: int | None) -> None:
        """Record a signal that another machine got, unless there was one before; None: nothing."""
        if self.signal is None:
            self.signal = number

    def _catch(self) -> None:
        for number in STOP_SIGNALS:
            handler = signal.getsignal(number)
            if handler not in (signal.SIG_IGN, None):  # None: set by C code, which could not be put back
                self._earlier[number] = handler
                signal.signal(number, self._handle)
        self._catching = True

    def _release(self) -> None:
        """Put the earlier handlers back, once: what they set up themselves afterwards stays."""
        if self._catching:
            self._catching = False
            for number, handler in self._earlier.items():
                signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.signal is None:
            self.signal, self._first_at = number, time.monotonic()
            if self._speaks:
                with contextlib.suppress(
                    OSError, RuntimeError
                ):  # stderr is gone, or being written to just now
                    say(STOPPING)
        elif number != self.signal or time.monotonic() - self._first_at > ECHO_SECONDS:
            self._hand_on(number, frame)

    def _hand_on(self, number: int, frame: FrameType | None = None) -> None:
        self._release()
        handler = self._earlier.get(number)
        if callable(handler):
            handler(number, frame)
        elif handler is signal.SIG_DFL:
            os.kill(os.getpid(), number)
        else:
            raise KeyboardInterrupt(number)


@contextlib.contextmanager
def graceful_stop(*, speaks: bool = True) -> Iterator[StopRequest]:
    """Catch SIGINT and SIGTERM while the block runs.

    The first signal is recorded in the request that this yields; a second one goes to the handler that was
    there before, at once (the same one within two seconds counts once). Signals that were ignored stay
    ignored. Outside the main thread, where Python allows no handlers, nobody sets the request.

    Args:
        speaks: say on stderr that the work comes to its end; False where a launcher says so.
    """
    request = StopRequest(speaks)
    if threading.current_thread() is threading.main_thread():
        request._catch()
    try:
        yield request
    finally:
        request._release()


def raise_again(request: StopRequest) -> None:
    """Give the recorded signal, now that the work is saved, to the handler that was there before.

    Without a signal nothing happens. By default SIGINT raises KeyboardInterrupt and SIGTERM ends the process;
    this returns only where a handler of the user's does. Where there is none to give it to (the signal came
    to another machine, and here it is ignored or this is not the main thread) KeyboardInterrupt is raised:
    the run is not complete.
    """
    if request.signal is not None:
        request._hand_on(request.signal)
