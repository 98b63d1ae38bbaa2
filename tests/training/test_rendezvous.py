"""The meeting before a run, between real sockets."""

import socket
import threading

import pytest

from videoqa.training.cluster import Cluster
from videoqa.training.rendezvous import StartError, meet


def free_ports(number: int) -> list[int]:
    sockets = [socket.create_server(("", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def addresses(number: int) -> tuple[str, ...]:
    return tuple(f"localhost:{port}" for port in free_ports(number))


def gather(
    workers: tuple[str, ...], fingerprints: list[dict], indices: list[int] | None = None, timeout=10.0
):
    """Let each worker meet the others in a thread of its own; return what each got or was told."""
    results: list = [None] * len(fingerprints)

    def run(place: int, index: int) -> None:
        try:
            results[place] = meet(
                Cluster(workers, index),
                fingerprints[place],
                settle=lambda: {"out": f"runs/{index}"},
                timeout_seconds=timeout,
            )
        except (StartError, ValueError) as error:
            results[place] = error

    threads = [
        threading.Thread(target=run, args=(place, index))
        for place, index in enumerate(indices or range(len(fingerprints)))
    ]
    for thread in reversed(threads):  # worker 0 comes last: the others wait for it
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_all_get_what_worker_0_settles():
    assert gather(addresses(3), [{"data": "x"}] * 3) == [{"out": "runs/0"}] * 3


def test_one_worker_needs_no_meeting():
    assert meet(Cluster(("localhost:1",), 0), {}, settle=lambda: {"out": "here"}) == {"out": "here"}


def test_what_differs_is_named_to_everybody():
    workers = addresses(2)
    for result in gather(workers, [{"data": "x", "keras": "3"}, {"data": "y", "keras": "3"}]):
        assert isinstance(result, StartError)
        assert str(result).endswith(
            f"worker 1 ({workers[1]}) must train the same thing. They differ in data: x and y."
        )


def test_who_is_absent_is_named():
    workers = addresses(3)
    one, two = gather(workers, [{}, {}], [0, 2], timeout=1.0)
    assert f"Absent: worker 1 ({workers[1]})" in str(one) and "--start-timeout" in str(one)
    assert isinstance(two, StartError)


def test_a_worker_without_worker_0_does_not_wait_for_ever():
    workers = addresses(2)
    (alone,) = gather(workers, [{}], [1], timeout=0.5)
    assert f"Worker 0 at {workers[0]} gave no answer within 0.5 seconds" in str(alone)


def test_two_workers_with_one_index_are_told():
    first, *_ = addresses(3), None
    workers = (first[0], first[1], first[2])
    results = gather(workers, [{}, {}], [0, 1], timeout=1.0)
    assert all(isinstance(result, StartError) for result in results)


def test_a_port_in_use_is_refused():
    with socket.create_server(("", 0)) as taken:
        workers = (f"localhost:{taken.getsockname()[1]}", *addresses(1))
        with pytest.raises(ValueError, match="`workers` must have a free port for this machine"):
            meet(Cluster(workers, 0), {}, timeout_seconds=0.5)


def test_strangers_are_turned_away():
    workers = addresses(2)
    result: list = []

    def chief() -> None:
        result.append(meet(Cluster(workers, 0), {}, settle=lambda: {"ok": 1}, timeout_seconds=20.0))

    thread = threading.Thread(target=chief)
    thread.start()
    port = int(workers[0].rpartition(":")[2])
    for noise in (b"GET / HTTP/1.1\r\n\r\n", b"\xff\xff\xff\xff", b"\x00\x00\x00\x02[]"):
        for _ in range(50):
            try:
                with socket.create_connection(("localhost", port), timeout=1) as stranger:
                    stranger.sendall(noise)
                break
            except ConnectionRefusedError:
                continue
    assert meet(Cluster(workers, 1), {}, timeout_seconds=20.0) == {"ok": 1}
    thread.join()
    assert result == [{"ok": 1}]
