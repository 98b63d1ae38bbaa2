"""A worker process as its launcher sees it: no call waits for it."""

import contextlib
import json
import os
import pickle
import queue
import signal
import struct
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from videoqa._checks import Refusal
from videoqa._child import python_command
from videoqa.launching.child_log import ChildLog

MAX_LINE_BYTES = 1 << 26
KILL_SECONDS = 5.0
DRAIN_SECONDS = 2.0
"""Longest wait for the output of an ended process: a child that it left behind may hold its pipes open."""


def worker_command() -> list[str]:
    """Return the command of a worker process, which finds modules where this process does."""
    return python_command("import runpy; runpy.run_module('videoqa.training.worker', run_name='__main__')")


class ChildProcess:
    """A worker process; threads move what goes through its pipes, so that nothing here blocks.

    Args:
        start: what the process is to do; pickled to its stdin.
        environment: all its environment variables.
        log_path: file that its stderr is appended to; None: kept until `log_to`.
        echo: also copy its stderr to that of this process.
        command: program and arguments; None: the worker's.

    Raises:
        ValueError: `start` cannot be pickled.
    """

    def __init__(
        self,
        start: Mapping[str, Any],
        *,
        environment: Mapping[str, str],
        log_path: Path | None = None,
        echo: bool = False,
        command: Sequence[str] | None = None,
    ) -> None:
        body = _pickled(start)
        self._log = ChildLog(log_path, echo)
        self._to_send: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._received: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._last_heartbeat = time.monotonic()
        self.has_loaded = False
        self._ended = False
        self._process = subprocess.Popen(
            command or worker_command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environment),
            start_new_session=True,  # Ctrl-C in a terminal is the launcher's to deal with
        )
        self._to_send.put(struct.pack(">I", len(body)) + body)
        works = (self._write, self._read_messages, self._read_log)
        self._threads = [threading.Thread(target=work, daemon=True) for work in works]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> "ChildProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def seconds_since_heartbeat(self) -> float:
        """Seconds since its last message, or since its start."""
        return time.monotonic() - self._last_heartbeat

    @property
    def last_line(self) -> str:
        """The last line of its stderr."""
        return self._log.last_line

    @property
    def exit_code(self) -> int | None:
        """Exit code once it has ended and all its messages are here, negative for a signal; None before."""
        code = self._process.poll()
        if code is not None and not self._ended:
            self._end()
        return code

    def messages(self) -> list[dict[str, Any]]:
        """Return what has arrived since the last call."""
        arrived = []
        with contextlib.suppress(queue.Empty):
            while True:
                arrived.append(self._received.get_nowait())
        return arrived

    def tell(self, kind: str, **fields: Any) -> None:
        """Send a message; lost where the process has ended."""
        self._to_send.put(json.dumps({"kind": kind, **fields}).encode() + b"\n")

    def log_to(self, path: Path) -> None:
        """Append to this file what was printed before and what comes."""
        self._log.open(path)

    def wait(self, seconds: float) -> int | None:
        """Return the exit code, or None where it has not ended in time."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self.exit_code

    def kill(self) -> None:
        """End it, and whatever processes it has started, at once."""
        if not self._ended:
            self._end()
        self._log.close()

    def _end(self) -> None:
        """Kill the process and its children, reap it, and wait for the threads."""
        self._ended = True
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):  # nothing of it is left
                os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # stuck in a device driver
            self._process.wait(KILL_SECONDS)
        self._to_send.put(None)
        for thread in self._threads:
            thread.join(DRAIN_SECONDS)

    def _write(self) -> None:
        pipe = self._pipe(self._process.stdin)
        with contextlib.suppress(OSError), pipe:  # who has ended reads nothing
            while (data := self._to_send.get()) is not None:
                pipe.write(data)
                pipe.flush()

    def _read_messages(self) -> None:
        with self._pipe(self._process.stdout) as pipe:
            while line := pipe.readline(MAX_LINE_BYTES):
                try:
                    message = json.loads(line)
                    message["kind"]
                except (ValueError, TypeError, KeyError, RecursionError):
                    self._log.write(line)  # printed before the process had turned its stdout away
                    continue
                self._last_heartbeat = time.monotonic()
                self.has_loaded = self.has_loaded or message["kind"] == "loaded"
                self._received.put(message)

    def _read_log(self) -> None:
        with self._pipe(self._process.stderr) as pipe:
            while data := os.read(pipe.fileno(), 1 << 16):
                self._log.write(data)

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe


def _pickled(start: Mapping[str, Any]) -> bytes:
    try:
        return pickle.dumps(dict(start))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        requirement = "be objects that can be pickled, for they are used in other processes"
        raise Refusal("callbacks", requirement, str(error)) from error
