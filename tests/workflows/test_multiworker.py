"""Two real worker processes over localhost: they equal one, survive losing one, and stop together."""

import importlib
import inspect
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

import videoqa
from videoqa.training.checkpoints import newest_checkpoint

pytestmark = pytest.mark.slow
PATIENCE_SECONDS = 120
EXACT = {"precision": "float64", "dropout": 0.3, "patience": None}
QUICK = {"video_branch": "mean"}
"""Compiled in a third of the time of an LSTM, in each of the processes."""


def last_weights(out: Path) -> list[np.ndarray]:
    newest = newest_checkpoint(out / "checkpoints", progress=False)
    assert newest is not None
    return newest.arrays("model")


ADAM_IN_FLOAT64 = 1e-6
"""What rounding may make of weights, relative to them; derived in `training/test_replicas.py`."""


def distance(a: list[np.ndarray], b: list[np.ndarray]) -> float:
    """Return the largest relative L2 distance of a tensor."""
    norms = [np.linalg.norm(x - y) / max(np.linalg.norm(y), 1e-30) for x, y in zip(a, b, strict=True)]
    return float(max(norms))


def wait_until(condition: Callable[[], bool], process: subprocess.Popen) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.05)


def training_processes(parent: int) -> dict[int, int]:
    """Return worker index → process number of the children of `parent` that train."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            environment = (entry / "environ").read_bytes().split(b"\0")
        except OSError:  # it has just ended
            continue
        for variable in environment:
            if int(fields[1]) == parent and variable.startswith(b"TF_CONFIG="):
                found[json.loads(variable.removeprefix(b"TF_CONFIG="))["task"]["index"]] = int(entry.name)
    return found


def flags(options: dict) -> list[str]:
    words = []
    for name, value in options.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            words += [] if name == "progress" else [f"--{flag}" if value else f"--no-{flag}"]
        else:
            words += [f"--{flag}", "none" if value is None else str(value)]
    return words


def start(data: Path, out: Path, options: dict, *more: str) -> subprocess.Popen:
    words = ["train", "--data", str(data), "--out", str(out), *flags(options), *more]
    command = [sys.executable, "-m", "videoqa", *words]
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=environment, text=True, **pipes)


class HalveLearningRate(keras.callbacks.Callback):
    """Changes worker 0's optimizer at the end of each epoch."""

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.model.optimizer.learning_rate = 0.001 / 2 ** (epoch + 1)


