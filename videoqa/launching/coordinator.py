"""Worker 0's side of the rendezvous: receives the reports of all workers and tells them what to do next."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from videoqa.launching.cluster import Cluster, host_and_port
from videoqa.launching.errors import PeerStopped, StartError, WorkerAbsent, WorkerLost
from videoqa.launching.listening import Listener
from videoqa.launching.messages import Connection, Deadlines, close_all

SECONDARY_FAILURES = ("aborted", "collective")
"""Failures that usually follow from another worker's failure; the first says more about the cause."""
RETRY_SECONDS = 0.2
_NO_LINGER = struct.pack("ii", 1, 0)  # leave no half-closed connection on a port that TensorFlow will bind


class Dial:
    """Tries in a thread to connect to an address, until it answers or the time is over.

    Args:
        address: "host:port".
        seconds: how long to try.

    Attributes:
        problem: why the address cannot be reached; "": it can be reached; None: not known yet.
    """

    def __init__(self, address: str, seconds: float) -> None:
        self.problem: str | None = None
        self._address, self._deadline = host_and_port(address), time.monotonic() + seconds
        threading.Thread(target=self._call, name="videoqa-dial", daemon=True).start()

    def _call(self) -> None:
        while True:
            try:
                seconds = max(RETRY_SECONDS, self._deadline - time.monotonic())
                with socket.create_connection(self._address, timeout=seconds) as connected:
                    with contextlib.suppress(OSError):
                        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
                self.problem = ""
                return
            except (OSError, UnicodeError) as error:  # UnicodeError: no host can have this name
                if time.monotonic() + RETRY_SECONDS > self._deadline:
                    self.problem = getattr(error, "strerror", None) or str(error)
                    return
            time.sleep(RETRY_SECONDS)


@dataclass
class _Peer:
    """The state of one worker: its connection (None for worker 0) and what it has reported."""

    connection: Connection | None = None
    launcher: str = ""
    has_answered: bool = False
    dial: Dial | None = None
    fingerprint: dict[str, str] | None = None


