"""Holds a worker's port before training: reserved for TensorFlow, and where others connect to worker 0."""

import contextlib
import errno
import ipaddress
import socket
from typing import Any

from videoqa._checks import Refusal
from videoqa.launching.cluster import LOCAL, Cluster, host_and_port
from videoqa.launching.messages import Connection

MAX_STRANGERS = 64


class Listener:
    """Listens on this worker's port, over IPv4 and IPv6 if possible.

    If all workers have loopback addresses, other machines cannot connect.

    Args:
        cluster: the workers and which of them this is.
        hello_seconds: time that a new connection has for its first message.

    Raises:
        ValueError: the port is in use or not allowed.
    """

    def __init__(self, cluster: Cluster, hello_seconds: float) -> None:
        _, port = host_and_port(cluster.workers[cluster.index])
        hosts = [host_and_port(address)[0] for address in cluster.workers]
        try:
            self._socket = _listen_here(port) if all(map(_is_loopback, hosts)) else _listen(port)
        except OSError as error:
            requirement = f"have a free port for this machine ({error.strerror})"
            raise Refusal("workers", requirement, cluster.workers[cluster.index]) from error
        self._socket.setblocking(False)
        self._hello_seconds = hello_seconds
        self._strangers: list[Connection] = []

    def arrivals(self) -> list[tuple[Connection, dict[str, Any]]]:
        """Return new connections with their first message; close those that stay silent."""
        try:
            while len(self._strangers) < MAX_STRANGERS:
                self._strangers.append(Connection(self._socket.accept()[0]))
        except OSError:
            pass  # nobody is there, or already gone again
        arrived = []
        for stranger in list(self._strangers):
            try:
                said = stranger.receive(at_most=1)
                silent = stranger.seconds_of_silence > self._hello_seconds
            except (OSError, ValueError):
                said, silent = [], True
            if said or silent:
                self._strangers.remove(stranger)
            if said:
                arrived.append((stranger, said[0]))
            elif silent:
                stranger.close()
        return arrived

    def turn_away(self) -> None:
        """Accept and close connections: worker 0 tests that it can connect, and others are strangers."""
        with contextlib.suppress(OSError):  # nobody is there, or already gone again
            for _ in range(MAX_STRANGERS):
                self._socket.accept()[0].close()

    def close(self) -> None:
        """Free the port."""
        for stranger in self._strangers:
            stranger.close()
        self._strangers.clear()
        self._socket.close()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return host == LOCAL


def _listen_here(port: int) -> socket.socket:
    """Listen on a loopback address."""
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        if error.errno != errno.EADDRNOTAVAIL:
            raise
    return socket.create_server(("::1", port), family=socket.AF_INET6)


def _listen(port: int) -> socket.socket:
    if socket.has_dualstack_ipv6():
        try:
            return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                raise
    return socket.create_server(("", port))
