"""The other workers' side of the rendezvous: each reports to worker 0 and receives its messages."""

import socket
import time
import uuid
from typing import Any

from videoqa.launching.cluster import Cluster, host_and_port
from videoqa.launching.errors import WorkerAbsent, WorkerLost, told_error
from videoqa.launching.listening import Listener
from videoqa.launching.messages import Connection, Deadlines, close_all

RETRY_SECONDS = 0.2
CONNECT_SECONDS = 2.0


class Member:
    """A worker other than worker 0; the arguments are those of `Coordinator`."""

    def __init__(
        self, cluster: Cluster, start_timeout: float, deadlines: Deadlines, listener: Listener
    ) -> None:
        self._cluster = cluster
        self._start_timeout, self._deadlines = start_timeout, deadlines
        self._listener: Listener | None = listener
        self._connection: Connection | None = None
        self._welcome = False
        self._silence_allowed = deadlines.silence
        self._unsent: list[dict[str, Any]] = []
        self._launcher = uuid.uuid4().hex
        self._problem = ""
        self._start = time.monotonic()
        self._last_attempt = 0.0

    def tell(self, kind: str, **fields: Any) -> None:
        """Report something to worker 0, now or once connected."""
        if self._connection is not None and self._welcome:
            self._connection.send(kind, **fields)
        else:
            self._unsent.append({"kind": kind, **fields})

    def poll(self) -> list[dict[str, Any]]:
        """Read and write the connection, and return the messages for this worker; raises as `Coordinator`."""
        if self._listener is not None:
            self._listener.turn_away()
        if not self._welcome:
            return self._introduce()
        assert self._connection is not None
        try:
            messages = self._connection.receive()
            self._connection.send_heartbeat(self._deadlines.heartbeat)
            if self._connection.seconds_of_silence > self._silence_allowed:
                raise TimeoutError(f"it was silent for {self._silence_allowed:g} seconds")
        except (OSError, ValueError) as error:
            raise WorkerLost(f"Lost {self._cluster.name(0)}: {error}.") from error
        for message in messages:
            self._take(message)
        return messages

    def close(self) -> None:
        """Close the connection."""
        self._stop_listening()
        if self._connection is not None:
            close_all([self._connection])
            self._connection = None

    def _introduce(self) -> list[dict[str, Any]]:
        """Connect to worker 0 and say which worker this is; try again until it answers."""
        waited = time.monotonic() - self._start
        if waited > self._start_timeout:
            raise WorkerAbsent(
                f"No answer from {self._cluster.name(0)} within {self._start_timeout:g} seconds "
                f"({self._problem}). Is it running, and can this machine reach it?"
            )
        try:
            if self._connection is None:
                self._connect()
            return self._await_welcome()
        except (OSError, ValueError) as error:
            self._problem = str(error)
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            return []

    def _connect(self) -> None:
        if time.monotonic() - self._last_attempt < RETRY_SECONDS:
            return
        self._last_attempt = time.monotonic()
        address = host_and_port(self._cluster.workers[0])
        self._connection = Connection(socket.create_connection(address, timeout=CONNECT_SECONDS))
        number = len(self._cluster.workers)
        self._connection.send("hello", index=self._cluster.index, launcher=self._launcher, num_workers=number)

    def _await_welcome(self) -> list[dict[str, Any]]:
        if self._connection is None:
            return []
        messages = self._connection.receive()
        for message in messages:
            self._take(message)
        if self._welcome:
            self._connection.send("alive")  # from now on a closed connection means a lost worker
            for said in self._unsent:
                self._connection.send(**said)
        elif messages or self._connection.seconds_of_silence > self._deadlines.welcome:
            raise ConnectionError("something else than a worker answers there")
        return messages

    def _take(self, message: dict[str, Any]) -> None:
        kind = message["kind"]
        if kind == "welcome":
            self._welcome = True
        elif kind == "deciding":  # worker 0 may be silent while it decides
            self._silence_allowed = max(self._start_timeout, self._deadlines.silence)
        elif kind == "go":
            self._silence_allowed = self._deadlines.silence
            self._stop_listening()
        elif kind == "stop":
            raise told_error(message.get("error"), str(message.get("reason")), message.get("signal"))

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
