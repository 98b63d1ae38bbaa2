"""A real server process, and plain HTTP to talk to it."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 120


@dataclass
class Reply:
    """A response: its status, its headers in lower case, and its body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return self.json["error"]["code"]


@dataclass
class Server:
    """A running `videoqa serve`.

    Attributes:
        process: it.
        host, port: where it listens.
        folder: its temporary folder, in which it makes its private one.
        errors: what it has printed on stderr so far.
    """

    process: subprocess.Popen
    host: str
    port: int
    folder: Path
    errors: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"

    def call(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send one request; a body that is neither bytes nor an iterator of bytes is sent as JSON."""
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, found, response.read())
        finally:
            connection.close()

    def get(self, path: str, **options: Any) -> Reply:
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Reply:
        return self.call("POST", path, body, **options)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def running_server(temporary: Path, *words: str, command: Sequence[str] = ("serve",)) -> Iterator[Server]:
    """Run `videoqa serve --port 0 WORDS` and yield it once it says that it is ready; kill it at the end.

    Args:
        temporary: folder for its temporary files.
        words: further words of the command.
        command: instead of `serve`.
    """
    temporary.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "videoqa", *command, "--port", "0", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    errors: list[str] = []
    reading = threading.Thread(target=lambda: errors.extend(process.stderr), daemon=True)
    reading.start()
    deadline = threading.Timer(PATIENCE_SECONDS, process.kill)
    deadline.start()
    try:
        line = process.stdout.readline()
        deadline.cancel()
        found = re.search(r"http://([^:]+):(\d+)", line)
        assert found, f"{line!r}, stderr: {''.join(errors)}"
        yield Server(process, found[1], int(found[2]), temporary, errors)
    finally:
        deadline.cancel()
        process.kill()
        process.wait()
        reading.join(PATIENCE_SECONDS)
        process.stdout.close()
        process.stderr.close()
