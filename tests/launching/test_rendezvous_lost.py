"""Launchers that lose one of them, over real sockets: who is named, and why."""

import contextlib
import dataclasses
import json
import socket
import time

import pytest

from videoqa.launching.cluster import host_and_port, local_cluster
from videoqa.launching.errors import WorkerLost

from .launcher_threads import LauncherThread, framed, kinds, ready


def speak(cluster, *messages):
    """Connect to worker 0 by hand, and return the socket."""
    port = int(cluster.workers[0].rpartition(":")[2])
    hello = {"kind": "hello", "index": cluster.index, "launcher": "by hand", "num_workers": 2}
    for _ in range(200):
        with contextlib.suppress(ConnectionRefusedError):
            connected = socket.create_connection(("localhost", port), timeout=5)
            for message in (hello, *messages):
                for byte in framed(json.dumps(message).encode()):  # in the smallest pieces
                    connected.sendall(bytes([byte]))
            return connected
        time.sleep(0.02)
    raise AssertionError("worker 0 does not listen")


@pytest.mark.slow
@pytest.mark.parametrize("how", ["closed", "silent", "nonsense"])
def test_a_worker_that_is_gone_is_named(quick, how):
    clusters = local_cluster(2)
    deadlines = dataclasses.replace(quick, silence=1.0)
    first = LauncherThread(clusters[0], [ready()], "leave", 10.0, deadlines, lambda: {"out": "here"})
    port = socket.create_server(host_and_port(clusters[1].workers[1]))  # as of a worker that waits for go
    with port, speak(clusters[1], ready()) as second:
        while "go" not in kinds(first):
            time.sleep(0.01)
        if how == "closed":
            second.close()
        if how == "nonsense":
            second.sendall(framed(b'{"kind": "barrier"}'))
        first.thread.join(10)
    assert isinstance(first.error, WorkerLost)
    reason = {"closed": "closed", "silent": "silent for 1 seconds", "nonsense": "'name'"}[how]
    assert f"Lost worker 1 ({clusters[0].workers[1]}): " in str(first.error)
    assert reason in str(first.error)


def test_worker_0_that_is_gone_is_named(quick):
    clusters = local_cluster(2)
    leaver = LauncherThread(clusters[0], [ready()], "go", 10.0, quick, lambda: {"out": "here"})
    stayer = LauncherThread(clusters[1], [ready()], "leave", 10.0, quick, lambda: {})
    leaver.thread.join(), stayer.thread.join()
    assert isinstance(stayer.error, WorkerLost)
    assert f"Lost worker 0 ({clusters[0].workers[0]}): its process or machine is gone" in str(stayer.error)


COLLECTIVE = {"kind": "failed", "type": "collective", "message": "a peer does not answer."}
ABORTED = {"kind": "failed", "type": "aborted", "message": "it was killed by SIGABRT."}
KILLED = {"kind": "failed", "type": "died", "message": "it was killed by SIGKILL."}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("failures", "index", "message"),
    [
        ([COLLECTIVE, COLLECTIVE, KILLED], 2, "killed by SIGKILL"),
        ([KILLED, COLLECTIVE, COLLECTIVE], 0, "killed by SIGKILL"),
        ([COLLECTIVE, ABORTED, COLLECTIVE], 1, "killed by SIGABRT"),
        ([COLLECTIVE, COLLECTIVE, COLLECTIVE], None, "a peer does not answer"),
        ([COLLECTIVE, None, COLLECTIVE], None, "a peer does not answer"),
    ],
)
def test_the_cause_is_named_and_not_what_follows_from_it(run_launchers, failures, index, message):
    clusters = local_cluster(3)
    says = [[ready()] + ([failure] if failure else []) for failure in failures]
    for launcher in run_launchers(clusters, says, "leave"):
        assert isinstance(launcher.error, WorkerLost)
        assert message in str(launcher.error)
        assert index is None or f"Lost worker {index} ({clusters[0].workers[index]})" in str(launcher.error)
