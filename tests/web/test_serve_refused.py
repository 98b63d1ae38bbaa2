"""What `videoqa serve` refuses before it loads a model, and whom its gate lets through."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route, Router

from videoqa.cli.main import main
from videoqa.config import ServeConfig
from videoqa.web.guard import Guard
from videoqa.web.listening import listening_socket, read_token, serving
from videoqa.web.metrics import Metrics

TOKEN = "0123456789abcdef"


def refused(capsys: pytest.CaptureFixture, *words: str) -> str:
    assert main(["serve", *words]) == 2
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err and printed.out == ""
    return printed.err


def test_a_port_in_use(capsys: pytest.CaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        message = refused(capsys, "--port", str(port))
    assert message == (
        f"videoqa: `port` must be free. Received: port={port}. Another program listens there: stop it, or "
        "name another port (0: any free one).\n"
    )


def test_a_port_that_was_taken_while_the_model_was_loaded() -> None:
    with listening_socket(ServeConfig(port=0), None) as own, socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(own.getsockname())
        other.listen()
        with pytest.raises(ValueError, match="`port` must be free"):
            asyncio.run(serving(gate(), own, started="ready", stop_seconds=1))


def test_addresses_of_other_machines(capsys: pytest.CaptureFixture) -> None:
    for host in ("192.0.2.1", "no such host"):
        message = refused(capsys, "--host", host, "--port", "0", "--insecure")
        assert "`host` must be an address of this machine" in message and repr(host) in message


def test_a_public_address_needs_a_token(capsys: pytest.CaptureFixture) -> None:
    for host in ("0.0.0.0", ""):
        message = refused(capsys, f"--host={host}", "--port", "0")
        assert "`host` must" in message
    assert "Add --token-file FILE, or --insecure" in refused(capsys, "--host", "0.0.0.0", "--port", "0")


def test_with_a_token_or_if_the_user_insists_it_does_not() -> None:
    public = {"host": "0.0.0.0", "port": 0}
    for config, token in ((ServeConfig(**public), TOKEN), (ServeConfig(**public, insecure=True), None)):
        with listening_socket(config, token) as bound:
            assert bound.getsockname()[0] == "0.0.0.0"


def test_no_model_and_no_folder_for_corrections(capsys: pytest.CaptureFixture, tmp_path: Path) -> None:
    assert "`model` must be an existing directory" in refused(capsys, "--port", "0", "--model", "nowhere")


@pytest.mark.parametrize("content", ["", "short", "with a space in it, and long", "ü" * 20, "\n" + TOKEN])
def test_files_without_a_token(content: str, capsys: pytest.CaptureFixture, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(content, "utf-8")
    message = refused(capsys, "--token-file", str(path), "--port", "0")
    assert "`token_file` must hold a token of at least 16 ASCII letters" in message
    assert content == "" or content not in message


def test_a_token_is_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\nand more\n")
    assert read_token(str(path)) == TOKEN
    with pytest.raises(FileNotFoundError, match="`token_file` must be an existing file.*openssl rand"):
        read_token(str(tmp_path / "none"))


def test_without_the_packages_the_line_that_installs_them_is_given() -> None:
    program = (
        "import sys; sys.modules['uvicorn'] = None\n"
        "from videoqa.cli.main import main; sys.exit(main(['serve', '--port', '0']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == (
        "videoqa: `videoqa serve` needs packages that are not installed: uvicorn. Type next:\n"
        "  pip install 'videoqa[web]'\n"
    )


async def _shown(request: Any) -> PlainTextResponse:
    if request.url.path == "/api/fails":
        raise RuntimeError("a secret")
    return PlainTextResponse("shown")


PATHS = ("/", "/healthz", "/metrics", "/api/model", "/api/fails", "/static/page.css", "/api/samples/a.webm")


def asked(guard: Guard, path: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    """Return status, body and headers of what a gate answers."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    named = {"host": "localhost:80", **headers}.items()
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "root_path": ""}
    scope["headers"] = [(name.encode(), value.encode("latin-1")) for name, value in named]
    asyncio.run(guard(scope, receive, send))
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent).decode(), found


def gate(token: str | None = None) -> Guard:
    router = Router([Route(path, _shown) for path in PATHS])
    return Guard(router, metrics=Metrics(dict), hosts=("localhost",), token=token)


def test_a_token_is_asked_for() -> None:
    guard = gate(TOKEN)
    for path in ("/", "/healthz", "/static/page.css", "/api/samples/a.webm"):
        assert asked(guard, path)[0] == 200
    for path in ("/metrics", "/api/model", "/nothing"):
        status, body, headers = asked(guard, path)
        assert status == 401 and '"unauthorized"' in body and headers["www-authenticate"] == "Bearer"
    for wrong in (
        TOKEN,
        f"Basic {TOKEN}",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        "Bearer",
        "Bearer \xff",
    ):
        assert asked(guard, "/api/model", authorization=wrong)[0] == 401
    for right in (f"Bearer {TOKEN}", f"bearer {TOKEN}"):
        assert asked(guard, "/api/model", authorization=right)[0] == 200


def test_a_server_that_is_being_stopped_takes_nothing_new() -> None:
    guard = gate()
    guard.is_stopping = True
    status, body, headers = asked(guard, "/api/model")
    assert status == 503 and '"stopping"' in body and headers["retry-after"]
    assert asked(guard, "/healthz")[0] == 200  # the route itself says that it is stopping


def test_a_failure_is_told_to_the_log_alone(capsys: pytest.CaptureFixture) -> None:
    guard = gate()
    status, body, headers = asked(guard, "/api/fails")
    assert status == 500 and "secret" not in body and "content-security-policy" in headers
    assert "GET '/api/fails' failed" in (log := capsys.readouterr().err) and "RuntimeError: a secret" in log
    assert 'videoqa_requests_total{route="/api/fails",status="500"} 1.0' in guard.metrics.text().decode()
