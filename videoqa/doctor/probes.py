"""Checks TensorFlow and the decoders in processes of their own, because they may crash."""

import contextlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from typing import Any

from videoqa._child import how_it_ended, python_command
from videoqa._collector import leave_out_tensorflow
from videoqa._keras_plots import leave_out_plots
from videoqa.config import TrainingConfig
from videoqa.doctor.diagnose import Check
from videoqa.launching.environment import unused_gpus

TIMEOUT_SECONDS = 300
_PROGRAM = (
    "import json; from videoqa._child import answers_pipe; from videoqa.doctor.probes import {name}; "
    "answers = answers_pipe(); print(json.dumps({name}()), file=answers)"
)


def device_checks() -> Iterator[Check]:
    """Check that TensorFlow loads, which devices it sees, and which of them a training uses."""
    found, failure = _in_a_process("tensorflow_devices")
    if found is None:
        advice = "Try `python -c 'import tensorflow'`; pip install --force-reinstall tensorflow keras"
        yield Check("tensorflow loads", "problem", failure, advice)
        return
    yield Check("tensorflow loads", "ok", f"in {found['seconds']:.1f} s")
    gpus = found["gpus"]
    seen = ", ".join([f"{found['num_processors']} CPU cores", *gpus])
    if gpus:
        unused = unused_gpus(len(gpus), 1, TrainingConfig().strategy)
        yield Check("devices", "ok", f"{seen}; {unused or f'a training uses {gpus[0]}'}")
    elif shutil.which("nvidia-smi"):
        advice = (
            'pip install "videoqa[gpu]", and see that `nvidia-smi` runs and CUDA_VISIBLE_DEVICES is not empty'
        )
        yield Check("devices", "warning", f"{seen}; TensorFlow does not see the GPU of this machine", advice)
    else:
        yield Check("devices", "ok", f"{seen}; a training uses the CPU")


def decoder_checks() -> Iterator[Check]:
    """Check that both decoders read every frame of a small clip written here."""
    found, failure = _in_a_process("decode_a_clip")
    if found is None:
        advice = "pip install --force-reinstall opencv-python-headless av"
        yield Check("decoders", "problem", failure, advice)
        return
    frames, libraries = found["frames"], found["libraries"]
    read = ", ".join(f"{name} {number} of {found['written']} frames" for name, number in frames.items())
    if set(frames.values()) == {found["written"]}:
        yield Check("decoders", "ok", f"{read} of a clip written here; {libraries}")
    else:
        advice = "pip install --force-reinstall opencv-python-headless av"
        yield Check("decoders", "problem", f"{read} of a clip written here; {libraries}", advice)


def tensorflow_devices() -> dict[str, Any]:
    """Return the devices that TensorFlow sees, and its loading time; runs in a child process."""
    import os
    import time

    leave_out_tensorflow()
    leave_out_plots()
    started = time.perf_counter()
    import tensorflow as tf

    seconds = time.perf_counter() - started
    gpus = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    names = [f"GPU {place} {each.get('device_name', '')}".strip() for place, each in enumerate(details)]
    return {"seconds": seconds, "gpus": names, "num_processors": os.cpu_count()}


def decode_a_clip() -> dict[str, Any]:
    """Return how many frames each decoder reads of a clip drawn here; runs in a child process."""
    from videoqa.sample.sample_set import sample_clip
    from videoqa.video.probing import library_versions, probe
    from videoqa.video.readers import READERS

    with tempfile.TemporaryDirectory() as folder:
        info = probe(sample_clip("waving", folder=folder))
        frames = {}
        for name, reader in READERS.items():
            with contextlib.closing(reader(info)) as stream:
                frames[name] = sum(retrieve().ndim == 3 for _, retrieve in stream)
    return {"written": info.frame_count_header, "frames": frames, "libraries": library_versions()}


def _in_a_process(name: str) -> tuple[dict[str, Any] | None, str]:
    """Run a function of this file in a child process; return its result, or None and what went wrong."""
    command = python_command(_PROGRAM.format(name=name))
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return None, f"no answer within {TIMEOUT_SECONDS} s"
    if done.returncode == 0 and done.stdout:
        return json.loads(done.stdout), ""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return None, f"{lines[-1] if lines else 'it printed nothing'} ({how_it_ended(done.returncode)})"
