"""Sends prepared HTTP requests to 127.0.0.1, many at once, with little work of its own."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

SECONDS = 120.0
"""After which one request counts as unanswered."""
MOST = 20_000
"""Requests of one call."""


@dataclass(frozen=True)
class Answered:
    """What came back for a request; status 0: nothing, as the connection broke."""

    status: int
    seconds: float
    headers: dict[str, str]
    body: bytes


def request(method: str, path: str, body: bytes | dict[str, Any] = b"", *, client: str = "") -> bytes:
    """Return the bytes of a request.

    Args:
        body: bytes as they are, or what JSON says.
        client: name by which nginx keeps it to one instance.
    """
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(data)}"]
    if not isinstance(body, bytes):
        head.append("Content-Type: application/json")
    if client:
        head.append(f"Cookie: videoqa_client={client}")
    return "\r\n".join([*head, "", ""]).encode() + data


def send_all(port: int, requests: Sequence[bytes], in_flight: int) -> tuple[list[Answered], float]:
    """Send requests over `in_flight` connections, each the next one when its last is answered.

    Returns:
        What came back, in the order of `requests`, and the seconds that all took.
    """
    if len(requests) > MOST:
        raise ValueError(f"At most {MOST} requests, not {len(requests)}.")
    begin = time.perf_counter()
    found = asyncio.run(_send_all(port, requests, in_flight))
    return found, time.perf_counter() - begin


async def _send_all(port: int, requests: Sequence[bytes], in_flight: int) -> list[Answered]:
    found: list[Answered] = [Answered(0, 0.0, {}, b"")] * len(requests)
    waiting = iter(enumerate(requests))
    await asyncio.gather(*(_send_next(port, waiting, found) for _ in range(in_flight)))
    return found


async def _send_next(port: int, waiting: Iterator[tuple[int, bytes]], found: list[Answered]) -> None:
    connection = None
    for place, raw in waiting:
        begin = time.perf_counter()
        try:
            connection = connection or await asyncio.open_connection("127.0.0.1", port)
            status, headers, body = await asyncio.wait_for(_send(*connection, raw), SECONDS)
        except (OSError, EOFError, TimeoutError):
            status, headers, body = 0, {"connection": "close"}, b""
        found[place] = Answered(status, time.perf_counter() - begin, headers, body)
        if headers.get("connection") == "close" and connection is not None:
            connection[1].close()
            connection = None
    if connection is not None:
        connection[1].close()


async def _send(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, raw: bytes
) -> tuple[int, dict[str, str], bytes]:
    writer.write(raw)
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    length = int(headers.get("content-length", 0))
    return int(head[0].split()[1]), headers, await reader.readexactly(length)
