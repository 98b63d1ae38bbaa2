"""Starts the worker processes of a run, watches them, and starts them again. Needs no TensorFlow.

Each machine has one launcher (local workers: one in each thread of a process). It never computes, so it can
always hear the other launchers, kill its worker, and answer Ctrl-C.
"""

import dataclasses
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videoqa._progress import say
from videoqa.training.child import ChildProcess
from videoqa.training.cluster import LOCAL, Cluster, local_cluster
from videoqa.training.errors import StartError, WorkerLost
from videoqa.training.hub import Hub
from videoqa.training.job import Job, Outcome
from videoqa.training.meeting import meeting
from videoqa.training.messages import Patience
from videoqa.training.spoke import Spoke
from videoqa.training.stopping import StopRequest

LOOK_SECONDS = 0.05
CONFIRM_SECONDS = 0.5
"""A launcher that was itself frozen sees old news first; its threads then get this long to read the new."""
TOLD_SECONDS = 5.0
"""From one local worker's failure until the others, which should have heard of it, are ended."""
Settle = Callable[[Job], Mapping[str, Any]]


@dataclass(frozen=True)
class _Run:
    """What one launcher knows about the run of its worker."""

    job: Job
    cluster: Cluster
    settle: Settle
    stop: StopRequest
    command: Sequence[str] | None
    patience: Patience
    abandoned: threading.Event
    speaks: bool


class _Abandoned(RuntimeError):
    """The main thread stopped waiting for its local workers."""


def launch(
    job: Job,
    *,
    settle: Settle,
    stop: StopRequest,
    cluster: Cluster | None,
    command: Sequence[str] | None = None,
    patience: Patience | None = None,
) -> Outcome:
    """Carry out a job in worker processes, and return how it ended.

    Args:
        job: what to do.
        settle: called with the job on worker 0 alone, when all workers are ready and equal; returns what all
            have to know, "out" among it (the folder of the model, as str). What it raises ends the run.
        stop: looked at all the time; `graceful_stop` sets it on Ctrl-C and SIGTERM. A stop that another
            machine was asked for is noted in it.
        cluster: the workers and which of them this is; None: one, or `job.launch.local_workers` of them.
        command: program and arguments of a worker process; None: the library's.
        patience: waiting times; None: the usual.

    Raises:
        ValueError: a worker refused the job, a port is in use, or the job cannot be sent to a process.
        StartError: the workers did not come together.
        WorkerLost: a worker died, froze or vanished, and `job.launch.max_restarts` are used up.
    """
    if cluster is None and job.launch.local_workers is None:
        say("No workers are named and there is no TF_CONFIG: training as one worker.", progress=job.progress)
    if cluster is not None:
        clusters = [cluster]
    elif job.launch.local_workers in (None, 1):
        clusters = [Cluster((f"{LOCAL}:1",), 0, "one worker")]  # nobody connects to it
    else:
        clusters = local_cluster(job.launch.local_workers)
    abandoned = threading.Event()
    runs = [
        _Run(job, each, settle, stop, command, patience or Patience(), abandoned, each is clusters[0])
        for each in clusters
    ]
    outcome = _run_worker(runs[0]) if len(runs) == 1 else _run_local(runs)
    stop.note(outcome.stopped_by)
    return outcome


def _run_local(runs: list[_Run]) -> Outcome:
    """Run each worker in a thread, and return or raise what tells most."""
    with ThreadPoolExecutor(len(runs), thread_name_prefix="videoqa-launcher") as threads:
        futures = [threads.submit(_run_worker, run) for run in runs]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
            wait(futures, timeout=TOLD_SECONDS)
        finally:
            runs[0].abandoned.set()
    errors = [error for future in futures if (error := future.exception()) is not None]
    # a refusal before what the others were told of it, and that before those who never heard
    for error in sorted(
        errors, key=lambda error: isinstance(error, RuntimeError) + isinstance(error, _Abandoned)
    ):
        raise error
    return futures[0].result()


def _run_worker(run: _Run) -> Outcome:
    """Carry out this launcher's part, again from the newest checkpoint while restarts are left."""
    restarts = run.job.launch.max_restarts
    for restart in range(restarts + 1):
        settled: dict[str, Any] = {}
        try:
            return _attempt(run, settled)
        except (StartError, WorkerLost) as error:
            if (
                run.stop.signal is not None and not settled
            ):  # the others were stopped as well, a moment before
                return Outcome({}, run.stop.signal)
            if isinstance(error, StartError) or restart == restarts or run.stop.signal is not None:
                raise
            say(f"{error} Starting again ({restart + 1} of {restarts}).", progress=run.speaks)
        if settled:  # training had begun
            run = dataclasses.replace(
                run, job=dataclasses.replace(run.job, resume=True, out=run.job.out or settled["out"])
            )
    raise AssertionError("the last restart returns or raises")


