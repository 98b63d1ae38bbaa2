"""Averaging of two real workers whose clips differ in length: counters meet, and idle shares do nothing."""

import json
import os
import subprocess
import sys

import pytest

from videoqa.launching.cluster import local_cluster

PROGRAM = """
from videoqa._collector import leave_out_tensorflow

leave_out_tensorflow()
import functools
import json
import keras, numpy as np, tensorflow as tf

from videoqa.config import ModelConfig, TrainingConfig
from videoqa.models.building import build_from_config
from videoqa.training.averaging import AveragedStep
from videoqa.training.optimizers import optimizer_pairs
from videoqa.training.segment_step import make_segment_step
from videoqa.training.distribution import make_strategy

strategy = make_strategy("multiworker", progress=False)
keras.utils.set_random_seed(3)
sizes = {"frame_size": (40, 48), "num_answers": 3, "width": 0.1}
config = ModelConfig(task="action", architecture="conv_lstm", **sizes)
model = build_from_config(config, None, starts_from="clip")
pairs = optimizer_pairs(model, config, TrainingConfig(), 2)
for optimizer, variables in pairs:
    optimizer.build(variables)
options = {"batch_size": 2, "make_step": functools.partial(make_segment_step, seed=0, batch_spec={})}
step = AveragedStep(model, pairs, strategy, frequency=1, steps_per_epoch=2, **options)

def batch_of(*lengths):
    mask = np.arange(max(lengths)) < np.array(lengths)[:, None]
    clip = np.random.default_rng(0).integers(0, 256, (*mask.shape, 40, 48, 3)).astype(np.uint8)
    return {
        "inputs": {"clip": tf.constant(clip), "mask": tf.constant(mask)},
        "answer_ids": tf.range(len(lengths)),
        "weights": tf.ones(len(lengths)),
        "positions": tf.range(len(lengths)),
    }

def flat():
    return np.concatenate([weight.ravel() for weight in model.get_weights()])

found = []
for number, batch in enumerate((batch_of(5, 25), batch_of(6))):
    before = flat()
    sums = step(batch, number)
    moved = float(np.linalg.norm(flat() - before) / np.linalg.norm(flat()))
    found.append({
        "updates": [int(optimizer.iterations.numpy()) for optimizer, _ in pairs],
        "weights": flat().tobytes().hex(),
        "num_rows": sums["weight_sum"],
        "moved": moved,
        "spread": step.distance,
    })
print(json.dumps(found))
"""


@pytest.mark.numeric
@pytest.mark.slow
def test_workers_count_as_worker_0_does_and_one_without_rows_takes_no_step() -> None:
    """A clip of 5 frames and one of 25, which are two segments; then one clip for two workers."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env=os.environ | {"TF_CONFIG": cluster.tf_config()},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for cluster in local_cluster(2)
    ]
    ended = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0, 0], ended
    (first, alone), (other_first, idle) = (json.loads(out.splitlines()[-1]) for out, _ in ended)
    assert first["updates"] == other_first["updates"] == [1] * 4
    assert alone["updates"] == idle["updates"] == [2] * 4
    for ours, theirs in ((first, other_first), (alone, idle)):
        assert ours["weights"] == theirs["weights"]
    assert (first["num_rows"], alone["num_rows"]) == (2, 1)
    # float32 weights of about 0.3 moved by steps of 1e-3: their distance has four digits.
    # The mean lies half way between the weights that moved and those that did not.
    assert alone["spread"] == pytest.approx(alone["moved"], rel=1e-2)
    assert idle["spread"] == pytest.approx(idle["moved"], rel=1e-2)
