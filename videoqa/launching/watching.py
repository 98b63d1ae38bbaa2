"""Watches a worker process and carries messages between it and the other workers. Needs no TensorFlow."""

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
"""A launcher that was frozen itself sees old messages first; this is how long its threads get to read on."""


class Abandoned(RuntimeError):
    """The main thread stopped waiting for its local workers."""


def conversation(
    child: ChildProcess, side: Side, *, stop: StopRequest, deadlines: Deadlines, abandoned: threading.Event
) -> Iterator[dict[str, Any]]:
    """Yield the messages of the worker process, which also go to the other workers, and those for it.

    A stop request is yielded once, as {"kind": "stop", "signal": number}. It goes on until the consumer has
    what it wants, or until a failure, of whichever worker.

    Args:
        child: the worker process; one that ends early or is frozen is a failure.
        side: this worker's side of the rendezvous.
        stop: looked at all the time.
        deadlines: waiting times.
        abandoned: when set, all ends with `Abandoned`.

    Raises:
        ValueError: the worker refused the job.
        StartError: the workers did not come together.
        WorkerLost: one died, froze or vanished.
    """
    stopping = failed = False
    may_end = False  # the process has said that all is prepared
    while not abandoned.is_set():
        if stop.signal is not None and not stopping:
            stopping = True
            yield {"kind": "stop", "signal": stop.signal}
        code = child.exit_code  # before its messages: then none can come after it
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
    """Tell the other workers what they need to know of a message of the worker process."""
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
    """Return what is wrong with the worker process, as fields of a "failed" message; None: nothing."""
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