@pytest.mark.numeric
def test_two_workers_learn_what_one_learns(
    small_set: Path, small_options: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Questions with their blind model; 24 rows in batches of 7, the last of 3; chosen by validation, rows
    balanced; windows changed at random; with a callback of a module of the user's own, which the workers
    import as well."""
    (tmp_path / "own_callbacks.py").write_text("import keras\n\n" + inspect.getsource(HalveLearningRate))
    monkeypatch.syspath_prepend(tmp_path)
    callback = importlib.import_module("own_callbacks").HalveLearningRate
    options = {**small_options, **EXACT, "blind": True, "batch_size": 7, "epochs": 4, "patience": 3}
    options |= {"video_branch": "convolution", "motion": "difference", "balance": True}
    options |= {"feature_noise": 0.1, "frame_dropping": 0.2, "mixup": 0.3}
    table = pd.read_csv(small_set / "questions.csv")
    table["video"] = [str(small_set / video) for video in table["video"]]
    alone = videoqa.train(table, out=tmp_path / "one", callbacks=[callback()], **options)
    options |= {"strategy": "multiworker", "local_workers": 2}
    both = videoqa.train(table, out=tmp_path / "two", callbacks=[callback()], **options)
    assert distance(last_weights(both.out), last_weights(alone.out)) < ADAM_IN_FLOAT64
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        ours, theirs = ([epoch[name] for epoch in run.history] for run in (both, alone))
        np.testing.assert_allclose(ours, theirs, rtol=ADAM_IN_FLOAT64)
    assert both.metrics["validation"] == alone.metrics["validation"]
    rates = [epoch["learning_rate"] for epoch in both.history]
    np.testing.assert_allclose(rates, [0.001, 0.0005, 0.00025, 0.000125])
    blind = [videoqa.load(run.out / "blind").folder.build().get_weights() for run in (both, alone)]
    assert distance(*blind) < ADAM_IN_FLOAT64 + 2.0**-23  # a model folder holds float32
    assert sorted(path.name for path in (both.out / "logs").glob("*.log")) == ["worker-0.log", "worker-1.log"]
    log = (both.out / "logs" / "worker-1.log").read_text()
    assert "24 training rows" in log and "training epoch 4/4: loss" in log


@pytest.mark.numeric
def test_two_workers_train_the_backbone_too(small_set: Path, small_options: dict, tmp_path: Path) -> None:
    """End to end for actions: worker 0 alone writes the backbone."""
    options = {**small_options, **EXACT, **QUICK, "batch_size": 4, "epochs": 1, "limit": 7}
    options["train_backbone"] = True
    alone = videoqa.train(small_set / "labels.csv", out=tmp_path / "one", **options)
    two = {**options, "strategy": "multiworker", "local_workers": 2}
    both = videoqa.train(small_set / "labels.csv", out=tmp_path / "two", **two)
    assert distance(last_weights(both.out), last_weights(alone.out)) < ADAM_IN_FLOAT64
    assert (both.out / "backbone.weights.h5").exists()


@pytest.mark.numeric
def test_a_lost_worker_and_a_stop_cost_no_step(small_set: Path, small_options: dict, tmp_path: Path) -> None:
    """Actions: a worker is killed, all start again; then SIGTERM; then one process goes on to the end."""
    options = {**small_options, **EXACT, **QUICK, "batch_size": 7, "epochs": 40, "checkpoint_steps": 3}
    out = tmp_path / "run"
    log = out / "logs" / "epochs.csv"

    def epochs() -> int:
        return max(log.read_text().count("\n") - 1, 0) if log.exists() else 0

    flags_of_two = ("--strategy", "multiworker", "--local-workers", "2", "--max-restarts", "1")
    running = start(small_set / "labels.csv", out, options, *flags_of_two)
    try:
        wait_until(lambda: epochs() >= 2, running)
        before = training_processes(running.pid)
        os.kill(before[1], signal.SIGKILL)
        wait_until(lambda: training_processes(running.pid).keys() == {0, 1} != before, running)
        reached = epochs()
        wait_until(lambda: epochs() >= reached + 2, running)
        running.send_signal(signal.SIGTERM)
        _, errors = running.communicate(timeout=PATIENCE_SECONDS)
    finally:
        running.kill()
    assert running.returncode == 143, errors
    assert "Lost worker 1 (localhost:" in errors and "killed by SIGKILL" in errors
    assert "Starting again (1 of 1)" in errors
    assert not re.search(r"[IWE]0000 00:00|absl", errors)  # nor did any of TensorFlow's lines come through
    assert not training_processes(running.pid)
    assert epochs() < 40
    resumed = videoqa.train(out=out, resume=True, strategy="single", progress=False)
    alone = videoqa.train(small_set / "labels.csv", out=tmp_path / "alone", **options)
    assert len(resumed.history) == len(alone.history) == 40
    assert distance(last_weights(out), last_weights(alone.out)) < ADAM_IN_FLOAT64


@pytest.mark.numeric
def test_averaged_weights_drift_between_and_meet_again(
    small_set: Path, small_options: dict, tmp_path: Path
) -> None:
    options = {**small_options, **EXACT, **QUICK, "batch_size": 4, "epochs": 3, "strategy": "multiworker"}
    data = small_set / "labels.csv"
    averaged = videoqa.train(data, out=tmp_path / "2", local_workers=2, averaging_frequency=2, **options)
    assert all(0 < epoch["spread"] < 1 for epoch in averaged.history)
    assert averaged.history[-1]["loss"] < averaged.history[0]["loss"]
    log = (tmp_path / "2" / "logs" / "worker-0.log").read_text()
    said = re.findall(r"averaged after step (\d+): loss ([\d.]+),", log)
    assert [int(step) for step, _ in said] == [2, 3, 5, 6, 8, 9]  # three steps an epoch
    of_epoch = (2 * float(said[0][1]) + float(said[1][1])) / 3
    assert of_epoch == pytest.approx(averaged.history[0]["loss"], abs=1e-4)
    plain = videoqa.train(data, out=tmp_path / "plain", **{**options, "strategy": "single"})
    assert distance(last_weights(averaged.out), last_weights(plain.out)) > 1e-4


def test_workers_with_other_data_do_not_begin(small_set: Path, small_options: dict, tmp_path: Path) -> None:
    table = pd.read_csv(small_set / "labels.csv")
    table["video"] = [str(small_set / video) for video in table["video"]]
    table[1:].to_csv(tmp_path / "other.csv", index=False)
    sockets = [socket.create_server(("", 0)) for _ in range(2)]
    workers = ",".join(f"localhost:{each.getsockname()[1]}" for each in sockets)
    for each in sockets:
        each.close()
    running = [
        start(data, tmp_path / f"run-{index}", {**small_options, **QUICK, "start_timeout": 60}, "--strategy",
              "multiworker", "--workers", workers, "--worker-index", str(index))
        for index, data in enumerate([small_set / "labels.csv", tmp_path / "other.csv"])
    ]  # fmt: skip
    try:
        ends = [process.communicate(timeout=PATIENCE_SECONDS)[1] for process in running]
    finally:
        for process in running:
            process.kill()
    for process, errors in zip(running, ends, strict=True):
        assert process.returncode == 2, errors
        assert "worker 1 (localhost:" in errors and " differ" in errors and "data: " in errors
        assert "Traceback" not in errors
    assert not (tmp_path / "run-0" / "logs").exists()
