"""Two instances of `videoqa serve` behind the nginx of deploy/nginx.conf, and a client of them."""

import hashlib
import http.client
import json
import os
import re
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .server_process import PATIENCE_SECONDS, Reply, Server, running_server

TOO_OFTEN = 20
"""Tries of one request after which it counts as lost."""


@dataclass
class Client:
    """Asks as a program would that keeps to the HTTP contract, and counts what it is told.

    Attributes:
        port: of 127.0.0.1.
        name: by which nginx knows it; empty: by its address.
    """

    port: int
    name: str = ""
    statuses: Counter = field(default_factory=Counter)

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Reply:
        """Return the reply; raise OSError or HTTPException where the connection breaks."""
        headers = {**({"Cookie": f"videoqa_client={self.name}"} if self.name else {}), **(headers or {})}
        body = json.dumps(body) if isinstance(body, dict) else body
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        with closing(connection):
            connection.request(method, path, body, headers)
            reply = connection.getresponse()
            found = {name.lower(): value for name, value in reply.getheaders()}
            self.statuses[reply.status] += 1
            return Reply(reply.status, found, reply.read())

    def send(self, clip: bytes) -> Reply:
        return self.request("POST", "/api/clips?name=clip.avi", clip)

    def ask(self, clip: bytes, question: str, **options: Any) -> Reply:
        """Ask about a clip, whether or not it was sent."""
        clip_id = hashlib.sha256(clip).hexdigest()
        return self.request("POST", "/api/ask", {"clip": clip_id, "question": question, **options})

    def answer(self, clip: bytes, question: str, **options: Any) -> dict[str, Any]:
        """Return the answer, doing what the service asks of a client; RuntimeError if it is lost."""
        for _ in range(TOO_OFTEN):
            reply = self.ask(clip, question, **options)
            if reply.status == 200:
                (found,) = reply.json["answers"]
                return found
            if reply.status == 409:
                assert reply.code == "send_clip_again"
                reply = self.send(clip)
            if reply.status in (429, 503):
                time.sleep(float(reply.headers["retry-after"]))
            elif reply.status not in (200, 201):
                raise RuntimeError(f"status {reply.status}: {reply.body[:500]!r}")
        raise RuntimeError(f"no answer after {TOO_OFTEN} tries: {self.statuses}")


@dataclass
class Balanced:
    """Two instances, and nginx before them.

    Attributes:
        port: of nginx, on 127.0.0.1.
    """

    port: int
    instances: list[Server]


@contextmanager
def balanced(deployed: Path, nginx: str, folder: Path) -> Iterator[Balanced]:
    """Start two instances that share one feature cache, and nginx; end all of them.

    Args:
        deployed: the configuration of nginx.
        nginx: the program.
        folder: for all that they write.
    """
    with ExitStack() as stack:
        with ThreadPoolExecutor(2) as at_once:

            def start(number: int) -> Server:
                server = running_server(folder / f"instance-{number}", "--cache", str(folder / "home"))
                return stack.enter_context(server)

            instances = list(at_once.map(start, range(2)))
        port = _free_port()
        conf = _own_conf(deployed, folder, port, [each.port for each in instances])
        stack.enter_context(_running_nginx(nginx, conf, port))
        yield Balanced(port, instances)


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def _own_conf(deployed: Path, folder: Path, port: int, instances: list[int]) -> Path:
    """Write the deployed nginx.conf with ports of this test and a folder of its own, and return its path."""
    text = deployed.read_text()
    changes = {"/tmp/": f"{folder}/", "listen 8080;": f"listen 127.0.0.1:{port};"}
    for number, instance in enumerate(instances, 1):
        changes[f"server videoqa-{number}:8000 "] = f"server 127.0.0.1:{instance} "
    for deployed_as, ours in changes.items():
        text, found = re.subn(re.escape(deployed_as), ours, text)
        assert found, deployed_as
    path = folder / "nginx.conf"
    path.write_text(text)
    return path


@contextmanager
def _running_nginx(nginx: str, conf: Path, port: int) -> Iterator[None]:
    # root's nginx would change to another user, who may not enter the folders of the tests
    rights = "user root; " if os.geteuid() == 0 else ""
    log = conf.with_name("nginx.log")
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [nginx, "-e", "stderr", "-p", conf.parent, "-c", conf, "-g", f"{rights}daemon off;"],
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
        )
    try:
        end = time.monotonic() + PATIENCE_SECONDS
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"nginx does not answer:\n{log.read_text()}")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _listens(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0
