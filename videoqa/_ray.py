"""Imports Ray, which is optional, and connects to a Ray cluster."""

import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from videoqa._checks import NotInstalled, Refusal

CONNECT_SECONDS = 10.0
INSTALL = 'pip install "videoqa[ray]"'


def import_ray() -> Any:
    """Return the module `ray`, or raise `NotInstalled`."""
    try:
        import ray
    except ImportError as error:
        raise NotInstalled(
            f"runner='ray' needs Ray, which is not installed. Type next:\n  {INSTALL}"
        ) from error
    return ray


@contextmanager
def ray_session() -> Iterator[Any]:
    """Yield the module `ray`, connected to a cluster.

    Uses the cluster that this process is connected to, else the one named by `RAY_ADDRESS`, else an instance
    on this machine that runs only during the block.

    Raises:
        ImportError: Ray is not installed.
        ValueError: nothing answers at `RAY_ADDRESS`.
    """
    ray = import_ray()
    if ray.is_initialized():
        yield ray
        return
    address = os.environ.get("RAY_ADDRESS", "").strip()
    with _own_stop_signal():
        _connect(ray, address)
    try:
        yield ray
    finally:
        ray.shutdown()


def _connect(ray: Any, address: str) -> None:
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    if not address:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        ray.init(address="local", include_dashboard=False, **quiet)
        return
    try:
        _check_answers(address)
        ray.init(address=address, **quiet)
    except ConnectionError as error:
        advice = f"{error} Start it there with `ray start --head`, or unset the variable to use this machine."
        raise Refusal("RAY_ADDRESS", "name a Ray cluster that answers", address, advice) from error


def _check_answers(address: str) -> None:
    """Raise `ConnectionError` if nothing answers at "host:port"; Ray itself would try for minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not host or not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise ConnectionError(f"{error}.") from error


@contextmanager
def _own_stop_signal() -> Iterator[None]:
    """Restore this process's SIGTERM handler, which `ray.init` replaces."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)
