"""The worker processes of a run, found in /proc (Linux)."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

WORKER = b"videoqa.training.worker"


def workers_of(root: int) -> dict[int, str]:
    """Return the worker processes that descend from process `root`: number -> "worker 1" or "preparing"."""
    found = {}
    for pid in _descendants(root):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            if WORKER in command:
                found[pid] = _part(Path(f"/proc/{pid}/environ").read_bytes())
        except OSError:  # it has just ended
            continue
    return found


def kill_worker(root: int) -> str | None:
    """Kill one worker process of the run whose launcher is `root` and return which; None if there is none."""
    workers = workers_of(root)
    if not workers:
        return None
    pid = random.choice(sorted(workers))
    os.kill(pid, signal.SIGKILL)
    return workers[pid]


def _descendants(root: int) -> set[int]:
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has just ended
            continue
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {root}


def _part(environment: bytes) -> str:
    for variable in environment.split(b"\0"):
        name, _, value = variable.partition(b"=")
        if name == b"TF_CONFIG":
            return f"worker {json.loads(value)['task']['index']}"
    return "preparing"


def with_own_loopback() -> None:
    """Start this program anew in a network of its own, so that only its bytes are counted; Linux, as root.

    Where that is not allowed it goes on, and counts what others send over the loopback device too.
    """
    if "VIDEOQA_OWN_LOOPBACK" in os.environ:
        return
    enter = ["unshare", "-n", "sh", "-c"]
    allowed = (
        shutil.which("unshare")
        and not subprocess.run([*enter, "ip link set lo up"], capture_output=True, check=False).returncode
    )
    if not allowed:
        print("No network of its own is allowed here: bytes of other programs are counted too.")
        return
    os.environ["VIDEOQA_OWN_LOOPBACK"] = "1"
    os.execvp("unshare", [*enter, 'ip link set lo up && exec "$@"', "sh", sys.executable, *sys.argv])


def loopback_bytes() -> int:
    """Return how many bytes were sent over the loopback device so far."""
    for line in Path("/proc/net/dev").read_text().splitlines():
        name, _, numbers = line.partition(":")
        if name.strip() == "lo":
            return int(numbers.split()[8])
    raise RuntimeError("There is no loopback device.")
