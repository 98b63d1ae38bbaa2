"""`Connection`: uvicorn's HTTP/1.1 with an end to connections that do not come to one."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from videoqa.web.bodies import CUT_SHORT

HEAD_SECONDS = 30.0
"""The head of a request, the first or a further one, has to be there after so long."""
REST_SECONDS = 10.0
"""And may go on so long with a body after it was answered, as one that is too large."""


class Connection(H11Protocol):
    """One connection.

    A caller that closes its side in the middle of a body is told so, as it may still listen; uvicorn would
    hang up. One that closes it later has hung up, as nginx sees it too: what is done for it alone is left.
    """

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(_Together(transport, self.loop))  # type: ignore[arg-type]
        self._close_after(HEAD_SECONDS, None)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._waiting is not None:
            self._waiting.cancel()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Return True, to keep the other side open, if the caller closed its side in the middle of a body."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not cycle.more_body:
            return None
        self.scope["state"][CUT_SHORT] = True
        cycle.more_body = cycle.keep_alive = False
        cycle.message_event.set()
        return True

    def on_response_complete(self) -> None:
        cycle = self.cycle
        super().on_response_complete()
        if self.cycle is cycle:  # not while the next request waits in the buffer already
            has_rest = self.conn.their_state is h11.SEND_BODY
            self._close_after(REST_SECONDS if has_rest else HEAD_SECONDS, cycle)

    def _close_after(self, seconds: float, cycle: Any) -> None:
        """Close the connection unless it is past this request by then."""
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = self.loop.call_later(seconds, self._close_unless_past, cycle)

    def _close_unless_past(self, cycle: Any) -> None:
        self._waiting = None
        if self.cycle is cycle and not self.transport.is_closing():
            self.transport.close()


class _Together:
    """A transport that sends by one call what is written in one turn of the event loop: head and body.

    A process that is killed between the two would leave a head without its body, and a balancer that has
    passed it on cannot ask another instance any more. One call also costs less than two.

    Args:
        transport: what is sent through.
        loop: the event loop.
    """

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._pieces: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, piece: bytes) -> None:
        """Send a piece before the loop turns again."""
        if not self._pieces:
            self._loop.call_soon(self._send)
        self._pieces.append(piece)

    def close(self) -> None:
        """Send what is left, and close."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        pieces, self._pieces = self._pieces, []
        if pieces:
            self._transport.write(b"".join(pieces))
