"""Models saved by Keras itself: they load in a new process that imports `videoqa`, and answer the same."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import videoqa
from videoqa._keras_layers import LAYER_MODULES
from videoqa.config import ModelConfig
from videoqa.models.building import build_action_model, build_from_config, build_model

TINY = {"backbone": "tiny", "frame_size": (32, 32), "video_units": 6, "hidden_units": 8}
QUESTION = TINY | {"embedding_dim": 3, "question_units": 5, "dropout": 0.5}
CONVOLUTION = TINY | {
    "task": "action",
    "num_answers": 3,
    "video_branch": "convolution",
    "motion": "difference",
}
MODELS = {
    "lstm": lambda: build_model(3, 9, **QUESTION),
    "mean": lambda: build_model(3, 9, **QUESTION, video_branch="mean"),
    "attention": lambda: build_model(3, 9, **QUESTION, video_branch="attention"),
    "bidirectional": lambda: build_model(3, 9, **QUESTION, video_branch="bidirectional"),
    "convolution": lambda: build_from_config(ModelConfig(**CONVOLUTION), starts_from="clip"),
    "none": lambda: build_model(3, 9, **QUESTION, video_branch="none"),
    "features": lambda: build_model(3, 9, **QUESTION, starts_from="features"),
    "action": lambda: build_action_model(3, **TINY),
    "c3d": lambda: build_action_model(3, architecture="c3d", width=0.02, frame_size=(32, 32), num_frames=4),
    "conv_lstm": lambda: build_action_model(3, architecture="conv_lstm", frame_size=(34, 34)),
    "no_peepholes": lambda: build_action_model(
        3, architecture="conv_lstm", frame_size=(34, 34), peepholes=False
    ),
}
LOAD_ALL = """
import gc; gc.disable()  # it would walk over TensorFlow's objects several times while they are made
import sys, {first}, {second}
gc.freeze()  # and once more as the process ends
import numpy as np
for name in sys.argv[2:]:
    model = keras.models.load_model(f"{{sys.argv[1]}}/{{name}}.keras")
    with np.load(f"{{sys.argv[1]}}/{{name}}.npz") as saved:
        answer = saved["answer"]
        inputs = {{key: saved[key] for key in saved if key != "answer"}}
    assert np.array_equal(np.asarray(model(inputs, training=False)), answer), name
    assert model.compiled and model.optimizer is not None, name
print("LOADED", len(sys.argv) - 2)
"""


def inputs_of(model) -> dict[str, np.ndarray]:
    """Return one row for every input of a model: 4 frames, 3 words."""
    generator = np.random.default_rng(0)
    rows = {}
    for name, tensor in model.input.items():
        shape = (1, *(size or (3 if name == "question" else 4) for size in tensor.shape[1:]))
        rows[name] = generator.integers(0, 2 if name == "mask" else 9, shape).astype(tensor.dtype)
    return rows


def loaded_elsewhere(folder: Path, names: list[str], *, first: str, second: str) -> str:
    """Load models in a new process that imports `first`, then `second`; return what it printed."""
    program = LOAD_ALL.format(first=first, second=second)
    command = [sys.executable, "-c", program, str(folder), *names]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_every_model_loads_in_a_new_process_and_answers_the_same(tmp_path: Path) -> None:
    for name, build in MODELS.items():
        model = build()
        inputs = inputs_of(model)
        np.savez(tmp_path / f"{name}.npz", answer=np.asarray(model(inputs, training=False)), **inputs)
        model.save(tmp_path / f"{name}.keras")
    probed = "videoqa, importlib.util; importlib.util.find_spec('keras'); import os"
    assert f"LOADED {len(MODELS)}" in loaded_elsewhere(tmp_path, list(MODELS), first=probed, second="keras")
    for first, second in (("keras", "videoqa"), ("videoqa, tensorflow", "keras")):
        assert "LOADED 1" in loaded_elsewhere(tmp_path, ["attention"], first=first, second=second)


def test_every_module_with_a_registered_class_is_imported_with_keras() -> None:
    package = Path(videoqa.__file__).parent
    registering = {
        ".".join(("videoqa", *file.relative_to(package).with_suffix("").parts))
        for file in package.rglob("*.py")
        if re.search(r"^@keras\.saving\.register_keras_serializable", file.read_text("utf-8"), re.MULTILINE)
    }
    assert registering == set(LAYER_MODULES)


def test_fit_reports_accuracy() -> None:
    model = build_model(3, 9, **QUESTION, starts_from="features")
    inputs = {name: np.repeat(row, 6, axis=0) for name, row in inputs_of(model).items()}
    model.run_eagerly = True  # three graphs would take longer than what they compute
    history = model.fit(inputs, np.zeros(6, np.int32), sample_weight=np.ones(6), verbose=0).history
    assert set(history) == {"loss", "accuracy"}
    right = model.predict(inputs, verbose=0).argmax(1) == 1
    scored = model.evaluate(inputs, np.ones(6, np.int32), verbose=0, return_dict=True)
    assert scored["accuracy"] == right.mean()


@pytest.mark.parametrize(
    ("name", "labels", "message"),
    [
        (
            "features",
            np.eye(3)[[0, 1]],
            r"`labels.shape` must have 1 axes, of integer answer ids. .*\('batch', 3\).*argmax\(-1\)",
        ),
        ("conv_lstm", np.eye(3)[np.ones((2, 4), int)], r"`labels.shape` must have 2 axes.*\('batch', 4, 3\)"),
    ],
)
def test_one_hot_labels_are_refused_in_words(name: str, labels: np.ndarray, message: str) -> None:
    model = MODELS[name]()
    rows = {key: np.repeat(value, 2, axis=0) for key, value in inputs_of(model).items()}
    with pytest.raises(ValueError, match=message):
        model.fit(rows, labels, verbose=0)
