"""Starts the worker processes of a run, watches them, and restarts them.

Each machine has one launcher; local workers have one launcher thread each. A launcher does no other work, so
it can always hear the other launchers, kill its worker, and answer Ctrl-C.
"""

import dataclasses
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videoqa._progress import say
from videoqa.launching.child import ChildProcess
from videoqa.launching.cluster import LOCAL, Cluster, local_cluster
from videoqa.launching.environment import GPUS_VARIABLE, split_gpus, visible_gpus, without_proxy
from videoqa.launching.errors import PeerStopped, StartError, WorkerAbsent, WorkerLost
from videoqa.launching.job import Job, Outcome
from videoqa.launching.messages import Deadlines
from videoqa.launching.rendezvous import Side, rendezvous
from videoqa.launching.stopping import STOPPING, StopRequest
from videoqa.launching.watching import Abandoned, conversation

TOLD_SECONDS = 5.0
"""Time that local workers get to hear of another's failure before they are killed."""
Decide = Callable[[Job], Mapping[str, Any]]


@dataclass(frozen=True)
class _Run:
    """What one launcher knows about its run."""

    job: Job
    cluster: Cluster
    decide: Decide
    stop: StopRequest
    command: Sequence[str] | None
    deadlines: Deadlines
    abandoned: threading.Event
    speaks: bool
    gpus: str | None = None


def launch(
    job: Job,
    *,
    decide: Decide,
    stop: StopRequest,
    cluster: Cluster | None,
    command: Sequence[str] | None = None,
    deadlines: Deadlines | None = None,
) -> Outcome:
    """Run a job in worker processes and return how it ended.

    Args:
        job: the job.
        decide: called with the job on worker 0 alone, when all workers are ready with equal fingerprints. It
            returns a dict for all workers with "out", the model folder as str. Its exceptions end the run.
        stop: the stop request, polled; `graceful_stop` sets it on Ctrl-C and SIGTERM. A stop of another
            machine is recorded in it.
        cluster: the workers; None: one local worker, or `job.launch.local_workers` of them.
        command: program and arguments of a worker process; None: `worker_command()`.
        deadlines: waiting times; None: the defaults.

    Raises:
        ValueError: a worker refused the job, a port is in use, or the job cannot be pickled.
        StartError: the workers would not train the same thing.
        WorkerAbsent: a worker did not connect, and no restart is left.
        WorkerLost: a worker died, froze or lost its connection, and no restart is left.
    """
    if cluster is None and job.launch.local_workers is None:
        say("No workers are named and there is no TF_CONFIG: training as one worker.", progress=job.progress)
    if cluster is not None:
        clusters = [cluster]
    elif job.launch.local_workers in (None, 1):
        clusters = [Cluster((f"{LOCAL}:1",), 0, "one worker")]  # nobody connects to it
    else:
        clusters = local_cluster(job.launch.local_workers)
    deadlines, abandoned = deadlines or Deadlines(), threading.Event()
    runs = [
        _Run(job, each, decide, stop, command, deadlines, abandoned, each is clusters[0], share)
        for each, share in zip(clusters, _gpu_shares(job, len(clusters)), strict=True)
    ]
    outcome = _run_worker(runs[0]) if len(runs) == 1 else _run_local(runs)
    stop.note(outcome.stopped_by)
    return outcome


def _gpu_shares(job: Job, num_workers: int) -> Sequence[str | None]:
    """Return `CUDA_VISIBLE_DEVICES` for each worker on this machine; None: unchanged."""
    gpus = visible_gpus(os.environ) if num_workers > 1 else []
    if not gpus:
        return [None] * num_workers
    if len(gpus) < num_workers:
        text = f"GPUs here: {len(gpus)}, fewer than the {num_workers} workers, which use processors instead."
        say(text, progress=job.progress)
    return split_gpus(gpus, num_workers)


def _run_local(runs: list[_Run]) -> Outcome:
    """Run each worker in a thread; return the outcome of worker 0 or raise the most informative error."""
    with ThreadPoolExecutor(len(runs), thread_name_prefix="videoqa-launcher") as threads:
        futures = [threads.submit(_run_worker, run) for run in runs]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
            wait(futures, timeout=TOLD_SECONDS)
        finally:
            runs[0].abandoned.set()
    errors = [error for future in futures if (error := future.exception()) is not None]
    if errors:
        raise min(errors, key=_nearness)
    return futures[0].result()


