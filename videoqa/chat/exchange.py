"""One request and its reply: bounded in bytes and in time, however the other side behaves."""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from videoqa.chat.endpoint import Endpoint
from videoqa.chat.errors import Busy, ServerStops

MOST_BYTES = 8_000_000
"""Of a reply; a long one has some thousand."""
CHUNK = 65_536


@dataclass(frozen=True)
class Reply:
    """What a server sent: the status, the headers with lower-case names, and at most `MOST_BYTES`."""

    status: int
    headers: dict[str, str]
    body: bytes


class Line:
    """Exchanges requests with one server, each on a connection of its own; threads may share it.

    Args:
        endpoint: the server.
        timeout_seconds: for a request and its whole reply.
        key: sent as bearer token; None: none.
    """

    def __init__(self, endpoint: Endpoint, timeout_seconds: float, key: str | None = None) -> None:
        self.endpoint, self._timeout, self._key = endpoint, timeout_seconds, key
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._is_closed = False

    def close(self) -> None:
        """Break off what is under way, and refuse what comes."""
        with self._lock:
            self._is_closed = True
            for each in self._open:
                _break_off(each)

    def exchange(self, method: str, path: str, body: bytes | None = None) -> Reply:
        """Return the reply to a request, of whatever status.

        Raises:
            ServerStops: nobody listens there, the certificate is wrong, or the line is closed.
            Busy: no whole reply within the time, or a connection that broke off.
        """
        deadline = time.monotonic() + self._timeout
        connected = self._connected(deadline)
        late = threading.Event()
        timer = threading.Timer(max(deadline - time.monotonic(), 0), _end_late, (connected, late))
        timer.daemon = True
        with self._watched(connected):
            timer.start()
            try:
                reply = self._sent_and_read(connected, method, path, body)
                if late.is_set():  # what was broken off may look like an end
                    raise TimeoutError
                return reply
            except (OSError, http.client.HTTPException) as error:
                if late.is_set() or isinstance(error, TimeoutError):
                    raise Busy(f"no whole reply within {self._timeout:g} s (--timeout-seconds)") from error
                raise Busy(f"the connection broke off ({type(error).__name__})") from error
            finally:
                timer.cancel()

    def _connected(self, deadline: float) -> socket.socket:
        """Return a socket to one of the checked addresses, encrypted if so wanted."""
        endpoint, error = self.endpoint, None
        for address in endpoint.addresses:
            left = max(deadline - time.monotonic(), 0.1)
            try:
                plain = socket.create_connection((address, endpoint.port), timeout=left)
            except OSError as failed:
                error = failed
                continue
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return self._encrypted(plain) if endpoint.is_encrypted else plain
        if isinstance(error, TimeoutError):
            raise Busy(f"{endpoint.shown} takes no connection within {self._timeout:g} s") from error
        reason = "nobody listens there" if isinstance(error, ConnectionRefusedError) else str(error)
        message = f"{endpoint.shown} cannot be reached: {reason}. Is the server started, and the port right?"
        raise ServerStops(message) from error

    def _encrypted(self, plain: socket.socket) -> socket.socket:
        try:
            return ssl.create_default_context().wrap_socket(plain, server_hostname=self.endpoint.host)
        except ssl.SSLError as error:
            plain.close()
            reason = getattr(error, "verify_message", "") or error.reason or "no https"
            advice = ""
            if isinstance(error, ssl.SSLCertVerificationError):
                advice = " The environment variable SSL_CERT_FILE names the certificates that are trusted."
            message = f"{self.endpoint.shown} does not speak https as it must: {reason}.{advice}"
            raise ServerStops(message) from error
        except OSError as error:
            plain.close()
            raise Busy(f"the connection broke off ({type(error).__name__})") from error

    @contextlib.contextmanager
    def _watched(self, connected: socket.socket) -> Iterator[None]:
        """Let `close` break off the connection while the block runs; close it at the end."""
        with self._lock:
            if self._is_closed:
                connected.close()
                raise ServerStops("Stopped.")
            self._open.add(connected)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connected)
            connected.close()

    def _sent_and_read(self, connected: socket.socket, method: str, path: str, body: bytes | None) -> Reply:
        endpoint = self.endpoint
        speaker = http.client.HTTPConnection(endpoint.host, endpoint.port)
        speaker.sock = connected
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "Connection": "close"}
        headers |= {"Host": endpoint.host_header, "User-Agent": "videoqa"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            # a server that refuses a large request may answer and hang up before it has read it
            speaker.request(method, endpoint.path + path, body, headers)
        # the response of a request that broke off while it was sent
        response = http.client.HTTPResponse(connected, method=method)
        try:
            response.begin()
            content = _read(response)
        finally:
            response.close()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, named, content)


def _read(response: http.client.HTTPResponse) -> bytes:
    """Return the body, or the beginning of one that is too long."""
    parts, size = [], 0
    while size <= MOST_BYTES:
        part = response.read1(CHUNK)
        if not part:
            if response.length:
                raise http.client.IncompleteRead(b"", response.length)
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _end_late(connected: socket.socket, late: threading.Event) -> None:
    late.set()
    _break_off(connected)


def _break_off(connected: socket.socket) -> None:
    """End a connection that another thread waits on; its encryption is left alone, which is not shared."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
