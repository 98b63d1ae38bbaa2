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


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
FORKS_FIRST = """
import gc; gc.disable()  # it would walk over TensorFlow's objects several times while they are made
import os, threading, warnings
import tensorflow as tf
warnings.simplefilter("ignore")

def start_threads():
    for _ in range(9):
        threading.Thread(target=threading.Event().wait, daemon=True).start()

def refused(setup):
    if os.fork() == 0:
        setup()
        from videoqa._fork import check_not_forked
        try:
            check_not_forked("ask")
        except ValueError as error:
            os._exit(3 if f"forked from process {os.getppid()}." in str(error) else 4)
        os._exit(7)
    return os.waitstatus_to_exitcode(os.wait()[1])

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
codes = [refused(list)]
tf.ones(1)
codes += [refused(list), refused(start_threads), refused(lambda: refused(list))]
assert codes == [7, 3, 3, 3], codes

start_threads()
def call(value):
    threading.current_thread()
    return value
rows = tf.data.Dataset.range(64)
for _ in rows.map(lambda row: tf.py_function(call, [row], tf.int64), num_parallel_calls=8):
    pass
from videoqa._fork import check_not_forked
check_not_forked("ask")
shared = threading.current_thread()
threading.enumerate = lambda: [shared] * 99  # as gevent lists green threads, which share one of the system
check_not_forked("ask")
os._exit(0)
"""


@linux
def test_a_fork_before_videoqa_is_imported_is_refused_where_tensorflow_was_used() -> None:
    """No other process is: not with few threads, many of its own, green ones, or calls of Python."""
    done = subprocess.run(
        [sys.executable, "-c", FORKS_FIRST],
        check=False,
        timeout=2 * PATIENCE_SECONDS,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@linux
@pytest.mark.parametrize("gone", ["_context", "_initialized", "the module"])
def test_a_tensorflow_without_the_private_attribute_is_known_by_its_threads(
    gone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tensorflow.python.eager import context

    keras.ops.ones(1)
    if gone == "_context":
        monkeypatch.delattr(context, "_context")
    elif gone == "_initialized":
        monkeypatch.setattr(context, "_context", object())
    else:
        monkeypatch.delitem(sys.modules, context.__name__)
    check_not_forked("ask")  # what is not known is not refused
    assert said_in_a_fork(lambda: check_not_forked("ask")).startswith("Refusal: `ask` must not be called")
