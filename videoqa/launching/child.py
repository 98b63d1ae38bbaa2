"""The launcher's handle of a worker process; its methods never block on the process."""

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
"""Longest wait for the output of an ended process; a child of the process may keep the pipes open."""


def worker_command() -> list[str]:
    """Return the command of a worker process; it has the module search path of this process."""
    return python_command("import runpy; runpy.run_module('videoqa.training.worker', run_name='__main__')")


class ChildProcess:
    """A worker process; threads read and write its pipes, so that no method blocks.

    Args:
        start: the task, pickled to the stdin of the process.
        environment: all its environment variables.
        log_path: file to append its stderr to; None: kept in memory until `log_to`.
        echo: copy its stderr to this process's stderr too.
        command: program and arguments; None: `worker_command()`.

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
            start_new_session=True,  # Ctrl-C in a terminal reaches the launcher alone
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
        """Exit code, negative for a signal; None while it runs or its messages are still being read."""
        code = self._process.poll()
        if code is not None and not self._ended:
            self._end()
        return code

    def messages(self) -> list[dict[str, Any]]:
        """Return the messages that arrived since the last call."""
        arrived = []
        with contextlib.suppress(queue.Empty):
            while True:
                arrived.append(self._received.get_nowait())
        return arrived

    def tell(self, kind: str, **fields: Any) -> None:
        """Send a message; it is lost if the process has ended."""
        self._to_send.put(json.dumps({"kind": kind, **fields}).encode() + b"\n")

    def log_to(self, path: Path) -> None:
        """Append all output to this file, including what was printed before."""
        self._log.open(path)

    def wait(self, seconds: float) -> int | None:
        """Wait at most `seconds` and return the exit code; None if the process still runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self.exit_code

    def kill(self) -> None:
        """Kill the process and its children at once."""
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
        with contextlib.suppress(OSError), pipe:  # the process has ended
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
                    self._log.write(line)  # printed before the process redirected its stdout
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
