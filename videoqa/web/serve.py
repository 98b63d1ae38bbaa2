"""Serves a model over HTTP until it is stopped."""

import asyncio
import errno
import ipaddress
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import uvicorn

from videoqa._checks import Refusal, check_file
from videoqa.answering.ask import load
from videoqa.answering.video_qa import VideoQA
from videoqa.config.serve import ServeConfig
from videoqa.web.app import Api
from videoqa.web.connections import Connection
from videoqa.web.model_facts import model_name
from videoqa.web.private_folder import private_folder
from videoqa.web.service import AnswerService

FEWEST_TOKEN_CHARACTERS = 16
MOST_TOKEN_BYTES = 4096
FURTHER_STOP_SECONDS = 5.0
"""What a stop waits for, beyond the time that one clip may take."""


def serve(config: ServeConfig) -> None:
    """Serve a model until Ctrl-C or SIGTERM; then finish what is running, and return.

    A second signal ends it at once.

    Raises:
        ValueError, FileNotFoundError: a port in use, an address that is none of this machine's, a public
            address without a token, or as `videoqa.load`.
    """
    token = None if config.token_file is None else read_token(config.token_file)
    with _listening_socket(config) as listening:
        _check_private(listening, config, token)
        qa = load(config.model)
        with private_folder() as folder:
            asyncio.run(_serve(config, qa, listening, folder, token))


async def _serve(
    config: ServeConfig, qa: VideoQA, listening: socket.socket, folder: Path, token: str | None
) -> None:
    service = AnswerService(qa, config, folder=folder)
    try:
        guard = Api(service, qa, config, folder=folder).application(token=token)

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
            timeout_graceful_shutdown=int(config.clip_seconds + FURTHER_STOP_SECONDS),
        )
        started = f"Serving {model_name(qa)} at {_address(listening)} (Ctrl-C stops it)."
        await _Server(settings, started, stop).serve(sockets=[listening])
    finally:
        await service.close()


class _Server(uvicorn.Server):
    """A server that says when it is ready, and whose process ends as its caller wants."""

    def __init__(self, config: uvicorn.Config, started: str, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._started_text, self._on_stop = started, on_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(self._started_text, flush=True)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; a second signal ends the process at once. uvicorn would raise this one again at the end."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        self.should_exit = True
        self._on_stop()


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
def _listening_socket(config: ServeConfig) -> Iterator[socket.socket]:
    """Yield a socket bound to the address; nobody is answered before the server is ready."""
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
            raise _bind_refusal(error, config) from error
        yield listening


def _bind_refusal(error: OSError, config: ServeConfig) -> Refusal:
    if error.errno == errno.EADDRINUSE:
        advice = "Another program listens there: stop it, or name another port (0: any free one)."
        return Refusal("port", "be free", config.port, advice)
    if error.errno in (errno.EACCES, errno.EPERM):
        advice = "This user may not listen there: name a port above 1023."
        return Refusal("port", "be one that this user may use", config.port, advice)
    return Refusal("host", f"be an address of this machine ({error.strerror})", config.host, "")


def _check_private(listening: socket.socket, config: ServeConfig, token: str | None) -> None:
    """Refuse an address that others can reach, unless they need a token or the user insists."""
    address = ipaddress.ip_address(listening.getsockname()[0].partition("%")[0])
    if not address.is_loopback and token is None and not config.insecure:
        advice = "Add --token-file FILE, or --insecure if everyone who can reach it may use it."
        raise Refusal("host", "be 127.0.0.1 without a token", config.host, advice)


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
