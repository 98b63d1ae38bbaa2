"""What the tests of the page stand on: a served model, a browser, and drawn files to give it."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import pytest

TOKEN = "a-token-of-the-page-tests"
MOST_CLIP_BYTES = 3_000_000
PATIENCE_SECONDS = 240
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-dev-shm-usage"]
"""As root there is no sandbox, and in a container hardly any shared memory."""


def chromium() -> str:
    """Return the path of Debian's Chromium, or skip."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no chromium on PATH: apt-get install chromium")
    return found


@contextmanager
def served(folder: Path, *flags: str, command: Sequence[str] = ("serve",)) -> Iterator[str]:
    """Run `videoqa serve`, or another command, on a free port and yield its address; stop it with SIGTERM."""
    log = folder / "serve.log"
    words = [sys.executable, "-m", "videoqa", *command, "--port", "0", *flags]
    with log.open("w") as out:
        process = subprocess.Popen(
            words, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONUNBUFFERED": "1"}
        )
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := re.search(r"http://[\d.]+:\d+", log.read_text())):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield found.group()
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        finally:
            process.kill()
    assert "Traceback" not in log.read_text(), log.read_text()


def write_clip(path: Path, activity: str = "loading", *, codec: str = "VP90") -> Path:
    """Write a drawn clip in another format: `VP90` into .webm, which browsers play, `FFV1` into .avi, which
    none does."""
    import videoqa

    drawn = cv2.VideoCapture(videoqa.sample_clip(activity, seed=7, folder=path.parent / "drawn"))
    size = (int(drawn.get(cv2.CAP_PROP_FRAME_WIDTH)), int(drawn.get(cv2.CAP_PROP_FRAME_HEIGHT)))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), drawn.get(cv2.CAP_PROP_FPS), size)
    while (read := drawn.read())[0]:
        writer.write(read[1])
    writer.release()
    return path


def violations(page: Any, *, impacts: Sequence[str] = ("serious", "critical")) -> list[str]:
    """Return what axe-core finds in a page of some impacts, or skip."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python"
    )
    found = axe.Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {node['html'][:200]}"
        for each in found
        if each["impact"] in impacts
        for node in each["nodes"]
    ]
