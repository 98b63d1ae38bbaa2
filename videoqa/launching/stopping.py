"""Ctrl-C and SIGTERM as a request to stop at a good place; the second one stops at once."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Whether and how the process was asked to stop.

    Attributes:
        signal: number of the first signal; None: go on.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
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
            self.signal = number
        else:
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
def graceful_stop() -> Iterator[StopRequest]:
    """Catch SIGINT and SIGTERM while the block runs.

    The first signal is recorded in the request that this yields; a second one goes to the handler that was
    there before, at once. Signals that were ignored stay ignored. Outside the main thread, where Python
    allows no handlers, nobody sets the request.
    """
    request = StopRequest()
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
