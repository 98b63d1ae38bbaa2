"""Processes forked after TensorFlow was used, in which it would hang, are refused at once."""

import os
import select
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

import videoqa
from videoqa._fork import check_not_forked

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
PATIENCE_SECONDS = 60


def said_in_a_fork(call: Callable[[], object]) -> str:
    """Fork this process, make a call there and return the kind and text of its error; "" without one."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads, which is the point
        child = os.fork()
    if child == 0:
        text = ""
        try:
            call()
        except BaseException as error:
            text = f"{type(error).__name__}: {error}"
        os.write(writing, text.encode())
        os._exit(0)
    os.close(writing)
    try:
        ready, _, _ = select.select([reading], [], [], PATIENCE_SECONDS)
        assert ready, "it hangs"
        return os.read(reading, 10_000).decode()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reading)


def test_what_needs_tensorflow_is_refused_in_a_fork(small_set: Path, tmp_path: Path) -> None:
    qa = videoqa.load()
    frames = np.zeros((4, 96, 96, 3), np.uint8)
    keras.ops.ones(1)  # TensorFlow is used
    labels = str(small_set / "labels.csv")
    calls: dict[str, Callable[[], object]] = {
        "ask": lambda: qa.ask(frames, "what is he doing?"),
        "predict": lambda: videoqa.predict(qa, small_set),
        "evaluate": lambda: videoqa.evaluate(qa, labels),
        "encode": lambda: videoqa.encode(labels, backbone="tiny"),
        "train": lambda: videoqa.train(labels, out=tmp_path / "run", backbone="tiny"),
        "build_model": lambda: videoqa.build_model(4, 50, backbone="tiny"),
    }
    for name, call in calls.items():
        said = said_in_a_fork(call)
        assert said.startswith(f"Refusal: `{name}` must not be called in a process that was forked"), said
        assert f"forked from process {os.getpid()}." in said and "load the model in each process" in said
    assert not (tmp_path / "run").exists()
    assert said_in_a_fork(lambda: said_in_a_fork(calls["ask"]) and calls["ask"]()).startswith("Refusal")
    check_not_forked("ask")  # this process goes on


def test_a_fork_before_tensorflow_is_used_is_not_refused() -> None:
    program = (
        "import os, videoqa\n"
        "from videoqa._fork import check_not_forked\n"
        "if os.fork() == 0:\n    check_not_forked('ask')\n    os._exit(7)\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.wait()[1]))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 7
