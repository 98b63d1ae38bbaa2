"""One server with the model in the package for all tests of a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .server_process import Server, running_server

MOST_CLIP_BYTES = 300_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Yield a server that takes clips of up to 300,000 bytes and corrections into `corrections.csv` of its
    folder; not to be stopped."""
    folder = tmp_path_factory.mktemp("server")
    corrections = str(folder / "corrections.csv")
    words = ("--max-clip-bytes", str(MOST_CLIP_BYTES), "--corrections", corrections)
    with running_server(folder, *words) as running:
        yield running


@pytest.fixture(scope="session")
def clip_bytes() -> bytes:
    """Return the bytes of a drawn clip in which a man loads a car."""
    from videoqa import sample_clip

    return Path(sample_clip("loading", seed=1)).read_bytes()


@pytest.fixture(scope="module")
def clip_id(server: Server, clip_bytes: bytes) -> str:
    """Return the id of `clip_bytes`, which the server knows."""
    return server.post("/api/clips?name=loading.avi", clip_bytes).json["id"]
