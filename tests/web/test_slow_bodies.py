"""A body that comes too slowly is refused, however regular its pieces are."""

import asyncio
from typing import Any

import pytest
from starlette.requests import Request

from videoqa.web import bodies
from videoqa.web.problems import Problem

NUM_PIECES, PAUSE_SECONDS = 20, 0.02


def received() -> bytes:
    """Return a body of 20 bytes that comes byte by byte."""
    left = list(range(NUM_PIECES))

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(PAUSE_SECONDS)
        left.pop()
        return {"type": "http.request", "body": b"x", "more_body": bool(left)}

    async def read() -> bytes:
        request = Request({"type": "http", "method": "POST", "headers": [], "path": "/"}, receive)
        return b"".join([piece async for piece in bodies.pieces(request, "The clip", 1000)])

    return asyncio.run(read())


@pytest.mark.parametrize("fewest", [1, 1_000_000])
def test_a_sender_of_a_byte_now_and_then(fewest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "FEWEST_BYTES_PER_SECOND", fewest)
    monkeypatch.setattr(bodies, "SILENT_SECONDS", NUM_PIECES * PAUSE_SECONDS / 4)
    if fewest == 1:
        assert received() == b"x" * NUM_PIECES
        return
    with pytest.raises(Problem, match="did not come to its end in time") as found:
        received()
    assert (found.value.status, found.value.code) == (408, "too_slow")
