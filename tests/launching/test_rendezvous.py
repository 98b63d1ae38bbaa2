"""Launchers among each other, over real sockets."""

import contextlib
import socket
import threading

import pytest

from videoqa.launching.cluster import Cluster, host_and_port, local_cluster
from videoqa.launching.errors import PeerStopped, StartError, WorkerAbsent
from videoqa.launching.listening import Listener
from videoqa.launching.messages import Deadlines

from .launcher_threads import LauncherThread, framed, kinds, ready

DONE = {"kind": "done"}


def test_all_get_what_worker_0_decides(run_launchers):
    for launcher in run_launchers(local_cluster(3), [[ready()]] * 3):
        assert launcher.error is None
        assert launcher.told[-1] == {"kind": "go", "decided": {"out": "here"}}


def test_one_worker_needs_no_port(run_launchers):
    with socket.create_server(("", 0)) as taken:
        alone = Cluster((f"localhost:{taken.getsockname()[1]}",), 0)
        (launcher,) = run_launchers([alone], [[ready(), {"kind": "barrier", "name": "a"}, DONE]], "leave")
    assert kinds(launcher) == ["deciding", "go", "pass", "leave"]


def test_barriers_and_the_end_wait_for_all(run_launchers):
    says = [[ready(), {"kind": "barrier", "name": "a"}, DONE], [ready(), {"kind": "barrier", "name": "a"}]]
    clusters = local_cluster(2)
    for launcher in run_launchers(clusters, [says[0], says[1] + [DONE]], "leave"):
        assert launcher.error is None
        assert [kind for kind in kinds(launcher) if kind in ("pass", "leave")] == ["pass", "leave"]
    for launcher in run_launchers(clusters, [says[0], says[1]], "pass"):
        assert "leave" not in kinds(launcher)


def test_what_differs_is_named_to_everybody(run_launchers):
    clusters = local_cluster(3)
    prints = [ready(data="x", keras="3"), ready(data="x", keras="3"), ready(data="y", keras="3")]
    for launcher in run_launchers(clusters, [[each] for each in prints]):
        assert isinstance(launcher.error, StartError)
        assert str(launcher.error) == (
            f"All workers must train the same thing. Of worker 0 ({clusters[0].workers[0]}) and worker 2 "
            f"({clusters[0].workers[2]}) differ data: x and y."
        )


@pytest.mark.slow
def test_who_is_absent_is_named(run_launchers):
    clusters = local_cluster(3)
    for launcher in run_launchers([clusters[0], clusters[2]], [[ready()]] * 2, timeout=0.5):
        assert isinstance(launcher.error, WorkerAbsent)
        assert f"Absent: worker 1 ({clusters[0].workers[1]})" in str(launcher.error)
    first = run_launchers(clusters[:1], [[ready()]], timeout=0.5)[0]
    assert {
        "kind": "awaited",
        "names": str(first.error).split("Absent: ")[1].split(". Start")[0],
    } in first.told


@pytest.mark.parametrize("host", ["localhost", "nowhere.invalid"])
def test_a_worker_without_worker_0_does_not_wait_for_ever(run_launchers, host):
    own = local_cluster(2)[1]
    workers = (own.workers[0].replace("localhost", host), own.workers[1])
    (alone,) = run_launchers([Cluster(workers, 1)], [[ready()]], timeout=0.5)
    assert isinstance(alone.error, WorkerAbsent)
    assert f"No answer from worker 0 ({workers[0]}) within 0.5 seconds (" in str(alone.error)


def test_two_workers_with_one_index_are_told(run_launchers):
    first, _, third = local_cluster(3)
    elsewhere = Cluster((first.workers[0], "localhost:1", first.workers[1]), 2)
    same_index = Cluster((first.workers[0], "localhost:1", first.workers[2]), 2)
    launchers = run_launchers([first, elsewhere, same_index], [[ready()]] * 3)
    assert "Two workers have the index 2" in str(launchers[0].error)
    assert [isinstance(each.error, StartError) for each in launchers] == [True] * 3


def test_workers_of_another_cluster_are_told(run_launchers):
    first, _, third = local_cluster(3)
    two = Cluster(first.workers[:2], 0)
    for launcher in run_launchers([two, third], [[ready()]] * 2):
        assert isinstance(launcher.error, StartError)
        assert "Worker 2 was started as one of 3 workers" in str(launcher.error)


