"""Launchers in threads, which say what a test has them say."""

import struct
import threading
import time
from dataclasses import dataclass, field

from videoqa.launching.cluster import Cluster
from videoqa.launching.messages import Deadlines
from videoqa.launching.rendezvous import rendezvous


@dataclass
class LauncherThread:
    """One launcher in a thread: it says one thing, after "go" the rest, and keeps what it is told."""

    cluster: Cluster
    says: list[dict]
    until: str
    timeout: float
    deadlines: Deadlines
    decide: object
    told: list[dict] = field(default_factory=list)
    error: BaseException | None = None

    def __post_init__(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        try:
            with rendezvous(self.cluster, self.decide, self.timeout, self.deadlines) as side:
                side.tell(**self.says[0])
                unsaid = self.says[1:]
                while self.until not in kinds(self):
                    self.told += side.poll()
                    while unsaid and "go" in kinds(self):
                        side.tell(**unsaid.pop(0))
                    time.sleep(0.01)
        except (OSError, RuntimeError, ValueError) as error:
            self.error = error


def ready(**fingerprint):
    return {"kind": "ready", "fingerprint": fingerprint or {"data": "x"}}


def kinds(launcher):
    return [message["kind"] for message in launcher.told]


def framed(body):
    return struct.pack(">I", len(body)) + body
