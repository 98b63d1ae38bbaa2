"""Turns Ctrl-C and SIGTERM into a request to stop at a good place; a second signal stops at once."""

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
"""A repeated signal within this time counts once: wrappers may forward what the terminal sent already."""


class StopRequest:
    """A request to stop the process.

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
        """Record a signal that another machine got, unless one is recorded already."""
        if self.signal is None:
            self.signal = number

    def _catch(self) -> None:
        for number in STOP_SIGNALS:
            handler = signal.getsignal(number)
            if handler not in (signal.SIG_IGN, None):  # None: set by C code and cannot be restored
                self._earlier[number] = handler
                signal.signal(number, self._handle)
        self._catching = True

    def _release(self) -> None:
        """Restore the earlier handlers, once; handlers set later stay."""
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

    The first signal is recorded in the yielded request. A second one goes to the earlier handler at once; the
    same signal within two seconds counts once. Ignored signals stay ignored. Outside the main thread Python
    allows no handlers, so the request is never set.

    Args:
        speaks: print a message on stderr at the first signal; False if a launcher prints it.
    """
    request = StopRequest(speaks)
    if threading.current_thread() is threading.main_thread():
        request._catch()
    try:
        yield request
    finally:
        request._release()


def raise_again(request: StopRequest) -> None:
    """Pass the recorded signal, if any, to the earlier handler, now that the work is saved.

    By default SIGINT raises KeyboardInterrupt and SIGTERM ends the process. This returns only if a handler of
    the user's returns. KeyboardInterrupt is also raised if there is no handler here (the signal came to
    another machine, or this is not the main thread), because the run is not complete.
    """
    if request.signal is not None:
        request._hand_on(request.signal)
