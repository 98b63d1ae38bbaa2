"""Servers for benchmarks: `videoqa serve` as processes on 127.0.0.1, alone or behind nginx."""

import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 600.0
NGINX_CONF = Path(__file__).resolve().parents[1] / "deploy" / "nginx.conf"


@dataclass(frozen=True)
class Served:
    """A server that answers.

    Attributes:
        port: on 127.0.0.1.
        process: the server, or nginx.
    """

    port: int
    process: subprocess.Popen

    def kilobytes(self) -> dict[str, int]:
        """Return the memory that the server and each of its children hold (resident), in kB."""
        pid = self.process.pid
        lists = Path(f"/proc/{pid}/task").glob("*/children")  # any thread may have started one
        children = [child for each in lists for child in each.read_text().split()]
        own = {"server": _resident(pid)}
        return own | {f"worker {place}": _resident(int(child)) for place, child in enumerate(children, 1)}


def _resident(pid: int) -> int:
    (found,) = re.findall(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found)


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nobody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


@contextmanager
def served(
    folder: Path, *flags: str, command: Sequence[str] = ("serve",), core: int | None = None
) -> Iterator[Served]:
    """Start `videoqa serve`, or another command that serves, with a log in `folder`, and end it.

    Args:
        folder: an existing one.
        flags: of the command.
        command: its words.
        core: the one core that it and its children get; None: all.
    """
    port = free_port()
    words = [sys.executable, "-m", "videoqa", *command, "--port", str(port), *flags]
    with _running(words, port, folder / f"serve-{port}.log", core) as found:
        yield found


@contextmanager
def behind_nginx(folder: Path, cores: Sequence[int], *flags: str) -> Iterator[Served]:
    """Start one server on each of `cores` and the deployed nginx.conf before them."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        raise SystemExit("There is no nginx here: apt install nginx")
    port = free_port()
    with ExitStack() as stack:
        ports = [stack.enter_context(served(folder, *flags, core=core)).port for core in cores]
        lines = "\n".join(f"server 127.0.0.1:{each} max_fails=1 fail_timeout=5s;" for each in ports)
        text = re.sub(r"server videoqa-1.*\n", f"{lines}\n", NGINX_CONF.read_text())
        text = re.sub(r".*server videoqa-2.*\n", "", text)
        text = text.replace("listen 8080;", f"listen 127.0.0.1:{port};").replace("/tmp/", f"{folder}/")
        conf = folder / "nginx.conf"
        conf.write_text(text)
        as_root = "user root; " if os.geteuid() == 0 else ""
        command = [nginx, "-e", "stderr", "-p", str(folder), "-c", str(conf), "-g", f"{as_root}daemon off;"]
        yield stack.enter_context(_running(command, port, folder / "nginx.log", None))


@contextmanager
def _running(command: list[str], port: int, log: Path, core: int | None) -> Iterator[Served]:
    if core is not None:
        command = ["taskset", "-c", str(core), *command]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
    try:
        _wait_until_it_answers(process, port, log)
        yield Served(port, process)
    finally:
        process.terminate()
        try:
            process.wait(300)
        finally:
            process.kill()


def _wait_until_it_answers(process: subprocess.Popen, port: int, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.2)
    raise SystemExit(f"{log.name}: it does not answer:\n{log.read_text()[-3000:]}")
