"""Runs the workers of a run on a Ray cluster, with one launcher per machine.

Ray chooses the machines and transports calls. The launchers then connect over their own ports, as without
Ray.
"""

import io
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from videoqa._checks import Refusal
from videoqa._counted import counted
from videoqa._progress import say
from videoqa._ray import ray_session
from videoqa.config import LaunchConfig
from videoqa.launching.cluster import Cluster, host_and_port, local_cluster
from videoqa.launching.errors import StartError, WorkerAbsent, WorkerLost
from videoqa.launching.job import Job, Outcome
from videoqa.launching.launcher import Decide, launch
from videoqa.launching.messages import Deadlines
from videoqa.launching.stopping import StopRequest

POLL_SECONDS = 0.2
TOLD_SECONDS = 5.0
"""Time that workers get to hear of another's failure before they are killed."""


def launch_on_ray(
    job: Job,
    *,
    decide: Decide,
    stop: StopRequest,
    command: Sequence[str] | None = None,
    deadlines: Deadlines | None = None,
) -> Outcome:
    """Run a job in workers on a Ray cluster and return the outcome of worker 0.

    Each machine gets one worker (each machine with a GPU, if there are any), or `job.launch.local_workers`
    are spread over the machines. Worker 0 is on this machine if any worker is, and its output is printed
    here. `videoqa._ray.ray_session` says which cluster is used.

    Args:
        job, decide, stop, command, deadlines: as in `launcher.launch`; they must be picklable.

    Raises:
        ValueError: a worker refused the job, or the current folder is missing on a machine.
        StartError: the cluster has no room for the workers, or they cannot start together.
        WorkerLost: a worker was lost and no restart is left, or its Ray process died.
        ImportError: Ray is not installed.
    """
    with ray_session() as ray, _room(ray, job.launch, stop) as room:
        if room is None:
            return Outcome({}, stop.signal)
        members = _start_members(ray, room)
        try:
            addresses = tuple(member.address for member in members)
            if job.progress:
                say(f"{counted(len(members), 'worker')} on the Ray cluster: {', '.join(addresses)}.")
            for index, member in enumerate(members):
                cluster = Cluster(addresses, index, "Ray")
                member.result = member.actor.run.remote(job, decide, cluster, command, deadlines)
            return _watch(ray, members, stop)
        finally:
            for member in members:
                ray.kill(member.actor)


@dataclass
class _Member:
    """One worker; `result` is a Ray reference to its `Outcome`."""

    actor: Any
    address: str
    machine: str
    result: Any = None


@dataclass
class _Room:
    """Resources that Ray has reserved for the workers."""

    group: Any
    num_workers: int
    needs: dict[str, float]


@contextmanager
def _room(ray: Any, launch_config: LaunchConfig, stop: StopRequest) -> Iterator[_Room | None]:
    """Reserve resources for all workers while the block runs; yield None if asked to stop."""
    alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    with_gpus = [each for each in alive if each.get("GPU")]
    machines = with_gpus or [each for each in alive if each.get("CPU")]
    num_workers = launch_config.local_workers or len(machines)
    needs = _needs(machines, num_workers)
    apart = launch_config.local_workers is None and num_workers > 1
    group = ray.util.placement_group([needs] * num_workers, strategy="STRICT_SPREAD" if apart else "SPREAD")
    try:
        deadline = time.monotonic() + launch_config.start_timeout
        while not group.wait(timeout_seconds=1):
            if stop.signal is not None:
                break
            if time.monotonic() > deadline:
                free = ray.available_resources()
                raise WorkerAbsent(
                    f"The Ray cluster has no room for {counted(num_workers, 'worker')}, each of which "
                    f"needs {needs}. Free are {free.get('CPU', 0):g} processors and "
                    f"{free.get('GPU', 0):g} GPUs of {counted(len(machines), 'machine')}."
                )
        yield None if stop.signal is not None else _Room(group, num_workers, needs)
    finally:
        ray.util.remove_placement_group(group)


