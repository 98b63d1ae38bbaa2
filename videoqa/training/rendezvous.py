"""The meeting before a run: every worker shows up and says what it would train, before any waits for another.

Messages are JSON objects behind four bytes of length; nothing in them is executed. Needs no TensorFlow.
"""

import json
import socket
import struct
import time
from collections.abc import Callable, Mapping
from typing import Any

from videoqa._checks import refusal
from videoqa.training.cluster import Cluster, host_and_port

MAX_MESSAGE_BYTES = 1 << 20
RETRY_SECONDS = 0.2
SIGN_OF_LIFE_SECONDS = 2.0


class StartError(RuntimeError):
    """The workers did not come together; the message says who is absent or what differs."""


def meet(
    cluster: Cluster,
    fingerprint: Mapping[str, str],
    *,
    settle: Callable[[], Mapping[str, Any]] = dict,
    timeout_seconds: float = 300.0,
) -> dict[str, Any]:
    """Return what worker 0 has settled, once all workers are there with one and the same fingerprint.

    Args:
        cluster: the workers and which of them this is.
        fingerprint: name to hash or version of everything that has to be equal.
        settle: called by worker 0 alone; what it returns goes to every worker.
        timeout_seconds: longest time without a sign of life of some worker.

    Raises:
        StartError: a worker is absent or differs from worker 0.
        ValueError: this worker's port is in use.
    """
    if len(cluster.workers) == 1:
        return dict(settle())
    with _listen(cluster) as listener:
        if cluster.is_chief:
            return _receive_all(listener, cluster, fingerprint, settle, timeout_seconds)
        return _report_to_chief(cluster, fingerprint, timeout_seconds)


def _listen(cluster: Cluster) -> socket.socket:
    _, port = host_and_port(cluster.workers[cluster.index])
    try:
        return socket.create_server(("", port))
    except OSError as error:
        requirement = f"have a free port for this machine ({error.strerror})"
        raise ValueError(refusal("workers", requirement, cluster.workers[cluster.index])) from error


def _receive_all(
    listener: socket.socket,
    cluster: Cluster,
    fingerprint: Mapping[str, str],
    settle: Callable[[], Mapping[str, Any]],
    timeout_seconds: float,
) -> dict[str, Any]:
    """Collect every worker's fingerprint, answer all of them alike, and return what was settled."""
    seen: dict[int, tuple[socket.socket, dict[str, str]]] = {}
    deadline = time.monotonic() + timeout_seconds
    try:
        while len(seen) < len(cluster.workers) - 1:
            listener.settimeout(max(deadline - time.monotonic(), 0.01))
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                raise StartError(_absent(cluster, seen, timeout_seconds)) from None
            _greet(connection, cluster, seen)
            deadline = time.monotonic() + timeout_seconds
        problem = _difference(cluster, fingerprint, {index: said for index, (_, said) in seen.items()})
        settled = {} if problem else dict(settle())
        for connection, _ in seen.values():
            _send(connection, {"problem": problem, "settled": settled})
        if problem:
            raise StartError(problem)
        return settled
    finally:
        for connection, _ in seen.values():
            connection.close()


def _greet(connection: socket.socket, cluster: Cluster, seen: dict[int, Any]) -> None:
    """Take up a worker that says who it is; whoever else connects is turned away."""
    connection.settimeout(SIGN_OF_LIFE_SECONDS)
    try:
        hello = _receive(connection)
        index, said = int(hello["index"]), dict(hello["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError):
        connection.close()
        return
    if index in seen:
        problem = f"Two workers have the index {index}: give each its own --worker-index."
        for each in (connection, seen[index][0]):
            _send(each, {"problem": problem, "settled": {}})
        raise StartError(problem)
    if not 0 < index < len(cluster.workers):
        _send(connection, {"problem": f"There is no worker {index} in {cluster.workers}.", "settled": {}})
        connection.close()
        return
    seen[index] = connection, said


def _report_to_chief(
    cluster: Cluster, fingerprint: Mapping[str, str], timeout_seconds: float
) -> dict[str, Any]:
    deadline = time.monotonic() + timeout_seconds
    address = host_and_port(cluster.workers[0])
    while True:
        try:
            with socket.create_connection(address, timeout=SIGN_OF_LIFE_SECONDS) as connection:
                _send(connection, {"index": cluster.index, "fingerprint": dict(fingerprint)})
                connection.settimeout(max(deadline - time.monotonic(), 0.01))
                answer = _receive(connection)
            break
        except (OSError, ValueError) as error:
            if time.monotonic() > deadline:
                raise StartError(
                    f"Worker 0 at {cluster.workers[0]} gave no answer within {timeout_seconds:g} seconds "
                    f"({error}). Is it running, and can this machine reach it?"
                ) from error
            time.sleep(RETRY_SECONDS)
    if answer["problem"]:
        raise StartError(answer["problem"])
    return answer["settled"]


def _absent(cluster: Cluster, seen: Mapping[int, Any], timeout_seconds: float) -> str:
    missing = [index for index in range(1, len(cluster.workers)) if index not in seen]
    names = ", ".join(f"worker {index} ({cluster.workers[index]})" for index in missing)
    return (
        f"Not all workers are there after {timeout_seconds:g} seconds. Absent: {names}. Start them, or wait "
        "longer with --start-timeout."
    )


def _difference(cluster: Cluster, ours: Mapping[str, str], theirs: Mapping[int, Mapping[str, str]]) -> str:
    """Return in words what some worker has other than worker 0; "" where all agree."""
    for index, said in sorted(theirs.items()):
        names = [name for name in sorted({*ours, *said}) if ours.get(name) != said.get(name)]
        if names:
            details = "; ".join(f"{name}: {ours.get(name)} and {said.get(name)}" for name in names)
            where = f"worker {index} ({cluster.workers[index]})"
            return f"Worker 0 and {where} must train the same thing. They differ in {details}."
    return ""


def _send(connection: socket.socket, message: Mapping[str, Any]) -> None:
    body = json.dumps(message).encode()
    connection.sendall(struct.pack(">I", len(body)) + body)


def _receive(connection: socket.socket) -> dict[str, Any]:
    """Return one message.

    Raises:
        ValueError: too long, or no JSON object.
        OSError: the other side went away.
    """
    (length,) = struct.unpack(">I", _read(connection, 4))
    if length > MAX_MESSAGE_BYTES:
        raise ValueError(f"a message of {length} bytes is longer than any of ours")
    message = json.loads(_read(connection, length))
    if not isinstance(message, dict):
        raise ValueError("a message is no JSON object")
    return message


def _read(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        part = connection.recv(length - len(data))
        if not part:
            raise ConnectionError("the other side closed the connection")
        data += part
    return data
