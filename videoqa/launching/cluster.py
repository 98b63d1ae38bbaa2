"""Which processes train together: told by flags, `TF_CONFIG`, Slurm, or nobody. Needs no TensorFlow."""

import contextlib
import json
import random
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from videoqa._checks import refusal

LOCAL = "localhost"
SLURM_PORT = 29400
"""First port under Slurm, whose tasks on one node take the next ones."""
LOCAL_PORTS = range(20000, 32000)
"""Below the ports that systems give to outgoing connections, which could take one before it is used."""
ADDRESS = re.compile(r"(\[[0-9a-fA-F:]+\]|[^\s:,\[\]]+):(\d+)")


@dataclass(frozen=True)
class Cluster:
    """The workers of a run and which of them this process is.

    Attributes:
        workers: "host:port" of each; the first writes the model folder.
        index: of this process among them.
        source: what said so, for messages.
    """

    workers: tuple[str, ...]
    index: int
    source: str = "flags"

    def __post_init__(self) -> None:
        for address in self.workers:
            host_and_port(address)
        twice = {address for address in self.workers if self.workers.count(address) > 1}
        if twice:
            raise ValueError(refusal("workers", "be different addresses", sorted(twice)[0]))
        if not 0 <= self.index < len(self.workers):
            requirement = (
                f"be from 0 to {len(self.workers) - 1}, the place of this worker among {self.workers}"
            )
            raise ValueError(refusal("worker_index", requirement, self.index))

    @property
    def is_chief(self) -> bool:
        """Whether this worker writes the model folder and shows progress."""
        return self.index == 0

    def name(self, index: int) -> str:
        """Return what messages call a worker: "worker 1 (b:2222)"."""
        return f"worker {index} ({self.workers[index]})" if len(self.workers) > 1 else "the worker"

    def tf_config(self) -> str:
        """Return what `TF_CONFIG` has to be for TensorFlow to form this cluster."""
        task = {"type": "worker", "index": self.index}
        return json.dumps({"cluster": {"worker": list(self.workers)}, "task": task})


def host_and_port(address: str) -> tuple[str, int]:
    """Return the two parts of "host:port".

    Raises:
        ValueError: it has another form, or a port outside 1 to 65535.
    """
    match = ADDRESS.fullmatch(address)
    if not match or not 1 <= int(match[2]) <= 65535:
        raise ValueError(refusal("workers", "be addresses such as host:2222", address))
    return match[1].strip("[]"), int(match[2])


def find_cluster(
    environment: Mapping[str, str], workers: Sequence[str] = (), worker_index: int | None = None
) -> Cluster | None:
    """Return the cluster that the flags name, else `TF_CONFIG`, else Slurm's variables; None: nobody does.

    Raises:
        ValueError: half of the flags, a malformed `TF_CONFIG`, or a role other than chief and worker.
    """
    if workers or worker_index is not None:
        if not workers or worker_index is None:
            advice = "Give both, on each machine with its own index."
            raise ValueError(refusal("workers", "come with worker_index", tuple(workers), advice))
        return Cluster(tuple(workers), worker_index)
    if environment.get("TF_CONFIG", "").strip():
        return _from_tf_config(environment["TF_CONFIG"])
    if int(environment.get("SLURM_NTASKS", "1")) > 1 and "SLURM_PROCID" in environment:
        return _from_slurm(environment)
    return None


def local_cluster(num_workers: int) -> list[Cluster]:
    """Return one cluster on free ports of this machine, as each of its workers sees it."""
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
        role, index = task.get("type", "worker"), int(task.get("index", 0))
    except (ValueError, TypeError, AttributeError) as error:
        example = '{"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", "index": 0}}'
        requirement = f"be JSON such as {example}"
        raise ValueError(refusal("TF_CONFIG", requirement, text, f"Cause: {error}.")) from error
    for name in (*roles, role):
        if name not in ("chief", "worker"):
            requirement = "have the roles chief and worker only: every process here trains"
            raise ValueError(refusal("TF_CONFIG", requirement, name))
    if not roles:
        return None
    chiefs = roles.get("chief", [])
    if len(chiefs) > 1:
        raise ValueError(refusal("TF_CONFIG", "have one chief", chiefs))
    place = index if role == "chief" else index + len(chiefs)
    return Cluster((*chiefs, *roles.get("worker", [])), place, "TF_CONFIG")


def _addresses(role: str, addresses: object) -> list[str]:
    if not isinstance(addresses, list) or not all(isinstance(address, str) for address in addresses):
        raise TypeError(f"{role} is no list of addresses")
    return addresses


def _from_slurm(environment: Mapping[str, str]) -> Cluster:
    """Tasks stand in the order of the nodes, as many on each as `SLURM_STEP_TASKS_PER_NODE` says."""
    nodes = expand_nodes(environment.get("SLURM_STEP_NODELIST") or environment.get("SLURM_JOB_NODELIST", ""))
    per_node = _tasks_per_node(environment.get("SLURM_STEP_TASKS_PER_NODE") or "1", len(nodes))
    port = SLURM_PORT + int(environment.get("SLURM_JOB_ID", "0")) % 1000
    workers = [
        f"{node}:{port + place}"
        for node, tasks in zip(nodes, per_node, strict=True)
        for place in range(tasks)
    ]
    return Cluster(tuple(workers), int(environment["SLURM_PROCID"]), "Slurm")


def expand_nodes(text: str) -> list[str]:
    """Return the names in a Slurm node list: "gpu[01-03,7],login" is gpu01, gpu02, gpu03, gpu7, login."""
    names = []
    for prefix, ranges, suffix in re.findall(r"([^,\[\]]+)(?:\[([^\]]*)\])?([^,\[\]]*)", text):
        for part in ranges.split(",") if ranges else [""]:
            first, _, last = part.partition("-")
            numbers = range(int(first), int(last or first) + 1) if part else [None]
            names += [
                prefix + ("" if number is None else str(number).zfill(len(first))) + suffix
                for number in numbers
            ]
    return names


def _tasks_per_node(text: str, num_nodes: int) -> list[int]:
    """Return the counts of Slurm's short form: "2(x3),1" is 2, 2, 2, 1."""
    counts: list[Any] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d+)(?:\(x(\d+)\))?", part.strip())
        if match is None:
            raise ValueError(refusal("SLURM_STEP_TASKS_PER_NODE", "be counts such as 2(x3),1", text))
        counts += [int(match[1])] * int(match[2] or 1)
    return counts if len(counts) == num_nodes else counts[:1] * num_nodes
