"""The step on several logical devices: the same weights as on one, for every part of the objective."""

import json
import subprocess
import sys

import pytest

PROGRAM = """
import json, sys
from videoqa._collector import leave_out_tensorflow

leave_out_tensorflow()
import keras, numpy as np, tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 3
)
from videoqa.config import ModelConfig
from videoqa.models.building import build_from_config
from videoqa.models.building import computing_in
from videoqa.training.step import make_train_step

def batch_of(rng, num_rows):
    features = rng.normal(size=(num_rows, 5, 104)).astype(np.float32)
    question = rng.integers(1, 9, (num_rows, 6)).astype(np.int32)
    question[:, 4:] *= rng.integers(0, 2, (num_rows, 1), dtype=np.int32)  # padding, which the mask hides
    ids = rng.integers(-1, 3, num_rows)
    return {
        "inputs": {"features": features, "question": question},
        "answer_ids": np.maximum(ids, 0).astype(np.int32),
        "weights": (ids >= 0).astype(np.float32),
        "positions": np.arange(num_rows, dtype=np.int32),
    }

def train(strategy, dropout, optimizer, regularised, precision):
    keras.utils.set_random_seed(0)
    sizes = {"embedding_dim": 4, "video_units": 4, "question_units": 4, "hidden_units": 4}
    config = ModelConfig(num_answers=3, vocabulary_size=9, backbone="tiny", dropout=dropout, **sizes)
    with computing_in(precision), strategy.scope():
        model = build_from_config(config, 5, starts_from="features")
        if regularised:
            kernel = model.get_layer("answer").kernel
            kernel.regularizer = keras.regularizers.L2(0.1)
        own = getattr(keras.optimizers, optimizer)(0.01)
        if optimizer == "AdamW":
            own = keras.optimizers.AdamW(0.01, weight_decay=0.1)
        if precision == "mixed_float16":
            own = keras.optimizers.LossScaleOptimizer(own)
        own.build(model.trainable_variables)
    rng = np.random.default_rng(0)
    spec = tf.nest.map_structure(
        lambda array: tf.TensorSpec((None, *array.shape[1:]), array.dtype), batch_of(rng, 1)
    )
    pairs = [(own, model.trainable_variables)]
    step = make_train_step(model, pairs, strategy, seed=5, batch_spec=spec, batch_size=7)
    batches = [batch_of(rng, size) for size in (7, 7, 4, 7, 1)]
    if precision == "mixed_float16":
        batches[2]["inputs"]["features"][3] = 1e9  # too large, in the rows of one device
    sums = [step(batch, number) for number, batch in enumerate(batches)]
    steps_taken = int(keras.ops.convert_to_numpy(getattr(own, "inner_optimizer", own).iterations))
    return model.get_weights(), [list(each.values()) for each in sums], steps_taken

# One for both cases: two strategies in one process mix up their messages.
several = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1", "CPU:2"])
worst = []
for case in json.loads(sys.argv[1]):
    weights, sums, steps = train(several, **case)
    alone, alone_sums, alone_steps = train(tf.distribute.get_strategy(), **case)
    norms = [np.linalg.norm(a - b) / max(np.linalg.norm(b), 1e-30) for a, b in zip(weights, alone)]
    worst.append([float(max(norms)), float(np.abs(np.array(sums) - alone_sums).max()), steps, alone_steps])
print(json.dumps(worst))
"""
ADAM_IN_FLOAT64 = 1e-6
"""What rounding may make of weights, relative to them. Sums of some hundred terms in some ten layers leave
2e-14 in a gradient (layers x sqrt(terms) x epsilon); Adam divides it by its size or at least by its epsilon,
1e-7, so that a weight whose gradient is nearly 0 moves by 2e-7 of a step more or less, at every step."""
CASE = {"dropout": 0.5, "optimizer": "AdamW", "regularised": True, "precision": "float64"}
"""AdamW is Adam and a decay of the weights."""
HALF_CASE = {"dropout": 0.0, "optimizer": "SGD", "regularised": False, "precision": "mixed_float16"}


@pytest.fixture(scope="module")
def results(has_half_precision: bool) -> list[list[float]]:
    """Return, for each case, how far weights and sums are from those of one device, and the steps of both."""
    cases = [CASE, *([HALF_CASE] if has_half_precision else [])]
    command = [sys.executable, "-c", PROGRAM, json.dumps(cases)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.numeric
@pytest.mark.slow
def test_three_devices_equal_one(results: list[list[float]]) -> None:
    """Batches of 7, 4 and 1 rows: shares are uneven, and some devices get no row at all."""
    weights, sums, steps, alone_steps = results[0]
    assert weights < ADAM_IN_FLOAT64
    assert sums < ADAM_IN_FLOAT64
    assert steps == alone_steps == 5


@pytest.mark.numeric
@pytest.mark.slow
def test_three_devices_leave_out_the_same_step_in_half_precision(
    half_precision: None, results: list[list[float]]
) -> None:
    weights, _, steps, alone_steps = results[-1]
    assert weights < 14 * 2.0**-10  # of plain descent: 14 layers forth and back, each rounded to float16
    assert steps == alone_steps == 4  # one step was too large, and all devices left it out
