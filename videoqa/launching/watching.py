"""Watches a worker process and passes messages between it and the other workers."""

import signal
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from videoqa._checks import Refusal
from videoqa.launching.child import ChildProcess
from videoqa.launching.messages import Deadlines
from videoqa.launching.rendezvous import Side
from videoqa.launching.stopping import StopRequest

LOOK_SECONDS = 0.05
CONFIRM_SECONDS = 0.5
"""Time for the threads of a launcher that was frozen itself to catch up before it judges its worker."""


class Abandoned(RuntimeError):
    """The main thread stopped waiting for its local workers."""


def conversation(
    child: ChildProcess, side: Side, *, stop: StopRequest, deadlines: Deadlines, abandoned: threading.Event
) -> Iterator[dict[str, Any]]:
    """Yield the messages from and for the worker process; its own are also sent to the other workers.

    A stop request is yielded once, as {"kind": "stop", "signal": number}. The generator ends only with an
    error; the consumer stops reading when it has what it needs.

    Args:
        child: the worker process; it fails if it ends early or freezes.
        side: this worker's side of the rendezvous.
        stop: the stop request, polled.
        deadlines: waiting times.
        abandoned: when set, `Abandoned` is raised.

    Raises:
        ValueError: the worker refused the job.
        StartError: the run cannot start.
        WorkerLost: a worker died, froze or lost its connection.
    """
    stopping = failed = False
    may_end = False  # after "ready" the process may end
    while not abandoned.is_set():
        if stop.signal is not None and not stopping:
            stopping = True
            yield {"kind": "stop", "signal": stop.signal}
        code = child.exit_code  # read before the messages, so that none can arrive after it
        for message in child.messages():
            failed = failed or message["kind"] == "failed"
            may_end = may_end or message["kind"] == "ready"
            _pass_on(side, message)
            yield message
        problem = None if failed or may_end else _problem(child, code, deadlines)
        if problem is not None:
            failed = True
            side.tell("failed", **problem)
        yield from side.poll()
        time.sleep(LOOK_SECONDS)
    raise Abandoned


def _pass_on(side: Side, message: Mapping[str, Any]) -> None:
    """Report a message of the worker process to the other workers, if they need it."""
    kind = message["kind"]
    if kind == "ready":
        side.tell("ready", fingerprint=message["fingerprint"])
    elif kind == "barrier":
        side.tell("barrier", name=message["name"])
    elif kind in ("finished", "stopped"):
        side.tell("done")
    elif kind == "failed":
        side.tell("failed", type=message["type"], message=message["message"])
        if message["type"] == "refused":
            raise Refusal(message["message"])


def _problem(child: ChildProcess, code: int | None, deadlines: Deadlines) -> dict[str, str] | None:
    """Return the failure of the worker process as fields of a "failed" message; None if it is well."""
    if code is not None:
        words = f" The last line it printed: {child.last_line}" if child.last_line else ""
        if code >= 0:
            return {"type": "died", "message": f"its process ended early with exit code {code}.{words}"}
        name = {each.value: each.name for each in signal.Signals}.get(-code, f"signal {-code}")
        if -code == signal.SIGKILL:
            name += " (which systems do when memory is short)"
        kind = "aborted" if -code == signal.SIGABRT else "died"
        return {"type": kind, "message": f"its process was killed by {name}.{words}"}
    limit = deadlines.child_silence if child.has_loaded else deadlines.first_heartbeat
    if child.seconds_since_heartbeat > limit:
        time.sleep(CONFIRM_SECONDS)
        if child.seconds_since_heartbeat > limit:
            child.kill()
            return {"type": "frozen", "message": f"its process was frozen for {limit:g} seconds."}
    return None