def _attempt(run: _Run, settled: dict[str, Any]) -> Outcome:
    """Prepare, meet the others, fill `settled` with what worker 0 settled, and train."""
    timeout = run.job.launch.start_timeout
    with meeting(run.cluster, lambda: run.settle(run.job), timeout, run.patience) as side:
        with _start_child(run, "prepare", {}) as child:
            for message in _conversation(run, side, child):
                if message["kind"] == "stop":
                    name = signal.Signals(message["signal"]).name
                    side.tell("failed", type="stopped", message=f"it was stopped by {name}.")
                    return Outcome({}, message["signal"])
                if message["kind"] == "awaited":
                    say(f"Waiting for {message['names']}.", progress=run.job.progress)
                if message["kind"] == "go":
                    settled.update(message["settled"])
                    child.log_to(_log_path(run, settled))
                    break
        with _start_child(run, "train", settled) as child:
            return _train(run, side, child)


def _train(run: _Run, side: Hub | Spoke, child: ChildProcess) -> Outcome:
    """Carry messages between the worker process and the others until all are done."""
    outcome = Outcome({})
    for message in _conversation(run, side, child):
        kind = message["kind"]
        if kind == "stop":
            text = "Stopping: the step is finished and saved. A second Ctrl-C stops at once."
            say(text, progress=run.speaks)
            child.tell("stop", signal=message["signal"])
        elif kind in ("finished", "stopped"):
            outcome = Outcome(message["result"], message.get("signal"))
        elif kind == "pass":
            child.tell("pass", name=message["name"])
        elif kind == "leave":
            side.close()
            child.tell("leave")
            child.wait(run.patience.leave)
            break
    return outcome


def _start_child(run: _Run, task: str, settled: dict[str, Any]) -> ChildProcess:
    environment = {name: value for name, value in os.environ.items() if name != "TF_CONFIG"}
    if task == "train" and len(run.cluster.workers) > 1:
        environment["TF_CONFIG"] = run.cluster.tf_config()
    cluster = {"workers": list(run.cluster.workers), "index": run.cluster.index}
    echo = run.cluster.is_chief and run.job.progress
    terminal = echo and sys.stderr.isatty()
    job = dataclasses.replace(run.job, progress=True)  # the log file has it all
    return ChildProcess(
        {"task": task, "job": job, "cluster": cluster, "settled": settled, "terminal": terminal},
        environment=environment,
        log_path=_log_path(run, settled) if settled else None,
        echo=echo,
        command=run.command,
    )


def _log_path(run: _Run, settled: Mapping[str, Any]) -> Path:
    return Path(run.job.out or settled["out"]) / "logs" / f"worker-{run.cluster.index}.log"


def _conversation(run: _Run, side: Hub | Spoke, child: ChildProcess) -> Iterator[dict[str, Any]]:
    """Pass on what the worker process says, and yield it with what this worker is told by the others.

    A stop request is yielded once, as {"kind": "stop", "signal": number}. Ends by the consumer or a failure.
    """
    stopping = failed = False
    expected = False  # the process has said that it prepared, and may end
    while not run.abandoned.is_set():
        if run.stop.signal is not None and not stopping:
            stopping = True
            yield {"kind": "stop", "signal": run.stop.signal}
        code = child.exit_code  # before its messages: then none can come after it
        for message in child.messages():
            failed = failed or message["kind"] == "failed"
            expected = expected or message["kind"] == "ready"
            _pass_on(side, message)
            yield message
        if not (failed or expected):
            problem = _problem(run, child, code)
            if problem is not None:
                failed = True
                side.tell("failed", **problem)
        yield from side.poll()
        time.sleep(LOOK_SECONDS)
    raise _Abandoned


def _pass_on(side: Hub | Spoke, message: Mapping[str, Any]) -> None:
    """Tell the others what they have to know of what the worker process said."""
    kind = message["kind"]
    if kind == "ready":
        side.tell("ready", fingerprint=message["fingerprint"])
    elif kind == "barrier":
        side.tell("barrier", name=message["name"])
    elif kind in ("finished", "stopped"):
        side.tell("done")
    elif kind == "failed":
        side.tell("failed", type=message["type"], message=message["message"])
        if message["type"] == "refused":
            raise ValueError(message["message"])


def _problem(run: _Run, child: ChildProcess, code: int | None) -> dict[str, str] | None:
    """Return what is wrong with the worker process, as fields of a "failed" message; None: nothing."""
    if code is not None:
        words = f" The last line it printed: {child.last_line}" if child.last_line else ""
        if code >= 0:
            return {"type": "died", "message": f"its process ended early with exit code {code}.{words}"}
        name = signal.Signals(-code).name
        kind = "aborted" if -code == signal.SIGABRT else "died"
        return {"type": kind, "message": f"its process was killed by {name}.{words}"}
    limit = run.patience.child_silence if child.has_spoken else run.patience.first_sign
    if child.seconds_since_sign > limit:
        time.sleep(CONFIRM_SECONDS)
        if child.seconds_since_sign > limit:
            child.kill()
            return {"type": "frozen", "message": f"its process was frozen for {limit:g} seconds."}
    return None
