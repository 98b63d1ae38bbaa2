"""A worker process's pipe to its launcher: JSON lines in both directions."""

import contextlib
import ctypes
import json
import os
import pickle
import signal
import struct
import sys
import threading
import time
from typing import Any, BinaryIO, TextIO

from videoqa._checks import refusal
from videoqa._child import answers_pipe

ALIVE_SECONDS = 1.0
SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


class Reporter:
    """Exchanges messages with the launcher; this process ends when the launcher does.

    Args:
        incoming: JSON lines from the launcher.
        outgoing: JSON lines to the launcher.
    """

    def __init__(self, incoming: BinaryIO, outgoing: TextIO) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self._writing = threading.Lock()
        self._heard = threading.Condition()
        self._passed: list[str] = []
        self._stop_signal: int | None = None
        self._may_leave = False
        for work in (self._listen, self._show_life):
            threading.Thread(target=work, name="videoqa-launcher", daemon=True).start()

    @property
    def stop_signal(self) -> int | None:
        """Number of the signal that asked the launcher to stop; None: go on."""
        return self._stop_signal

    def tell(self, kind: str, **fields: Any) -> None:
        """Send one message."""
        line = json.dumps({"kind": kind, **fields}) + "\n"
        with self._writing:
            try:
                self._outgoing.write(line)
                self._outgoing.flush()
            except OSError:
                _end()

    def barrier(self, name: str) -> None:
        """Wait until every worker has reached the barrier of this name."""
        self.tell("barrier", name=name)
        with self._heard:
            self._heard.wait_for(lambda: name in self._passed)
            self._passed.remove(name)

    def wait_for_leave(self) -> None:
        """Wait until every worker is done and may leave."""
        with self._heard:
            self._heard.wait_for(lambda: self._may_leave)

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while line := self._incoming.readline():
                message = json.loads(line)
                with self._heard:
                    if message["kind"] == "pass":
                        self._passed.append(message["name"])
                    elif message["kind"] == "stop":
                        self._stop_signal = message["signal"]
                    elif message["kind"] == "leave":
                        self._may_leave = True
                    self._heard.notify_all()
        _end()

    def _show_life(self) -> None:
        while True:
            self.tell("alive")
            time.sleep(ALIVE_SECONDS)


def connect() -> tuple[Reporter, dict[str, Any]]:
    """Open the pipe to the launcher; return it and the task.

    Call it first in a worker process, so that heartbeats begin before anything heavy is loaded. From here on
    stdout goes to stderr, stdin is empty, and Ctrl-C and SIGTERM are ignored, because the launcher handles
    them.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    _end_with_parent()
    # unbuffered: a thread holds a buffer's lock while it reads, and the interpreter would wait for it at exit
    incoming = os.fdopen(os.dup(0), "rb", buffering=0)
    outgoing = answers_pipe()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    (length,) = struct.unpack(">I", _read(incoming, 4))
    body = _read(incoming, length)
    reporter = Reporter(incoming, outgoing)
    return reporter, _unpickled(body, reporter)


def _unpickled(body: bytes, reporter: Reporter) -> dict[str, Any]:
    try:
        return pickle.loads(body)
    except (AttributeError, ImportError) as error:
        requirement = "be of classes in modules that a worker process can import, not in the main program"
        reporter.tell("failed", type="refused", message=refusal("callbacks", requirement, str(error)))
        sys.exit(1)


def _read(incoming: BinaryIO, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        part = incoming.read(length - len(data))
        if not part:
            _end()
        data += part
    return bytes(data)


def _end_with_parent() -> None:
    """Let Linux kill this process with its parent, even if it is frozen and does not read its stdin."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def _end() -> None:
    os._exit(1)
