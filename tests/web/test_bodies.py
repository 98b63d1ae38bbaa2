"""Bodies as the server reads them: too slow, too large for the disk, or with nobody waiting any more."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import ClientDisconnect, Request

from videoqa.web import bodies
from videoqa.web.bodies import read_json, receive_file, until_gone
from videoqa.web.problems import Problem, problem_of

SCOPE = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}


def request_of(*messages: dict[str, Any]) -> Request:
    """Return a request that sends these messages, and then nothing more."""
    left = list(messages)

    async def receive() -> dict[str, Any]:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    return Request(SCOPE, receive)


def piece(content: bytes, more_body: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": content, "more_body": more_body}


def run(work: Callable[[], Any]) -> Any:
    async def main() -> Any:
        return await work()

    return asyncio.run(main())


def test_a_silent_caller_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bodies, "SILENT_SECONDS", 0.05)
    with pytest.raises(Problem, match="did not come to its end in time") as raised:
        run(lambda: receive_file(request_of(piece(b"abc")), tmp_path, what="The clip", most_bytes=9))
    assert (raised.value.status, raised.value.code) == (408, "too_slow")
    assert list(tmp_path.iterdir()) == []


def test_nor_is_one_that_sends_little_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.0)
    with pytest.raises(Problem, match="did not come to its end in time"):
        run(lambda: read_json(request_of(*[piece(b" ")] * 1000)))


def test_a_full_disk(small_disk: Path, capsys: pytest.CaptureFixture) -> None:
    request = request_of(*[piece(bytes(200_000))] * 5, piece(b"", False))
    with pytest.raises(OSError, match="No space left on device") as raised:
        run(lambda: receive_file(request, small_disk, what="The clip", most_bytes=10**7))
    assert list(small_disk.iterdir()) == []
    problem = problem_of(raised.value, "POST /api/clips")
    assert (problem.status, problem.code) == (507, "disk_full")
    assert "POST /api/clips failed" in capsys.readouterr().err


def test_work_for_a_caller_that_is_gone_is_left() -> None:
    ends: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise

    async def main(request: Request) -> None:
        with pytest.raises(ClientDisconnect):
            await until_gone(request, work())
        await asyncio.sleep(0)
        assert ends == ["cancelled"]  # here: the end of the loop would cancel it too

    asyncio.run(main(request_of(piece(b"", False), {"type": "http.disconnect"})))


def test_work_for_a_caller_that_waits_is_done() -> None:
    async def work() -> int:
        return 5

    assert run(lambda: until_gone(request_of(), work())) == 5