class Coordinator:
    """Worker 0's side; all other workers connect to it.

    Args:
        cluster: the workers.
        decide: called once, when all workers are ready with equal fingerprints; its result is sent to all.
        start_timeout: seconds to wait for an absent worker.
        deadlines: the other waiting times.
        listener: the port that the others connect to; None for a cluster of one.
    """

    def __init__(
        self,
        cluster: Cluster,
        decide: Callable[[], Mapping[str, Any]],
        start_timeout: float,
        deadlines: Deadlines,
        listener: Listener | None,
    ) -> None:
        self._cluster, self._decide = cluster, decide
        self._start_timeout, self._deadlines = start_timeout, deadlines
        self._listener = listener
        self._members = [_Peer() for _ in cluster.workers]
        self._turned_away: list[Connection] = []
        self._said: dict[str, set[int]] = {}
        self._secondary_failures: dict[int, tuple[str, str]] = {}
        self._inbox: list[dict[str, Any]] = []
        self._phase = "gathering"
        self._verdict: Exception | None = None
        self._start = self._last_reminder = self._first_secondary_failure = time.monotonic()

    def tell(self, kind: str, **fields: Any) -> None:
        """Report something as worker 0."""
        self._take(0, {"kind": kind, **fields})

    def poll(self) -> list[dict[str, Any]]:
        """Read and write all connections, and return the messages for worker 0.

        Raises:
            StartError: the run cannot start.
            WorkerLost: a worker died, froze or lost its connection.
        """
        if self._verdict is None:
            for arrived, hello in self._listener.arrivals() if self._listener is not None else ():
                self._greet(arrived, hello)
                self._hear()  # notice if an earlier launcher of this worker is gone
            self._hear()
            if self._phase == "gathering":
                self._gather()
            self._find_cause()
        if self._verdict is not None:
            raise self._verdict
        told, self._inbox = self._inbox, []
        return told

    def close(self) -> None:
        """Close all connections."""
        self._stop_listening()
        members = [member.connection for member in self._members if member.connection is not None]
        close_all([*members, *self._turned_away])
        self._members, self._turned_away = [], []

    def _broadcast(self, kind: str, **fields: Any) -> None:
        self._inbox.append({"kind": kind, **fields})
        for connection in [*(member.connection for member in self._members), *self._turned_away]:
            if connection is not None:
                connection.send(kind, **fields)

    def _end(self, error: StartError | WorkerLost) -> None:
        """End the run with its first failure and tell all workers; later failures are ignored."""
        if self._verdict is None and self._phase != "leaving":
            self._verdict = error
            number = getattr(error, "signal_number", None)
            self._broadcast("stop", error=type(error).__name__, reason=str(error), signal=number)

    def _greet(self, arrived: Connection, hello: dict[str, Any]) -> None:
        """Accept a connection that says which worker it is; close any other."""
        index, launcher = hello.get("index"), hello.get("launcher")
        if hello["kind"] != "hello" or not isinstance(index, int) or not isinstance(launcher, str):
            arrived.close()
            return
        problem = self._misfit(index, launcher, hello.get("num_workers"))
        if problem:
            self._turned_away.append(arrived)
            self._end(StartError(problem))
            return
        member = self._members[index]
        if member.connection is not None:
            member.connection.close()
        self._members[index] = _Peer(arrived, launcher)
        arrived.send("welcome")

    def _misfit(self, index: int, launcher: str, num_workers: object) -> str:
        """Return why this worker cannot take part; "" if it can."""
        number = len(self._cluster.workers)
        if num_workers != number or not 0 <= index < number:
            return (
                f"Worker {index} was started as one of {num_workers} workers, numbered from 0, and worker 0 "
                f"as one of {number}. Give every worker the same --workers."
            )
        if index == 0 or self._members[index].launcher not in ("", launcher):
            return f"Two workers have the index {index}: give each its own --worker-index."
        return ""

    def _hear(self) -> None:
        for index, member in enumerate(self._members):
            if member.connection is None or self._phase == "leaving":
                continue
            try:
                for message in member.connection.receive():
                    if not member.has_answered:
                        member.has_answered = True
                        member.dial = Dial(self._cluster.workers[index], self._deadlines.dial)
                    self._take(index, message)
                member.connection.send_heartbeat(self._deadlines.heartbeat)
                if member.connection.seconds_of_silence > self._deadlines.silence:
                    raise TimeoutError(f"it was silent for {self._deadlines.silence:g} seconds")
            except (OSError, ValueError, KeyError, TypeError) as error:
                if member.has_answered:
                    self._end(WorkerLost(f"Lost {self._cluster.name(index)}: {error}."))
                else:  # it went before it was welcomed, and will connect again
                    member.connection.close()
                    self._members[index] = _Peer()

    def _take(self, index: int, message: dict[str, Any]) -> None:
        """Handle a message of a worker."""
        kind, name = message["kind"], self._cluster.name(index)
        if kind == "ready":
            self._members[index].fingerprint = dict(message["fingerprint"])
        elif kind == "barrier":
            self._count(index, f"barrier {message['name']}", "pass", name=message["name"])
        elif kind == "done" and self._count(index, "done", "leave"):
            self._phase = "leaving"
        elif kind == "failed" and message["type"] in SECONDARY_FAILURES:
            if not self._secondary_failures:
                self._first_secondary_failure = time.monotonic()
            self._secondary_failures[index] = message["type"], f"Lost {name}: {message['message']}"
        elif kind == "failed" and message["type"] == "stopped":
            self._end(PeerStopped(f"Cannot start with {name}: {message['message']}", message["signal"]))
        elif kind == "failed" and message["type"] == "refused":
            self._end(StartError(f"Cannot start with {name}: {message['message']}"))
        elif kind == "failed":
            self._end(WorkerLost(f"Lost {name}: {message['message']}"))

    def _count(self, index: int, what: str, answer: str, **fields: Any) -> bool:
        """Record that a worker has reached a point; once all have, answer all and return True."""
        there = self._said.setdefault(what, set())
        there.add(index)
        if len(there) < len(self._members):
            return False
        del self._said[what]
        self._broadcast(answer, **fields)
        return True

    def _gather(self) -> None:
        """Start training once all workers are ready with equal fingerprints, or end the run with an error."""
        waited = time.monotonic() - self._start
        absent = [index for index in range(1, len(self._members)) if not self._members[index].launcher]
        if absent and waited > self._start_timeout:
            names = ", ".join(self._cluster.name(index) for index in absent)
            self._end(
                WorkerAbsent(
                    f"Not all workers are there after {self._start_timeout:g} seconds. Absent: {names}. "
                    "Start them, or wait longer with --start-timeout."
                )
            )
        dials = [member.dial for member in self._members[1:]]
        for index, dial in enumerate(dials, start=1):
            if dial is not None and dial.problem:
                name, own = self._cluster.name(index)[1:], self._cluster.name(0)
                self._end(WorkerAbsent(f"W{name} cannot be reached from {own} ({dial.problem})."))
        ready = [member.fingerprint for member in self._members if member.fingerprint is not None]
        if self._verdict is not None:
            return
        if len(ready) < len(self._members):
            self._name_awaited()
        elif problem := difference(self._cluster, ready):
            self._end(StartError(problem))
        elif all(dial is not None and dial.problem is not None for dial in dials):
            self._go()

    def _name_awaited(self) -> None:
        """Tell worker 0 from time to time which workers it waits for."""
        awaited = [index for index, member in enumerate(self._members) if member.fingerprint is None]
        if 0 not in awaited and time.monotonic() - self._last_reminder > self._deadlines.reminder:
            self._last_reminder = time.monotonic()
            names = ", ".join(self._cluster.name(index) for index in awaited)
            self._inbox.append({"kind": "awaited", "names": names})

    def _go(self) -> None:
        self._broadcast("deciding")
        try:
            decided = dict(self._decide())
        except BaseException as error:
            self._end(StartError(f"Cannot start with {self._cluster.name(0)}: {error}"))
            raise
        self._stop_listening()
        self._phase = "running"
        self._broadcast("go", decided=decided)

    def _find_cause(self) -> None:
        """End the run with a secondary failure, if no primary one arrives within the `cause` deadline."""
        if not self._secondary_failures:
            return
        waited = time.monotonic() - self._first_secondary_failure
        if waited > self._deadlines.cause or len(self._secondary_failures) == len(self._members):
            failures = self._secondary_failures.values()
            _, text = min(failures, key=lambda failure: SECONDARY_FAILURES.index(failure[0]))
            self._end(WorkerLost(text))

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None


def difference(cluster: Cluster, fingerprints: list[dict[str, str]]) -> str:
    """Return how the first worker that differs from worker 0 differs; "" if all are equal."""
    ours = fingerprints[0]
    for index, said in enumerate(fingerprints):
        names = [name for name in sorted({*ours, *said}) if ours.get(name) != said.get(name)]
        if names:
            details = "; ".join(f"{name}: {ours.get(name)} and {said.get(name)}" for name in names)
            return (
                f"All workers must train the same thing. Of {cluster.name(0)} and {cluster.name(index)} "
                f"differ {details}."
            )
    return ""
