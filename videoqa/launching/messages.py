"""Messages between launchers: JSON objects, each after four bytes with its length."""

import contextlib
import json
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from videoqa._checks import Refusal

MAX_MESSAGE_BYTES = 1 << 20
READ_BYTES = 1 << 16
MAX_READS = 32
MAX_MESSAGES = 1000
"""Limits of one `receive`, so that an endless sender cannot block the reader."""
LINGER_SECONDS = 0.5


@dataclass(frozen=True)
class Deadlines:
    """Waiting times of launchers, in seconds.

    Attributes:
        heartbeat: between two heartbeats of a launcher.
        silence: a launcher silent for longer counts as lost.
        child_silence: a worker process silent for longer counts as frozen.
        first_heartbeat: the same while it loads libraries, perhaps from a slow disk; its threads cannot send
            then.
        cause: wait after a failed collective for another worker's failure that explains it.
        welcome: for the first message of a connection, and for the answer to it.
        dial: for another worker's port to answer.
        reminder: between two messages about awaited workers.
        leave: for a worker process to end after "leave".
    """

    heartbeat: float = 2.0
    silence: float = 20.0
    child_silence: float = 20.0
    first_heartbeat: float = 50.0
    cause: float = 30.0
    welcome: float = 5.0
    dial: float = 8.0
    reminder: float = 30.0
    leave: float = 30.0


class Connection:
    """Messages over one socket. No method blocks, except `close` for a moment."""

    def __init__(self, connected: socket.socket) -> None:
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connected
        self._incoming = bytearray()
        self._outgoing = bytearray()
        self._last_heard = self._last_said = time.monotonic()

    @property
    def seconds_of_silence(self) -> float:
        """Seconds since something arrived."""
        return time.monotonic() - self._last_heard

    def send(self, kind: str, **fields: Any) -> None:
        """Send a message, or as much as fits now; a broken connection shows in `receive`."""
        body = json.dumps({"kind": kind, **fields}).encode()
        self._outgoing += struct.pack(">I", len(body)) + body
        self._last_said = time.monotonic()
        self._flush()

    def send_heartbeat(self, seconds: float) -> None:
        """Send a heartbeat unless something was sent in the last `seconds`."""
        if time.monotonic() - self._last_said >= seconds:
            self.send("alive")

    def receive(self, at_most: int = MAX_MESSAGES) -> list[dict[str, Any]]:
        """Return the messages that have arrived, at most `at_most`.

        Raises:
            ValueError: something else than a message arrived.
            OSError: the connection is closed and all messages were returned before.
        """
        self._flush()
        gone: OSError | None = None
        try:
            for _ in range(MAX_READS):
                data = self._socket.recv(READ_BYTES)
                if not data:
                    raise ConnectionError
                self._incoming += data
                self._last_heard = time.monotonic()
        except BlockingIOError:
            pass  # nothing more has arrived
        except ConnectionError:
            gone = ConnectionError("its process or machine is gone: the connection was closed")
        except OSError as error:
            gone = error
        messages = self._take_messages(at_most)
        if gone and not messages:
            raise gone
        return messages

    def say_last(self) -> None:
        """Finish sending, so that the other side knows it has read everything."""
        self._flush()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self, linger_until: float = 0.0) -> None:
        """Close the socket, after waiting for the other side to read everything and close.

        Args:
            linger_until: `time.monotonic()` at which to stop waiting; closing with unread data would destroy
                the last messages.
        """
        with self._socket, contextlib.suppress(OSError):
            while (seconds := linger_until - time.monotonic()) > 0:
                self._socket.settimeout(seconds)
                if not self._socket.recv(READ_BYTES):
                    break

    def _flush(self) -> None:
        try:
            while self._outgoing:
                del self._outgoing[: self._socket.send(self._outgoing)]
        except BlockingIOError:
            return
        except OSError:
            self._outgoing.clear()  # the other side is gone

    def _take_messages(self, at_most: int) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        while len(self._incoming) >= 4 and len(messages) < at_most:
            (length,) = struct.unpack_from(">I", self._incoming)
            if length > MAX_MESSAGE_BYTES:
                raise Refusal(f"a message of {length} bytes is longer than any of ours")
            if len(self._incoming) < 4 + length:
                break
            messages.append(_message(bytes(self._incoming[4 : 4 + length])))
            del self._incoming[: 4 + length]
        return messages


def close_all(connections: Sequence[Connection]) -> None:
    """Close connections; together they get a moment to read the last messages."""
    for each in connections:
        each.say_last()
    linger_until = time.monotonic() + LINGER_SECONDS
    for each in connections:
        each.close(linger_until)


def _message(body: bytes) -> dict[str, Any]:
    try:
        message = json.loads(body)
    except RecursionError as error:
        raise Refusal("a message is nested deeper than any of ours") from error
    if not isinstance(message, dict) or not isinstance(message.get("kind"), str):
        raise Refusal("a message is no JSON object with a kind")
    return message
