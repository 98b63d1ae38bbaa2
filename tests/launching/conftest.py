"""Small programs in the place of worker processes, which speak the launcher's language and train nothing; and
launchers that find each other in threads."""

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from videoqa.config.launch import LaunchConfig
from videoqa.launching.job import Job, Outcome
from videoqa.launching.launcher import launch
from videoqa.launching.messages import Deadlines
from videoqa.launching.stopping import StopRequest

from .launcher_threads import LauncherThread

PROGRAM = """
import os, signal, sys, time
from pathlib import Path
from videoqa.launching.reporting import connect

reporter, start = connect()
reporter.tell("loaded")
job, task, cluster, decided = start["job"], start["task"], start["cluster"], start["decided"]
index, result, fingerprint = cluster["index"], {}, {"data": "x"}
exec(job.options.get(f"{task} {index}", ""))
exec(job.options.get(task, ""))
if task == "prepare":
    reporter.tell("ready", fingerprint=fingerprint)
else:
    reporter.barrier("all are there")
    reporter.tell("finished", result={"index": index, **result})
    reporter.wait_for_leave()
"""
"""Options of the job are code: "prepare" and "train" of every worker, "train 1" of worker 1 alone."""

COMMAND = (sys.executable, "-c", PROGRAM)
QUICK = Deadlines(
    heartbeat=0.2,
    silence=2.0,
    child_silence=2.0,
    first_heartbeat=10.0,
    cause=3.5,
    welcome=1.0,
    dial=1.0,
    reminder=0.2,
    leave=5.0,
)


@pytest.fixture
def worker_command() -> tuple[str, ...]:
    """Return the command of a worker that does what the job's options say."""
    return COMMAND


@pytest.fixture
def quick() -> Deadlines:
    """Return waiting times for tests."""
    return QUICK


@pytest.fixture
def launched(tmp_path: Path) -> Callable[..., Outcome]:
    """Return a function that launches local workers whose `decide` gives a folder in `tmp_path`."""

    def run(options=None, workers=2, *, stop=None, cluster=None, decide=None, job=None, **fields):
        launch_config = LaunchConfig(local_workers=workers, **fields)
        return launch(
            Job((), options or {}, launch_config, **{"progress": False, **(job or {})}),
            decide=decide or (lambda job: {"out": str(tmp_path / "out")}),
            stop=stop or StopRequest(),
            cluster=cluster,
            command=COMMAND,
            deadlines=QUICK,
        )

    return run


@pytest.fixture
def run_launchers(quick):
    """Return a function that starts launchers, last one first, and waits until all are through."""
    deadlines = dataclasses.replace(quick, cause=1.0)

    def run(clusters, says, until="go", timeout=10.0, decide=lambda: {"out": "here"}):
        launchers = [
            LauncherThread(cluster, each, until, timeout, deadlines, decide)
            for cluster, each in reversed(list(zip(clusters, says, strict=True)))
        ]
        for launcher in launchers:
            launcher.thread.join(30)
        return launchers[::-1]

    return run
