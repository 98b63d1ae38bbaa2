"""Connections that do not come to an end are closed: heads and rests of bodies that trickle in."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from videoqa.web import connections
from videoqa.web.connections import Connection

PATIENCE_SECONDS = 120
SHORT_SECONDS = 0.3
HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Answer without reading the body; at `/late` after longer than a head may take."""
    if scope["path"] == "/late":
        await asyncio.sleep(3 * SHORT_SECONDS)
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    """Yield where a server with little patience listens."""
    with pytest.MonkeyPatch.context() as patch, socket.socket() as listening:
        patch.setattr(connections, "HEAD_SECONDS", SHORT_SECONDS)
        patch.setattr(connections, "REST_SECONDS", SHORT_SECONDS)
        listening.bind(("127.0.0.1", 0))
        settings = uvicorn.Config(answer, http=Connection, ws="none", lifespan="off", log_config=None)
        server = uvicorn.Server(settings)
        running = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])))
        running.start()
        while not server.started:
            time.sleep(0.01)
        yield listening.getsockname()
        server.should_exit = True
        running.join(PATIENCE_SECONDS)


@pytest.mark.parametrize(
    ("begin", "trickle"),
    [
        (b"GET / HT", b""),
        (HEAD, b"X: y\r\n"),
        (HEAD + b"\r\n" + HEAD, b"X: y\r\n"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n", b"x"),
    ],
    ids=["silent", "first head", "further head", "rest of a body"],
)
def test_what_trickles_in_is_left(address: tuple[str, int], begin: bytes, trickle: bytes) -> None:
    with socket.create_connection(address, timeout=PATIENCE_SECONDS) as caller:
        caller.sendall(begin)
        caller.settimeout(SHORT_SECONDS / 5)
        deadline, received = time.monotonic() + PATIENCE_SECONDS, b"?"
        with contextlib.suppress(ConnectionError):  # closed while more is on its way
            while received:
                assert time.monotonic() < deadline, "the connection stays open"
                with contextlib.suppress(TimeoutError):
                    received = caller.recv(65536)
                caller.sendall(trickle)


def test_a_slow_answer_is_waited_for(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=PATIENCE_SECONDS) as caller:
        for path in (b"/late", b"/", b"/late"):
            caller.sendall(HEAD.replace(b" / ", b" " + path + b" ") + b"\r\n")
            answered = b""
            while not answered.endswith(b"ok"):
                piece = caller.recv(65536)
                assert piece, "the connection was closed"
                answered += piece


def test_the_head_of_an_answer_never_comes_without_its_body(address: tuple[str, int]) -> None:
    """A process that is killed between two sends leaves a head that a balancer has sent on already."""
    with socket.create_connection(address, timeout=PATIENCE_SECONDS) as caller:
        for _ in range(50):
            caller.sendall(HEAD + b"\r\n")
            assert caller.recv(10_000).endswith(b"\r\n\r\nok")
