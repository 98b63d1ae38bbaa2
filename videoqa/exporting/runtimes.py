"""Runs an export in its own runtime; a fresh process that does only that is started by `answers_of`."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from videoqa._child import how_it_ended, python_command
from videoqa._collector import leave_out_tensorflow
from videoqa._keras_plots import leave_out_plots
from videoqa.exporting.errors import NotExported

FIRST_ANSWER = "first_answer.json"
Arrays = dict[str, np.ndarray]
Answers = dict[str, Arrays]
Call = Callable[[Arrays], Arrays]
"""From inputs with one batch size to outputs, by the library's names."""
CallOf = Callable[[str], Call]
"""From what is started from to the call; only a SavedModel has several."""


def load_saved_model(path: Path) -> CallOf:
    """Return the signatures of a SavedModel, loaded by TensorFlow."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))

    def call(inputs: Arrays, start: str) -> Arrays:
        found = loaded.signatures[start](**{name: tf.constant(values) for name, values in inputs.items()})
        return {name: tensor.numpy() for name, tensor in found.items()}

    return lambda start: lambda inputs: call(inputs, start)


def load_onnx(path: Path) -> CallOf:
    """Return an ONNX model, loaded by ONNX Runtime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda start: lambda inputs: dict(zip(names, session.run(names, inputs), strict=True))


def load_litert(path: Path) -> CallOf:
    """Return a LiteRT model, loaded by LiteRT; it takes the clips of a batch one after the other."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path), num_threads=os.cpu_count())
    serve = interpreter.get_signature_runner()

    def call(inputs: Arrays) -> Arrays:
        num_clips = len(next(iter(inputs.values())))
        each = [
            serve(**{name: values[row : row + 1] for name, values in inputs.items()})
            for row in range(num_clips)
        ]
        return {name: np.concatenate([found[name] for found in each]) for name in each[0]}

    return lambda start: call


def load_keras(path: Path) -> CallOf:
    """Return a Keras model, loaded by Keras and compiled once."""
    import keras
    import tensorflow as tf

    model = keras.models.load_model(path)
    specs = {name: tf.TensorSpec(tensor.shape, tensor.dtype) for name, tensor in model.input.items()}
    compiled = tf.function(lambda inputs: model(inputs, training=False), input_signature=[specs])

    def call(inputs: Arrays) -> Arrays:
        found = compiled({name: tf.constant(values) for name, values in inputs.items()})
        return {name: tensor.numpy() for name, tensor in found.items()}

    return lambda start: call


LOADERS: dict[str, Callable[[Path], CallOf]] = {
    "saved_model": load_saved_model,
    "onnx": load_onnx,
    "litert": load_litert,
    "keras": load_keras,
}
"""Name of a format -> what loads it."""


def answers_of(name: str, path: Path, inputs: Path, clips_per_call: dict[str, int]) -> tuple[Answers, float]:
    """Return what an export answers in a fresh process without a GPU.

    Args:
        name: a key of `FORMATS`.
        path: the file or folder of the export.
        inputs: a folder with START/NAME.npy for each input of each start, with as many clips.
        clips_per_call: of each start.

    Returns:
        The outputs by start and name, and the seconds from the start of the process to the first answer.

    Raises:
        NotExported: the runtime cannot load or run it.
    """
    request = {"name": name, "path": str(path), "inputs": str(inputs), "clips_per_call": clips_per_call}
    command = python_command("from videoqa.exporting.runtimes import answer_request; answer_request()")
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "-1"}
    started = time.time()
    done = subprocess.run(
        [*command, json.dumps(request)], capture_output=True, text=True, env=environment, check=False
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [how_it_ended(done.returncode)])[-1]
        raise NotExported(f"The {name} export does not run in its own runtime: {last}")
    outputs = {}
    for start in clips_per_call:
        with np.load(inputs / f"{start}.npz") as saved:
            outputs[start] = {key: saved[key] for key in saved}
    return outputs, json.loads((inputs / FIRST_ANSWER).read_text("utf-8")) - started


def answer_request() -> None:
    """Do what `answers_of` asks for, in the process that it started."""
    leave_out_tensorflow()
    leave_out_plots()
    request = json.loads(sys.argv[1])
    inputs, load = Path(request["inputs"]), LOADERS[request["name"]]
    call_of = load(Path(request["path"]))
    for start, size in request["clips_per_call"].items():
        call = call_of(start)
        arrays = {file.stem: np.load(file, mmap_mode="r") for file in (inputs / start).glob("*.npy")}
        call({name: np.array(values[:1]) for name, values in arrays.items()})
        if not (inputs / FIRST_ANSWER).exists():
            (inputs / FIRST_ANSWER).write_text(json.dumps(time.time()), encoding="utf-8")
        parts = [
            call({name: np.array(values[begin : begin + size]) for name, values in arrays.items()})
            for begin in range(0, len(next(iter(arrays.values()))), size)
        ]
        outputs = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        np.savez(inputs / f"{start}.npz", **outputs)  # type: ignore[arg-type]
