"""The gate before every route: who may ask, what every response carries, and what becomes of exceptions."""

import hmac
import re
import time
from collections.abc import Collection, Iterable
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from videoqa.config.listening import ListenConfig
from videoqa.web.metrics import Metrics
from videoqa.web.problems import INTERFACE, Problem, problem_of, stopping

LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")
OPEN_PATHS = ("/", "/healthz", "/openapi.json", "/favicon.ico")
OPEN_FOLDERS = ("/static/", "/api/samples/")
"""What is shown without a token: the page, which asks for it, and the drawn clips, which a browser plays."""
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_SECURITY_HEADERS = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:/@\s]+)(:\d{1,5})?")


def names_of(config: ListenConfig, further: Iterable[str] = ()) -> set[str]:
    """Return the names under which a server may be addressed, as `Guard` takes them."""
    names = {name.lower() for name in (*LOCAL_HOSTS, config.host, *config.allow_host, *further)}
    return {f"[{name}]" if ":" in name and not name.startswith("[") else name for name in names}


class Guard:
    """An ASGI application around another one.

    Args:
        app: what is guarded; it may raise anything.
        metrics: counts the requests.
        hosts: names under which it may be addressed, in lower case and without a port.
        token: what callers have to send as bearer token; None: nothing.
        open_folders: what is shown without it.
        program: whose log an exception goes to, and `interface`, where its requests are described.

    Attributes:
        is_stopping: set to True to take no new work.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics,
        hosts: Collection[str],
        token: str | None = None,
        open_folders: tuple[str, ...] = OPEN_FOLDERS,
        program: str = "videoqa serve",
        interface: str = INTERFACE,
    ) -> None:
        self.app, self.metrics = app, metrics
        self.hosts = frozenset(hosts)
        self.token, self.open_folders = token, open_folders
        self.program, self.interface = program, interface
        self.is_stopping = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        response = _Response(send)
        started = time.perf_counter()
        scope["app"] = self  # by this Starlette raises an exception where it would answer with plain text
        try:
            self._check(scope)
            await self.app(scope, receive, response.send)
        except ClientDisconnect:
            response.status = "gone"
        except Exception as error:
            problem = problem_of(error, f"{self.program}: {scope['method']} {scope['path'][:200]!r}")
            if response.status is None:
                await problem.response(self.interface)(scope, receive, response.send)
            else:  # the length that was announced is not reached, so that the caller notices
                response.status = "broken off"
        finally:
            route = getattr(scope.get("route"), "path", None) or "other"
            status = "stopped" if response.status is None else str(response.status)
            self.metrics.count_request(route, status, time.perf_counter() - started)

    def _check(self, scope: Scope) -> None:
        """Refuse a request that must not reach a route."""
        headers, path = Headers(scope=scope), scope["path"]
        host = headers.get("host", "").lower()
        self._check_host(host)
        if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            _check_origin(headers, host)
        if self.is_stopping and path != "/healthz":
            raise stopping()
        if self.token is not None and not (path in OPEN_PATHS or path.startswith(self.open_folders)):
            _check_token(headers.get("authorization", ""), self.token)

    def _check_host(self, host: str) -> None:
        """Refuse another name, which a foreign page could have made to mean this machine."""
        found = _HOST.fullmatch(host)
        if found is None or found.group(1).removesuffix(".") not in self.hosts:
            message = "This server is not addressed by this name."
            what_to_do = "Use its own address, or start it with --allow-host NAME."
            raise Problem(421, "wrong_host", message, what_to_do)


def _check_origin(headers: Headers, host: str) -> None:
    """Refuse what a page of another origin sends."""
    origin = headers.get("origin")
    foreign = origin is not None and origin.lower().partition("://")[2] != host
    if foreign or headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        message = "A page of another origin must not send this."
        what_to_do = "Use the page of this server, or a program that is no browser."
        raise Problem(403, "wrong_origin", message, what_to_do)


def _check_token(authorization: str, token: str) -> None:
    """Refuse another token than the right one, in a time that does not tell how much of it is right."""
    kind, _, sent = authorization.partition(" ")
    right = hmac.compare_digest(sent.strip().encode("utf-8", "replace"), token.encode())
    if kind.lower() != "bearer" or not right:
        message = "This server needs a token." if not authorization else "This is not the token."
        what_to_do = "Send the header `Authorization: Bearer TOKEN`."
        raise Problem(401, "unauthorized", message, what_to_do, {"WWW-Authenticate": "Bearer"})


def _refuse_plain_error(message: Message) -> None:
    """Refuse a part of a file that is none in the words of this interface; Starlette has its own."""
    status = message["status"]
    if status < 400:
        return
    headers = Headers(raw=message["headers"])
    if headers.get("content-type", "").startswith("text/plain"):
        sizes = {name: headers[name] for name in ("content-range",) if name in headers}
        what_to_do = "Send the header `Range: bytes=FIRST-LAST`, or none."
        raise Problem(status, "bad_range", "This is no part of the file.", what_to_do, sizes)


class _Response:
    """Sends on what an application sends, with the headers that every response has, and keeps its status."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: Any = None

    async def send(self, message: Message) -> None:
        """Send one message on; raise `Problem` in the place of an error in plain text."""
        if message["type"] == "http.response.start":
            _refuse_plain_error(message)
            self.status = message["status"]
            headers = [*message["headers"], *_SECURITY_HEADERS]
            if all(name != b"cache-control" for name, _ in headers):
                headers.append((b"cache-control", b"no-store"))
            message = {**message, "headers": headers}
        await self._send(message)