def _needs(machines: list[dict[str, float]], num_workers: int) -> dict[str, float]:
    """Return the resources of each worker: an equal share of what the smallest machine has."""
    per_machine = -(-num_workers // max(1, len(machines)))
    needs = {"CPU": _share(min([each.get("CPU", 0) for each in machines], default=1), per_machine)}
    num_gpus = min([each.get("GPU", 0) for each in machines], default=0) // per_machine
    return needs | ({"GPU": num_gpus} if num_gpus else {})


def _share(num_cpus: float, num_workers: int) -> float:
    """Return the CPUs of each worker on a machine: a whole number if there are enough."""
    return num_cpus // num_workers if num_cpus >= num_workers else num_cpus / num_workers


def _start_members(ray: Any, room: _Room) -> list[_Member]:
    """Start the Ray processes and find each an address; those on this machine come first."""
    from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

    remote_class = ray.remote(RayLauncher)
    actors = [
        remote_class.options(
            num_cpus=room.needs["CPU"],
            num_gpus=room.needs.get("GPU", 0),
            max_concurrency=4,  # `stop` and `printed` are called while `run` runs
            scheduling_strategy=PlacementGroupSchedulingStrategy(room.group, bundle),
        ).remote(sys.stderr.isatty())
        for bundle in range(room.num_workers)
    ]
    members: list[_Member] = []
    for actor in actors:
        taken = [member.address for member in members]
        try:
            machine, address = ray.get(actor.place.remote(os.getcwd(), taken))
        except ray.exceptions.RayError as error:
            raise _own_error(error) or WorkerAbsent(f"A process on the Ray cluster ended: {error}") from None
        members.append(_Member(actor, address, machine))
    here = ray.get_runtime_context().get_node_id()
    return sorted(members, key=lambda member: member.machine != here)


def _watch(ray: Any, members: list[_Member], stop: StopRequest) -> Outcome:
    """Wait for all workers, print worker 0's output and pass on stop requests; raise the main error."""
    running = {member.result: index for index, member in enumerate(members)}
    results: dict[int, Outcome | Exception] = {}
    told, deadline = False, float("inf")
    while running and time.monotonic() < deadline:
        for reference in ray.wait(list(running), timeout=POLL_SECONDS)[0]:
            index = running.pop(reference)
            results[index] = _result(ray, reference, index, members[index])
            if isinstance(results[index], Exception):
                deadline = min(deadline, time.monotonic() + TOLD_SECONDS)
        if stop.signal is not None and not told:
            told = True
            for member in members:
                member.actor.stop.remote(stop.signal)
        _show_printed(ray, members[0])
    _show_printed(ray, members[0])
    ordered = (results[index] for index in sorted(results))
    errors = [result for result in ordered if isinstance(result, Exception)]
    if errors:  # that a worker was lost may only follow from another's error
        raise min(errors, key=lambda error: isinstance(error, (StartError, WorkerLost)))
    outcome = results[0]
    assert isinstance(outcome, Outcome)
    stop.note(outcome.stopped_by)
    return outcome


def _result(ray: Any, reference: Any, index: int, member: _Member) -> Outcome | Exception:
    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        return _own_error(error) or error
    except ray.exceptions.RayError as error:
        cause = str(error).partition("\n")[0]
        return WorkerLost(
            f"Worker {index} ({member.address}): its Ray process is gone ({cause}) Run again with --resume."
        )


def _own_error(error: Exception) -> Exception | None:
    """Return the exception that the process raised, without Ray's wrapper."""
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, Exception) else None


def _show_printed(ray: Any, member: _Member) -> None:
    try:
        text = ray.get(member.actor.printed.remote())
    except ray.exceptions.RayError:
        return  # its result holds the error
    if text:
        sys.stderr.write(text)
        sys.stderr.flush()


class RayLauncher:
    """The launcher of one worker, as a Ray actor.

    Args:
        terminal: its output is shown on a terminal.
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
        decide: Decide,
        cluster: Cluster,
        command: Sequence[str] | None,
        deadlines: Deadlines | None,
    ) -> Outcome:
        """Run the launcher of one worker; its output is kept for `printed`."""
        sys.stderr = self._printed
        return launch(
            job, decide=decide, stop=self._stop, cluster=cluster, command=command, deadlines=deadlines
        )

    def stop(self, number: int) -> None:
        """Pass on a signal that asks to stop."""
        self._stop.note(number)

    def printed(self) -> str:
        """Return what was printed since the last call."""
        return self._printed.take()


class _Printed(io.TextIOBase):
    """A text stream that keeps its text until `take`."""

    def __init__(self, terminal: bool) -> None:
        self._terminal, self._lock, self._text = terminal, threading.Lock(), ""

    def write(self, text: str) -> int:
        """Keep `text`."""
        with self._lock:
            self._text += text
        return len(text)

    def isatty(self) -> bool:
        """Return whether the text is shown on a terminal, where progress bars work."""
        return self._terminal

    def take(self) -> str:
        """Return the kept text and clear it."""
        with self._lock:
            text, self._text = self._text, ""
        return text
