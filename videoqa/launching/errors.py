"""Errors between the workers of a run."""

import signal

from videoqa._checks import UserError


class StartError(UserError, RuntimeError):
    """The workers cannot start to train together; the message says why."""


class WorkerAbsent(StartError):
    """A worker did not connect or cannot be reached; the same command may succeed later."""


class PeerStopped(StartError):
    """A worker was asked to stop before training began, so all workers stop.

    Attributes:
        signal_number: the signal it received, `signal.SIGINT` or `signal.SIGTERM`.
    """

    def __init__(self, message: str, signal_number: int = signal.SIGTERM) -> None:
        super().__init__(message)
        self.signal_number = signal_number


class WorkerLost(RuntimeError):
    """A worker died, froze or lost its connection; the message says which one and how."""


_TOLD = {each.__name__: each for each in (StartError, WorkerAbsent, WorkerLost)}


def told_error(name: object, reason: str, number: object = None) -> StartError | WorkerLost:
    """Return the error that another launcher sent as class name, message and signal number."""
    if name == PeerStopped.__name__ and number in (signal.SIGINT, signal.SIGTERM):
        return PeerStopped(reason, int(number))  # type: ignore[call-overload]
    return _TOLD.get(str(name), StartError)(reason)
