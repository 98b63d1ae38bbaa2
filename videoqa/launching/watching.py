"""Watches a worker process and carries messages between it and the other workers. Needs no TensorFlow."""

import signal
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from videoqa._checks import Refusal
from videoqa.launching.child import ChildProcess
from videoqa.launching.messages import Patience
from videoqa.launching.rendezvous import Side
from videoqa.launching.stopping import StopRequest

LOOK_SECONDS = 0.05
CONFIRM_SECONDS = 0.5
"""A launcher that was itself frozen sees old news first; its threads then get this long to read the new."""


class Abandoned(RuntimeError):
    """The main thread stopped waiting for its local workers."""


def conversation(
    child: ChildProcess, side: Side, *, stop: StopRequest, patience: Patience, abandoned: threading.Event
) -> Iterator[dict[str, Any]]:
    """Tell the others what the worker process says, and yield that and what this worker is told by them.

    A stop request is yielded once, as {"kind": "stop", "signal": number}. It goes on until the consumer has
    what it wants, or until a failure, of whichever worker.

    Args:
        child: the worker process; one that ends early or is frozen is a failure.
        side: this worker's side of the meeting.
        stop: looked at all the time.
        patience: waiting times.
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
        problem = None if failed or may_end else _problem(child, code, patience)
        if problem is not None:
            failed = True
            side.tell("failed", **problem)
        yield from side.poll()
        time.sleep(LOOK_SECONDS)
    raise Abandoned


def _pass_on(side: Side, message: Mapping[str, Any]) -> None:
    """Tell the others what they have to know of what the worker process said."""
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


def _problem(child: ChildProcess, code: int | None, patience: Patience) -> dict[str, str] | None:
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
    limit = patience.child_silence if child.has_loaded else patience.first_sign
    if child.seconds_since_sign > limit:
        time.sleep(CONFIRM_SECONDS)
        if child.seconds_since_sign > limit:
            child.kill()
            return {"type": "frozen", "message": f"its process was frozen for {limit:g} seconds."}
    return None
