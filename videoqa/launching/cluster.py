"""Finds the workers of a run from the flags, `TF_CONFIG` or Slurm's variables."""

import contextlib
import json
import random
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from videoqa._checks import Refusal
from videoqa.launching.slurm import slurm_workers

LOCAL = "localhost"
LOCAL_PORTS = range(20000, 32000)
"""Below the range that systems use for outgoing connections, which could take a port before it is used."""
MAX_SHOWN = 1000
"""Most characters of a `TF_CONFIG` that a message shows."""
ADDRESS = re.compile(r"(\[[0-9a-fA-F:]+\]|[^\s:,\[\]]+):(\d+)")


@dataclass(frozen=True)
class Cluster:
    """The workers of a run, and which of them this process is.

    Attributes:
        workers: "host:port" of each worker; worker 0 writes the model folder.
        index: index of this process in `workers`.
        source: where the addresses come from, for messages.
    """

    workers: tuple[str, ...]
    index: int
    source: str = "flags"

    def __post_init__(self) -> None:
        for address in self.workers:
            host_and_port(address)
        twice = {address for address in self.workers if self.workers.count(address) > 1}
        if twice:
            raise Refusal("workers", "be different addresses", sorted(twice)[0])
        if not 0 <= self.index < len(self.workers):
            requirement = (
                f"be from 0 to {len(self.workers) - 1}, the place of this worker among {self.workers}"
            )
            raise Refusal("worker_index", requirement, self.index)

    @property
    def is_chief(self) -> bool:
        """Whether this worker writes the model folder and shows progress."""
        return self.index == 0

    def name(self, index: int) -> str:
        """Return the name of a worker in messages, such as "worker 1 (b:2222)"."""
        return f"worker {index} ({self.workers[index]})" if len(self.workers) > 1 else "the worker"

    def tf_config(self) -> str:
        """Return the `TF_CONFIG` with which TensorFlow forms this cluster."""
        task = {"type": "worker", "index": self.index}
        return json.dumps({"cluster": {"worker": list(self.workers)}, "task": task})


def host_and_port(address: str) -> tuple[str, int]:
    """Return host and port of "host:port"; refuse another form or a port outside 1 to 65535."""
    match = ADDRESS.fullmatch(address)
    if not match or not 1 <= int(match[2]) <= 65535:
        raise Refusal("workers", "be addresses such as host:2222", address)
    return match[1].strip("[]"), int(match[2])


def find_cluster(
    environment: Mapping[str, str], workers: Sequence[str] = (), worker_index: int | None = None
) -> Cluster | None:
    """Return the cluster named by the flags, else by `TF_CONFIG`, else by Slurm; None if by none of them.

    Raises:
        ValueError: only one of the two flags, a malformed `TF_CONFIG` or Slurm variable, or a role other than
            chief and worker.
    """
    if workers or worker_index is not None:
        if not workers or worker_index is None:
            advice = "Give both, on each machine with its own index."
            raise Refusal("workers", "come with worker_index", tuple(workers), advice)
        return Cluster(tuple(workers), worker_index)
    if environment.get("TF_CONFIG", "").strip():
        return _from_tf_config(environment["TF_CONFIG"])
    tasks = slurm_workers(environment)
    return None if tasks is None else Cluster(tuple(tasks[0]), tasks[1], "Slurm")


def local_cluster(num_workers: int) -> list[Cluster]:
    """Return a cluster on free ports of this machine, once for each of its workers."""
    taken: list[socket.socket] = []
    draw = random.SystemRandom()
    while len(taken) < num_workers:
        with contextlib.suppress(OSError):  # in use: draw another
            taken.append(socket.create_server(("", draw.choice(LOCAL_PORTS))))
    workers = tuple(f"{LOCAL}:{each.getsockname()[1]}" for each in taken)
    for each in taken:
        each.close()
    return [Cluster(workers, index, "local workers") for index in range(num_workers)]


def _from_tf_config(text: str) -> Cluster | None:
    try:
        content = json.loads(text)
        cluster, task = content.get("cluster", {}), content.get("task", {})
        roles = {role: _addresses(role, addresses) for role, addresses in cluster.items()}
        role, index = task.get("type", "worker"), _whole_number(task.get("index", 0))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        example = '{"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", "index": 0}}'
        requirement = f"be JSON such as {example}"
        raise Refusal("TF_CONFIG", requirement, text[:MAX_SHOWN], f"Cause: {error}.") from error
    for name in (*roles, role):
        if name not in ("chief", "worker"):
            requirement = "have the roles chief and worker only: every process here trains"
            raise Refusal("TF_CONFIG", requirement, name)
    return _of_roles(roles, role, index) if roles else None


def _of_roles(roles: Mapping[str, list[str]], role: str, index: int) -> Cluster:
    """Return the cluster of `TF_CONFIG`; a chief becomes worker 0."""
    chiefs = roles.get("chief", [])
    if len(chiefs) > 1:
        raise Refusal("TF_CONFIG", "have one chief", chiefs)
    if role not in roles:
        advice = f"The cluster has {' and '.join(roles)}."
        raise Refusal("TF_CONFIG", "have the task's role among the cluster's", role, advice)
    if not 0 <= index < len(roles[role]):
        requirement = f"have a task index from 0 to {len(roles[role]) - 1}, the place among {roles[role]}"
        raise Refusal("TF_CONFIG", requirement, index)
    place = index if role == "chief" else index + len(chiefs)
    return Cluster((*chiefs, *roles.get("worker", [])), place, "TF_CONFIG")


def _addresses(role: str, addresses: object) -> list[str]:
    """Return the addresses of a role; `_from_tf_config` names what is wrong with them as the cause."""
    if not isinstance(addresses, list) or not all(isinstance(address, str) for address in addresses):
        raise TypeError(f"{role} is no list of addresses")
    if not addresses:
        raise Refusal(f"{role} is an empty list")
    return addresses


def _whole_number(index: object) -> int:
    """Return the task index as an int; some cluster managers write it as text."""
    if isinstance(index, str) and re.fullmatch("[0-9]{1,9}", index):
        return int(index)
    if not isinstance(index, int) or isinstance(index, bool):
        raise TypeError(f"the index {index!r} is no whole number")
    return index
