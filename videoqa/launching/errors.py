"""What can go wrong between workers."""

import signal

from videoqa._checks import UserError


class StartError(UserError, RuntimeError):
    """The workers cannot train together as they were started; the message says what differs."""


class WorkerAbsent(StartError):
    """A worker did not come, or cannot be reached: the same command may well succeed later."""


class PeerStopped(StartError):
    """A worker was asked to stop before training had begun, and all stop with it.

    Attributes:
        signal_number: how it was asked, `signal.SIGINT` or `signal.SIGTERM`.
    """

    def __init__(self, message: str, signal_number: int = signal.SIGTERM) -> None:
        super().__init__(message)
        self.signal_number = signal_number


class WorkerLost(RuntimeError):
    """A worker died, froze or vanished during the run; the message says which one and how."""


_TOLD = {each.__name__: each for each in (StartError, WorkerAbsent, WorkerLost)}


def told_error(name: object, reason: str, number: object = None) -> StartError | WorkerLost:
    """Return the error that another launcher reports by its class, message and signal number."""
    if name == PeerStopped.__name__ and number in (signal.SIGINT, signal.SIGTERM):
        return PeerStopped(reason, int(number))  # type: ignore[call-overload]
    return _TOLD.get(str(name), StartError)(reason)