def _nearness(error: BaseException) -> int:
    """Sort key: the failure itself, then the workers that were told of it, then those that were not."""
    return isinstance(error, (StartError, WorkerLost)) + 2 * isinstance(error, Abandoned)


def _run_worker(run: _Run) -> Outcome:
    """Run this launcher's worker, and again from the newest checkpoint while restarts are left."""
    restarts = run.job.launch.max_restarts
    for restart in range(restarts + 1):
        decided: dict[str, Any] = {}
        try:
            return _attempt(run, decided)
        except PeerStopped as error:
            return Outcome({}, error.signal_number)
        except (StartError, WorkerLost) as error:
            stopped = run.stop.signal is not None
            if stopped and not decided:  # the other workers were stopped a moment earlier
                return Outcome({}, run.stop.signal)
            if stopped or restart == restarts or not isinstance(error, (WorkerAbsent, WorkerLost)):
                raise
            say(f"{error} Starting again ({restart + 1} of {restarts}).", progress=run.speaks)
        if decided:  # training had begun
            run = dataclasses.replace(
                run, job=dataclasses.replace(run.job, resume=True, out=run.job.out or decided["out"])
            )
    raise AssertionError("the last restart returns or raises")


def _attempt(run: _Run, decided: dict[str, Any]) -> Outcome:
    """Prepare, wait for the other workers, store worker 0's decision in `decided`, and train."""
    timeout = run.job.launch.start_timeout
    with rendezvous(run.cluster, lambda: run.decide(run.job), timeout, run.deadlines) as side:
        with _start_child(run, "prepare", {}) as child:
            agreed = _prepare(run, side, child)
            if agreed is None:
                return Outcome({}, run.stop.signal)
            decided.update(agreed)
            child.log_to(_log_path(run, decided))
        with _start_child(run, "train", decided) as child:
            return _train(run, side, child)


def _prepare(run: _Run, side: Side, child: ChildProcess) -> dict[str, Any] | None:
    """Wait until all workers are prepared and return worker 0's decision; None if asked to stop."""
    for message in _converse(run, side, child):
        if message["kind"] == "stop":
            name = signal.Signals(message["signal"]).name
            text = f"it was stopped by {name}."
            side.tell("failed", type="stopped", message=text, signal=int(message["signal"]))
            break
        if message["kind"] == "awaited":
            say(f"Waiting for {message['names']}.", progress=run.job.progress)
        if message["kind"] == "go":
            return message["decided"]
    return None


def _train(run: _Run, side: Side, child: ChildProcess) -> Outcome:
    """Pass messages between the worker process and the other workers until all are done."""
    outcome = Outcome({})
    for message in _converse(run, side, child):
        kind = message["kind"]
        if kind == "stop":
            say(STOPPING, progress=run.speaks)
            child.tell("stop", signal=message["signal"])
        elif kind in ("finished", "stopped"):
            outcome = Outcome(message["result"], message.get("signal"))
        elif kind == "pass":
            child.tell("pass", name=message["name"])
        elif kind == "leave":
            child.tell("leave")
            side.close()
            child.wait(run.deadlines.leave)
            break
    return outcome


def _converse(run: _Run, side: Side, child: ChildProcess) -> Iterator[dict[str, Any]]:
    return conversation(child, side, stop=run.stop, deadlines=run.deadlines, abandoned=run.abandoned)


def _start_child(run: _Run, task: str, decided: dict[str, Any]) -> ChildProcess:
    environment = {name: value for name, value in os.environ.items() if name != "TF_CONFIG"}
    if task == "train" and len(run.cluster.workers) > 1:
        environment["TF_CONFIG"] = run.cluster.tf_config()
        environment |= without_proxy(environment, run.cluster)
    if run.gpus is not None:
        environment[GPUS_VARIABLE] = run.gpus
    cluster = {"workers": list(run.cluster.workers), "index": run.cluster.index}
    echo = run.cluster.is_chief and run.job.progress
    terminal = echo and sys.stderr.isatty()
    job = dataclasses.replace(run.job, progress=True)  # the log file gets all messages
    return ChildProcess(
        {"task": task, "job": job, "cluster": cluster, "decided": decided, "terminal": terminal},
        environment=environment,
        log_path=_log_path(run, decided) if decided else None,
        echo=echo,
        command=run.command,
    )


def _log_path(run: _Run, decided: Mapping[str, Any]) -> Path:
    return Path(run.job.out or decided["out"]) / "logs" / f"worker-{run.cluster.index}.log"
