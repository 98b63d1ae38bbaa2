"""Reads the bodies of requests: bounded in bytes and in time, and whole or refused."""

import asyncio
import contextlib
import hashlib
import json
import math
import os
import tempfile
import time
from collections.abc import AsyncGenerator, Collection, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from videoqa.web.problems import Problem, bad_json, bad_request, too_large

Result = TypeVar("Result")
MOST_JSON_BYTES = 1_000_000
SILENT_SECONDS = 30.0
"""A body may pause so long between two pieces."""
BODY_SECONDS = 900.0
"""And take so long in all."""
FEWEST_BYTES_PER_SECOND = 4_000
"""What has to come on average, but for the first `SILENT_SECONDS`: else a few callers who send a byte now and
then would hold the places of all others."""
PIECE_BYTES = 2**18
"""What is gathered of a clip before another thread writes and hashes it."""
CUT_SHORT = "body_cut_short"
"""Key in the state of a request whose caller closed its side before the end of the body."""


@dataclass(frozen=True)
class Upload:
    """A body on disk.

    Attributes:
        path: the file.
        sha256: of its bytes, 64 hexadecimal digits.
    """

    path: Path
    sha256: str


async def pieces(request: Request, what: str, most_bytes: int) -> AsyncGenerator[bytes]:
    """Yield the body of a request piece by piece.

    Args:
        request: whose body was not read yet.
        what: names the body in messages.
        most_bytes: most that it may have, announced or sent.

    Raises:
        Problem: more bytes than `most_bytes`, as soon as that is known; fewer than announced; or too slow.
        ClientDisconnect: the caller is gone.
    """
    announced = _announced_bytes(request)
    if announced is not None and announced > most_bytes:
        raise too_large(what, most_bytes)
    received, stream = 0, request.stream()
    began = time.monotonic()
    while (piece := await _next_piece(stream, _seconds_left(began, received))) is not None:
        received += len(piece)
        if received > most_bytes:
            raise too_large(what, most_bytes)
        yield piece
    if getattr(request.state, CUT_SHORT, False) or (announced is not None and received < announced):
        of = "" if announced is None else f" of {announced:,} announced"
        raise bad_request(f"{what} was cut short: {received:,} bytes{of} came.", "Send it again.")


def _seconds_left(began: float, received: int) -> float:
    """Return how long the next piece of a body may take; 0 or less: it is too slow by now."""
    enough = min(SILENT_SECONDS + received / FEWEST_BYTES_PER_SECOND, BODY_SECONDS)
    return min(SILENT_SECONDS, began + enough - time.monotonic())


async def _next_piece(stream: AsyncGenerator[bytes], seconds: float) -> bytes | None:
    """Return the next piece of a body, or None at its end."""
    try:
        async with asyncio.timeout(seconds):
            return await anext(stream, None)
    except TimeoutError as error:
        message = "The body did not come to its end in time."
        raise Problem(408, "too_slow", message, "Send it again.", {"Connection": "close"}) from error


async def receive_file(request: Request, folder: Path, *, what: str, most_bytes: int) -> Upload:
    """Return the body of a request as a new file of `folder`, which only this user can read.

    Raises:
        Problem, ClientDisconnect: see `pieces`; the file is gone again.
        OSError: the disk is full; the file is gone again.
    """
    descriptor, name = tempfile.mkstemp(prefix="upload-", dir=folder)
    digest = hashlib.sha256()
    gathered = bytearray()
    try:
        with open(descriptor, "wb", buffering=0) as file:

            def keep(content: bytes) -> None:
                digest.update(content)
                _write_all(file.fileno(), content)

            async with contextlib.aclosing(pieces(request, what, most_bytes)) as body:
                async for piece in body:
                    gathered += piece
                    if len(gathered) >= PIECE_BYTES:
                        await asyncio.to_thread(keep, bytes(gathered))
                        gathered.clear()
            await asyncio.to_thread(keep, bytes(gathered))
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Upload(Path(name), digest.hexdigest())


async def until_gone(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """Return what `work` returns; cancel it if the caller hangs up meanwhile.

    Args:
        request: whose body was read to its end.
        work: done for this caller alone.

    Raises:
        ClientDisconnect: the caller is gone.
    """

    async def disconnection() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    task, gone = asyncio.create_task(work), asyncio.create_task(disconnection())
    try:
        await asyncio.wait([task, gone], return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        task.cancel()
        gone.cancel()


async def read_json(request: Request) -> dict[str, Any]:
    """Return the JSON object that is the body of a request.

    Raises:
        Problem: no JSON object, or too large.
        ClientDisconnect: see `pieces`.
    """
    body = bytearray()
    async with contextlib.aclosing(pieces(request, "The body", MOST_JSON_BYTES)) as parts:
        async for piece in parts:
            body += piece
    try:
        content = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
        if b"\\u" in body:  # which may write a lone surrogate, and that is no text
            json.dumps(content, ensure_ascii=False).encode("utf-8")
    except UnicodeError as error:
        raise bad_json("The body is not UTF-8 text.") from error
    except RecursionError as error:
        raise bad_json("The body is nested too deeply.") from error
    except ValueError as error:
        raise bad_json(f"The body is no JSON: {str(error)[:200]}.") from error
    if not isinstance(content, dict):
        raise bad_json(f"The body must be a JSON object. Received: {_kind(content)}.")
    return content


def check_fields(content: dict[str, Any], required: Collection[str], optional: Collection[str] = ()) -> None:
    """Refuse an object that lacks a field, or has one that is not known."""
    if missing := sorted(set(required) - set(content)):
        raise bad_request(f"The body lacks {', '.join(map(repr, missing))}.")
    if unknown := sorted(set(content) - set(required) - set(optional)):
        known = ", ".join(map(repr, (*required, *optional)))
        shown = ", ".join(repr(name[:40]) for name in unknown[:5])
        raise bad_request(f"The body has unknown fields: {shown}. Known are {known}.")


def text_of(content: dict[str, Any], name: str) -> str:
    """Return a field that is a string."""
    value = content[name]
    if not isinstance(value, str):
        raise bad_request(f"`{name}` must be a string. Received: {_kind(value)}.")
    return value


def number_of(value: object, name: str) -> float:
    """Return a field that is a finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise bad_request(f"`{name}` must be a number. Received: {_kind(value)}.")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise bad_request(f"`{name}` must be a finite number.")
    return number


def _kind(value: object) -> str:
    """Return the name that JSON has for the type of a value."""
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _announced_bytes(request: Request) -> int | None:
    if "transfer-encoding" in request.headers:
        return None
    text = request.headers.get("content-length", "")
    return int(text) if text.isdecimal() else None


def _refuse_constant(name: str) -> None:
    raise bad_json(f"The body is no JSON: {name} is no number there.")


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