def test_a_port_in_use_is_refused(run_launchers):
    with socket.create_server(("", 0)) as taken:
        workers = (f"localhost:{taken.getsockname()[1]}", "localhost:1")
        (launcher,) = run_launchers([Cluster(workers, 0)], [[ready()]])
    assert isinstance(launcher.error, ValueError)
    assert "`workers` must have a free port for this machine" in str(launcher.error)


NOISE = [
    b"",  # says nothing, and stays
    b"GET / HTTP/1.1\r\n\r\n",
    b"\xff\xff\xff\xff",
    b"\x00\x00",
    framed(b"[]"),
    framed(b"\xff"),
    framed(b"[" * 100_000),
    framed(b'{"kind": "ready", "fingerprint": {}}'),
    framed(b'{"kind": "hello"}'),
    framed(b'{"kind": "hello", "index": "1", "launcher": "x", "num_workers": 2}'),
    framed(b'{"kind": "hello", "index": 1, "launcher": [], "num_workers": 2}'),
    framed(b'{"kind": "hello", "index": 1, "launcher": "then gone", "num_workers": 2}'),
]


def test_strangers_are_turned_away(run_launchers):
    clusters = local_cluster(2)
    port = int(clusters[0].workers[0].rpartition(":")[2])
    with contextlib.ExitStack() as strangers:

        def disturb():
            while len(open_ones) < len(NOISE):
                with contextlib.suppress(ConnectionRefusedError):
                    stranger = socket.create_connection(("localhost", port), timeout=5)
                    stranger.sendall(NOISE[len(open_ones)])
                    open_ones.append(strangers.enter_context(stranger))
            open_ones[-1].close()  # said hello and went away

        open_ones: list[socket.socket] = []
        thread = threading.Thread(target=disturb)
        thread.start()
        first = LauncherThread(
            clusters[0], [ready()], "go", 20.0, Deadlines(welcome=0.5), lambda: {"out": "here"}
        )
        thread.join()
        assert not first.told
        (second,) = run_launchers(clusters[1:], [[ready()]])
        first.thread.join()
    assert (first.error, second.error) == (None, None)
    assert first.told[-1]["decided"] == second.told[-1]["decided"] == {"out": "here"}


def test_what_decide_raises_is_raised_by_worker_0_and_told_to_the_others(run_launchers):
    def decide():
        raise FileExistsError("out is there")

    first, second = run_launchers(local_cluster(2), [[ready()]] * 2, decide=decide)
    assert isinstance(first.error, FileExistsError)
    assert isinstance(second.error, StartError)
    assert str(second.error).startswith("Cannot start with worker 0")
    assert str(second.error).endswith(": out is there")


def test_a_refusal_is_told_to_the_others(run_launchers):
    refused = {"kind": "failed", "type": "refused", "message": "`data` must be a file."}
    first, _ = run_launchers(local_cluster(2), [[ready()], [refused]])
    assert isinstance(first.error, StartError)
    assert str(first.error).startswith("Cannot start with worker 1")
    assert str(first.error).endswith(": `data` must be a file.")


def test_a_worker_that_was_stopped_stops_the_others(run_launchers):
    stopped = {"kind": "failed", "type": "stopped", "signal": 2, "message": "it was stopped by SIGINT."}
    for launcher in run_launchers(local_cluster(2), [[ready()], [stopped]]):
        assert isinstance(launcher.error, PeerStopped) and launcher.error.signal_number == 2


@pytest.mark.slow
def test_a_worker_whose_address_does_not_answer_is_named(run_launchers):
    first, second = local_cluster(2)
    wrong = (first.workers[0], "localhost:1")
    for launcher in run_launchers([Cluster(wrong, 0), second], [[ready()]] * 2):
        assert isinstance(launcher.error, WorkerAbsent)
        assert str(launcher.error) == (
            f"Worker 1 (localhost:1) cannot be reached from worker 0 ({wrong[0]}) (Connection refused)."
        )


def test_local_workers_cannot_be_reached_from_elsewhere():
    cluster, _ = local_cluster(2)
    listener = Listener(cluster, 1.0)
    assert listener._socket.getsockname()[0] in ("127.0.0.1", "::1")
    listener.close()
    port = host_and_port(cluster.workers[0])[1]
    listener = Listener(Cluster((f"localhost:{port}", "b:2222"), 0), 1.0)
    assert listener._socket.getsockname()[0] in ("::", "0.0.0.0")
    listener.close()
