"""Launchers as processes of their own, as on several machines; killed, frozen and asked to stop."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from videoqa.launching.cluster import local_cluster

pytestmark = pytest.mark.slow

LAUNCHER = """
import json, sys
from videoqa.config.launch import LaunchConfig
from videoqa.launching.cluster import Cluster
from videoqa.launching.job import Job
from videoqa.launching.launcher import launch
from videoqa.launching.messages import Deadlines
from videoqa.launching.stopping import graceful_stop, raise_again

given = json.loads(sys.argv[1])
config = LaunchConfig(max_restarts=given["restarts"], start_timeout=60)
job = Job((), {"train": given["train"]}, config, progress=False)
with graceful_stop() as stop:
    try:
        outcome = launch(
            job,
            decide=lambda job: {"out": given["out"]},
            stop=stop,
            cluster=Cluster(given["workers"], given["index"]),
            command=given["command"],
            deadlines=Deadlines(**given["deadlines"]),
        )
    except Exception as error:
        sys.exit(f"{type(error).__name__}: {error}")
    print(json.dumps(outcome.result), flush=True)
raise_again(stop)
"""
TRAIN = """
Path({folder!r}, f"{{index}}-{{job.resume}}").write_text(str(os.getpid()))
for _ in range({ticks}):
    time.sleep(0.1)
    if reporter.stop_signal is not None:
        reporter.barrier("stopping")
        reporter.tell("stopped", signal=15, result={{"saved": True}})
        reporter.wait_for_leave()
        sys.exit()
"""


@pytest.fixture
def start(tmp_path, worker_command, quick):
    """Return a function that starts the launcher of one worker; all are killed at the end."""
    clusters = local_cluster(2)
    processes = []

    def run(index, ticks=600, restarts=0):
        given = {
            "train": TRAIN.format(folder=str(tmp_path), ticks=ticks),
            "restarts": restarts,
            "out": str(tmp_path / "out"),
            "workers": clusters[0].workers,
            "index": index,
            "command": worker_command,
            "deadlines": {**vars(quick), "silence": 3.0},
        }
        command = [sys.executable, "-c", LAUNCHER, json.dumps(given)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        return process

    yield run
    for process in processes:
        process.kill()
        process.communicate()


def training_process(folder, index, resumed=False):
    """Wait until worker `index` trains, and return the number of its process."""
    file = folder / f"{index}-{resumed}"
    deadline = time.monotonic() + 120
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < deadline, "it does not train"
        time.sleep(0.02)
    return int(file.read_text())


def await_end(pid):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    raise AssertionError("the process is left behind")


@pytest.mark.parametrize(
    ("victim", "number"), [(0, signal.SIGKILL), (1, signal.SIGKILL), (0, signal.SIGSTOP)]
)
def test_the_loss_of_a_launcher_is_noticed(start, tmp_path, victim, number):
    launchers = [start(0), start(1)]
    children = [training_process(tmp_path, index) for index in (0, 1)]
    launchers[victim].send_signal(number)
    _, errors = launchers[1 - victim].communicate(timeout=60)
    assert f"WorkerLost: Lost worker {victim} (localhost:" in errors
    assert ("gone" if number == signal.SIGKILL else "silent for 3 seconds") in errors
    await_end(children[1 - victim])
    launchers[victim].kill()
    await_end(children[victim])


@pytest.mark.parametrize("victim", [0, 1])
def test_a_launcher_that_comes_back_finds_the_others_waiting(start, tmp_path, victim):
    launchers = [start(index, ticks=8, restarts=1) for index in (0, 1)]
    for index in (0, 1):
        training_process(tmp_path, index)
    launchers[victim].kill()
    launchers[victim].wait()
    again = start(victim, ticks=8)
    training_process(tmp_path, 1 - victim, resumed=True)
    for process in (again, launchers[1 - victim]):
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        assert json.loads(output)["index"] in (0, 1)


def test_a_stop_on_one_machine_stops_all(start, tmp_path):
    launchers = [start(0), start(1)]
    pids = [training_process(tmp_path, index) for index in (0, 1)]
    for process in launchers:  # workers without real collectives cannot agree by themselves
        process.send_signal(signal.SIGTERM)
    for process in launchers:
        output, errors = process.communicate(timeout=60)
        assert json.loads(output) == {"saved": True}, errors
        assert process.returncode == -signal.SIGTERM
    for pid in pids:
        await_end(pid)
