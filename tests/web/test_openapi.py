"""The OpenAPI text: it describes every route, and the server keeps to it, whatever is sent."""

import subprocess
import sys
from pathlib import Path

import pytest

from videoqa.web.sample_clips import SAMPLES

from .server_process import Server


def test_every_sample_is_named(server: Server) -> None:
    text = server.get("/openapi.json").json
    (name,) = text["paths"]["/api/samples/{name}.webm"]["get"]["parameters"]
    assert name["schema"]["enum"] == list(SAMPLES)


def test_every_route_is_described(server: Server) -> None:
    text = server.get("/openapi.json").json
    described = {(path, method.upper()) for path in text["paths"] for method in text["paths"][path]}
    assert len(described) == 10
    for path, method in described:
        reply = server.call("PATCH", path)
        assert reply.status == 405 and method in reply.headers["allow"].split(", ")


@pytest.mark.slow
def test_generated_requests_are_answered_as_described(server: Server, checkout: Path) -> None:
    command = [sys.executable, checkout / "benchmarks" / "serving_fuzz.py", "--requests", "300"]
    done = subprocess.run([*command, "--address", server.address], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 wrong answers\n" in done.stdout and "Traceback" not in "".join(server.errors)
