"""What runs on each machine of a Ray cluster: a launcher, and what may be asked of it meanwhile."""

import io
import os
import sys
import threading
from collections.abc import Sequence

from videoqa._checks import Refusal
from videoqa.launching.cluster import Cluster, host_and_port, local_cluster
from videoqa.launching.job import Job, Outcome
from videoqa.launching.launcher import Settle, launch
from videoqa.launching.messages import Patience
from videoqa.launching.stopping import StopRequest


class RayLauncher:
    """The launcher of one worker, as a Ray actor.

    Args:
        terminal: what it prints will be shown on a terminal.
    """

    def __init__(self, terminal: bool) -> None:
        self._stop = StopRequest()
        self._printed = _Printed(terminal)

    def place(self, folder: str, taken: Sequence[str]) -> tuple[str, str]:
        """Go to `folder`; return the machine's id in the cluster and a free address on it, not in `taken`."""
        import ray

        if not os.path.isdir(folder):
            advice = "Run in a folder that they share."
            raise Refusal("current folder", "exist on every machine of the cluster", folder, advice)
        os.chdir(folder)
        host = ray.util.get_node_ip_address()
        address = ""
        while not address or address in taken:
            _, port = host_and_port(local_cluster(1)[0].workers[0])
            address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return ray.get_runtime_context().get_node_id(), address

    def run(
        self,
        job: Job,
        settle: Settle,
        cluster: Cluster,
        command: Sequence[str] | None,
        patience: Patience | None,
    ) -> Outcome:
        """Be the launcher of one worker; what it prints is kept for `printed`."""
        sys.stderr = self._printed
        return launch(
            job, settle=settle, stop=self._stop, cluster=cluster, command=command, patience=patience
        )

    def stop(self, number: int) -> None:
        """Pass on a signal that asks to stop."""
        self._stop.note(number)

    def printed(self) -> str:
        """Return what was printed since the last call."""
        return self._printed.take()


class _Printed(io.TextIOBase):
    """A text stream that keeps what is written until it is fetched."""

    def __init__(self, terminal: bool) -> None:
        self._terminal, self._lock, self._text = terminal, threading.Lock(), ""

    def write(self, text: str) -> int:
        """Keep it."""
        with self._lock:
            self._text += text
        return len(text)

    def isatty(self) -> bool:
        """Whether it will be shown on a terminal, where bars can be drawn."""
        return self._terminal

    def take(self) -> str:
        """Return what was kept, and forget it."""
        with self._lock:
            text, self._text = self._text, ""
        return text
