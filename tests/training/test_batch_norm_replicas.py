"""C3D's batch norm over several devices: the statistics of the whole batch, and the weights of one device."""

import json
import subprocess
import sys

import pytest

PROGRAM = """
import json
from videoqa._collector import leave_out_tensorflow

leave_out_tensorflow()
import keras, numpy as np, tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
from videoqa.config import ModelConfig, TrainingConfig
from videoqa.models.building import build_from_config
from videoqa.models.building import computing_in
from videoqa.training.optimizers import optimizer_pairs
from videoqa.training.step import make_train_step

CONFIG = ModelConfig(task="action", architecture="c3d", width=1 / 32, frame_size=(16, 16), num_answers=3)

def batch_of(rng):
    return {
        "inputs": {"clip": rng.integers(0, 256, (4, 4, 16, 16, 3), np.uint8)},
        "answer_ids": rng.integers(0, 3, 4).astype(np.int32),
        "weights": np.ones(4, np.float32),
        "positions": np.arange(4, dtype=np.int32),
    }

def train(strategy):
    keras.utils.set_random_seed(0)
    with computing_in("float64"), strategy.scope():
        model = build_from_config(CONFIG, 4, starts_from="clip")
        pairs = optimizer_pairs(model, CONFIG, TrainingConfig(), num_steps=5)
        pairs[0][0].build(pairs[0][1])
    rng = np.random.default_rng(0)
    spec = tf.nest.map_structure(
        lambda array: tf.TensorSpec((None, *array.shape[1:]), array.dtype), batch_of(rng)
    )
    step = make_train_step(model, pairs, strategy, seed=5, batch_spec=spec, batch_size=4)
    sums = [step(batch_of(rng), 0)]
    first = [variable.numpy() for variable in pairs[0][0].variables[2:]]  # Adam's means: the gradients
    sums += [step(batch_of(rng), number) for number in range(1, 5)]
    return first, model.get_weights(), [list(each.values()) for each in sums]

def apart(ours, theirs):
    return max(
        # The bias before the last batch norm has no gradient but rounding: held against a step of Adam.
        float(np.linalg.norm(a - b) / max(np.linalg.norm(b), 1e-3)) for a, b in zip(ours, theirs)
    )

several = train(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]))
alone = train(tf.distribute.get_strategy())
print(json.dumps([*map(apart, several[:2], alone[:2]), np.abs(np.subtract(several[2], alone[2])).max()]))
"""


@pytest.mark.numeric
@pytest.mark.slow
def test_two_devices_equal_one() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    gradients, weights, sums = json.loads(done.stdout.splitlines()[-1])
    # Eleven layers forth and back, of sums of at most 27 x 16 terms, are 1e-13; each batch norm divides by a
    # deviation, which of four rows may be small: four digits for that.
    assert gradients < 1e-9
    # Adam divides a gradient by its size or at least by its epsilon of 1e-7.
    assert weights < 1e-6
    assert sums < 1e-6
