"""A training run that is stopped: the exit code says how, no model is left, and `--resume` loses no step."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from videoqa._manifest import MANIFEST
from videoqa.cli.main import main
from videoqa.saving import load_model_folder

FLAGS = ["--backbone", "tiny", "--num-frames", "4", "--video-branch", "mean", "--hidden-units", "8"]
PATIENCE_SECONDS = 120
NUM_EPOCHS = 40
"""Enough for two signals to come in between, few enough to go on to the end."""
MAIN = (
    "import signal; from videoqa.cli.main import main; "
    "signal.signal(signal.SIGINT, signal.default_int_handler); raise SystemExit(main())"
)
"""The program as a terminal starts it: whoever runs the tests in the background ignores Ctrl-C."""


def train_words(small_set: Path, out: Path, epochs: int) -> list[str]:
    data = ["--data", str(small_set / "labels.csv"), "--out", str(out), "--epochs", str(epochs)]
    return ["train", *data, *FLAGS, "--patience", "none"]


def stopped(words: list[str], log: Path, number: signal.Signals) -> tuple[int, str]:
    """Send a signal two epochs after the start; return the exit code and what was said on stderr."""
    command = [sys.executable, "-c", MAIN, *words]
    lines = log.read_text().count("\n") if log.exists() else 1
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (log.exists() and log.read_text().count("\n") >= lines + 2):
            assert running.poll() is None, running.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.1)
        running.send_signal(number)
        _, errors = running.communicate(timeout=PATIENCE_SECONDS)
    finally:
        running.kill()
    return running.returncode, errors


@pytest.mark.slow
def test_a_stopped_run_leaves_no_model_and_goes_on_where_it_was(
    small_set: Path, tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    out = tmp_path / "run"
    log = out / "logs" / "epochs.csv"
    resume = ["train", "--out", str(out), "--resume", "--json"]
    first = train_words(small_set, out, NUM_EPOCHS)
    before = ""
    proposed = f"Go on with:\n  videoqa-train --out {out} --resume\nor make a model of what is there:\n"
    for words, number, code in ((first, signal.SIGINT, 130), (resume, signal.SIGTERM, 143)):
        returned, errors = stopped(words, log, number)
        assert returned == code
        assert f"Stopped by {'Ctrl-C' if code == 130 else 'SIGTERM'}. {proposed}" in errors
        assert "Traceback" not in errors
        assert not (out / MANIFEST).exists()
        assert log.read_text().count("\n") - 1 < NUM_EPOCHS
        assert log.read_text().startswith(before)  # the epochs that were done are not done again
        before = log.read_text()
    assert main(train_words(small_set, out, 1)) == 2
    assert "Add --resume" in capfd.readouterr().err
    assert main([*resume, "--finish"]) == 0
    finished = json.loads(capfd.readouterr().out)
    assert finished["num_epochs"] == finished["finished_after"] == log.read_text().count("\n") - 1
    assert load_model_folder(out).build() is not None
    assert main(resume) == 0
    assert (out / MANIFEST).exists() and len(list((out / "checkpoints").iterdir())) == 1
    assert json.loads(capfd.readouterr().out)["num_epochs"] == NUM_EPOCHS
    assert log.read_text().startswith(before)
    assert main(resume) == 2
    assert "Give more --epochs" in capfd.readouterr().err
