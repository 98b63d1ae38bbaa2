"""The control of one process of a run: its index among the workers, barriers, and stopping together."""

import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from videoqa.launching.stopping import StopRequest

if TYPE_CHECKING:
    from videoqa.launching.reporting import Reporter

_TERMINATE_CODE = 4096.0
"""More than there can be workers: codes are summed, and many interrupts must not look like a SIGTERM."""


class TrainingStopped(Exception):
    """Training ended early because it was asked to; its state is in the newest checkpoint.

    Attributes:
        signal_number: how it was asked, `signal.SIGINT` or `signal.SIGTERM`.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"Stopped by signal {signal_number}.")
        self.signal_number = signal_number


@dataclass(frozen=True)
class RunControl:
    """What a process needs to act together with the other workers of its run.

    Attributes:
        index: of this worker; worker 0 writes the folder.
        stop: set when a signal asks this process to stop.
        reporter: the way to the launcher; None: nobody else trains.
    """

    index: int = 0
    stop: StopRequest = field(default_factory=StopRequest)
    reporter: "Reporter | None" = None

    @property
    def is_chief(self) -> bool:
        """Whether this worker validates, writes and shows progress."""
        return self.index == 0

    def stop_code(self) -> float:
        """Return a number that says whether and how this worker was asked to stop; see `signal_of`."""
        number = self.reporter.stop_signal if self.reporter is not None else self.stop.signal
        if number is None:
            return 0.0
        return _TERMINATE_CODE if number == signal.SIGTERM else 1.0

    def barrier(self, name: str) -> None:
        """Wait until every worker has come to the barrier `name`, for as long as all of them are alive."""
        if self.reporter is not None:
            self.reporter.barrier(name)


def signal_of(codes: float) -> int | None:
    """Return the signal that a sum of stop codes stands for; None: nobody was asked to stop."""
    if codes <= 0:
        return None
    return signal.SIGTERM if codes >= _TERMINATE_CODE else signal.SIGINT
