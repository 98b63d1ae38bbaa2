"""A training run that is stopped: the exit code says how, nothing half-written passes for a model."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from videoqa._manifest import MANIFEST

FLAGS = ["--backbone", "tiny", "--num-frames", "4", "--video-units", "8", "--hidden-units", "8"]
PATIENCE_SECONDS = 120
MAIN = (
    "import signal; from videoqa.cli.main import main; "
    "signal.signal(signal.SIGINT, signal.default_int_handler); raise SystemExit(main())"
)
"""The program as a terminal starts it: whoever runs the tests in the background ignores Ctrl-C."""


def train_command(small_set: Path, out: Path, epochs: int) -> list[str]:
    data = ["--data", str(small_set / "labels.csv"), "--out", str(out), "--epochs", str(epochs)]
    return [sys.executable, "-c", MAIN, "train", *data, *FLAGS, "--patience", "none"]


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_leaves_no_model_and_can_be_run_again(
    small_set: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    out = tmp_path / "run"
    log = out / "logs" / "epochs.csv"
    running = subprocess.Popen(train_command(small_set, out, 100_000), stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (log.exists() and log.read_text().count("\n") > 2):
            assert running.poll() is None, running.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.1)
        running.send_signal(number)
        _, errors = running.communicate(timeout=PATIENCE_SECONDS)
    finally:
        running.kill()
    assert running.returncode == code
    assert "Stopped by" in errors and "Traceback" not in errors
    assert not (out / MANIFEST).exists()
    subprocess.run(train_command(small_set, out, 1), check=True, capture_output=True)
    assert (out / MANIFEST).exists()
