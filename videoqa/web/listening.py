"""The process of a server: its address, the token of its callers, and its stop."""

import errno
import ipaddress
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvicorn

from videoqa._checks import Refusal, check_file
from videoqa.config.listening import ListenConfig
from videoqa.web.connections import Connection
from videoqa.web.guard import Guard

FEWEST_TOKEN_CHARACTERS = 16
MOST_TOKEN_BYTES = 4096


def read_token(path: str) -> str:
    """Return the first line of a file as a token.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it holds no token.
    """
    file = check_file("token_file", path, "Make one: openssl rand -hex 32 > FILE")
    with open(file, "rb") as stream:
        line = stream.readline(MOST_TOKEN_BYTES).strip()
    token = line.decode("ascii", "replace")
    if len(token) < FEWEST_TOKEN_CHARACTERS or not (token.isascii() and token.isprintable()) or " " in token:
        requirement = (
            f"hold a token of at least {FEWEST_TOKEN_CHARACTERS} ASCII letters and digits in its first line"
        )
        raise Refusal("token_file", requirement, path, "Make one: openssl rand -hex 32 > FILE")
    return token


@contextmanager
def listening_socket(config: ListenConfig, token: str | None) -> Iterator[socket.socket]:
    """Yield a socket bound to the address; nobody is answered before the server is ready.

    Raises:
        ValueError: a port in use, an address that is none of this machine's, or one that others can reach
            without a token.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        advice = "Use 127.0.0.1 for this machine alone, or 0.0.0.0 for all of its addresses."
        raise Refusal("host", f"be an address of this machine ({error})", config.host, advice) from error
    with socket.socket(family, kind, protocol) as listening:
        if sys.platform != "win32":  # there it would let two servers share a port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
        except OSError as error:
            raise _bind_refusal(error, config.host, config.port) from error
        _check_private(listening, config, token)
        yield listening


def address_of(listening: socket.socket) -> str:
    """Return the address of a bound socket as a browser takes it."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serving(
    guard: Guard, listening: socket.socket, *, started: str, stop_seconds: float
) -> Coroutine[Any, Any, None]:
    """Return the coroutine that answers until Ctrl-C or SIGTERM, then finishes what is running.

    A second signal ends the process at once.

    Args:
        guard: the application; it is told when the server stops, and that it may be addressed by the address
            of the socket, which `--host` may have in another form.
        listening: where.
        started: line to print once it is ready.
        stop_seconds: how long a stop waits for what is running.

    Raises:
        ValueError: another program began to listen there since the socket was bound.
    """
    guard.hosts |= {address_of(listening).removeprefix("http://").rpartition(":")[0]}

    def stop() -> None:
        guard.is_stopping = True

    settings = uvicorn.Config(
        guard,
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=int(stop_seconds),
    )
    return _Server(settings, started, stop).serve(sockets=[listening])


class _Server(uvicorn.Server):
    """A server that says when it is ready, and whose process ends as its caller wants."""

    def __init__(self, config: uvicorn.Config, started: str, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._started_text, self._on_stop = started, on_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except OSError as error:  # two programs may bind an address until one of them listens
            assert sockets is not None
            host, port = sockets[0].getsockname()[:2]
            raise _bind_refusal(error, host, port) from error
        print(self._started_text, flush=True)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; a second signal ends the process at once. uvicorn would raise this one again at the end."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        self.should_exit = True
        self._on_stop()


def _bind_refusal(error: OSError, host: str, port: int) -> Refusal:
    if error.errno == errno.EADDRINUSE:
        advice = "Another program listens there: stop it, or name another port (0: any free one)."
        return Refusal("port", "be free", port, advice)
    if error.errno in (errno.EACCES, errno.EPERM):
        advice = "This user may not listen there: name a port above 1023."
        return Refusal("port", "be one that this user may use", port, advice)
    return Refusal("host", f"be an address of this machine ({error.strerror})", host, "")


def _check_private(listening: socket.socket, config: ListenConfig, token: str | None) -> None:
    """Refuse an address that others can reach, unless they need a token or the user insists."""
    address = ipaddress.ip_address(listening.getsockname()[0].partition("%")[0])
    if not address.is_loopback and token is None and not config.insecure:
        advice = "Add --token-file FILE, or --insecure if everyone who can reach it may use it."
        raise Refusal("host", "be 127.0.0.1 without a token", config.host, advice)
