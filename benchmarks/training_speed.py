"""Training steps per second from cached features against end to end through the frozen InceptionV3.

    python benchmarks/training_speed.py

Both are the model of `videoqa.build_model`, run by the same step; 20 frames of 150 x 150, random numbers.
"""

import argparse
import statistics
import time

import keras
import numpy as np
import tensorflow as tf

from videoqa.config import ModelConfig
from videoqa.models.building import build_from_config
from videoqa.training.step import make_train_step

NUM_FRAMES, NUM_TOKENS = 20, 12


def make_batch(model: keras.Model, size: int) -> dict:
    """Return a batch of random numbers that fits `model`."""
    rng = np.random.default_rng(0)
    inputs = {"question": rng.integers(1, 10000, (size, NUM_TOKENS), dtype=np.int32)}
    if "clip" in model.input:
        inputs["clip"] = rng.integers(0, 256, (size, NUM_FRAMES, 150, 150, 3), dtype=np.uint8)
    else:
        inputs["features"] = rng.random((size, NUM_FRAMES, 2048), dtype=np.float32)
    return {
        "inputs": inputs,
        "answer_ids": rng.integers(0, 1000, size, dtype=np.int32),
        "weights": np.ones(size, np.float32),
        "positions": np.arange(size, dtype=np.int32),
    }


def seconds_per_step(starts_from: str, size: int, repeats: int) -> float:
    """Return the median seconds of a training step after two that are not counted."""
    model = build_from_config(ModelConfig(backbone_weights=None), NUM_FRAMES, starts_from=starts_from)
    model.optimizer.build(model.trainable_variables)
    pairs = [(model.optimizer, model.trainable_variables)]
    batch = tf.nest.map_structure(tf.constant, make_batch(model, size))
    spec = tf.nest.map_structure(lambda tensor: tf.TensorSpec(tensor.shape, tensor.dtype), batch)
    step = make_train_step(
        model, pairs, tf.distribute.get_strategy(), seed=0, batch_spec=spec, batch_size=size
    )
    times = []
    for number in range(repeats + 2):
        begin = time.perf_counter()
        float(step(batch, number)["loss_sum"])
        times.append(time.perf_counter() - begin)
    return statistics.median(times[2:])


def main() -> None:
    """Print steps per second of both at each batch size, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[8, 32])
    parser.add_argument(
        "--repeats", type=int, default=5, help="counted end-to-end steps (cached: 4 times as many)"
    )
    arguments = parser.parse_args()
    print(f"{'batch':>5} {'cached, steps/s':>16} {'end to end, steps/s':>20} {'ratio':>7}")
    for size in arguments.batch_sizes:
        cached = seconds_per_step("features", size, 4 * arguments.repeats)
        end_to_end = seconds_per_step("clip", size, arguments.repeats)
        print(f"{size:5d} {1 / cached:16.2f} {1 / end_to_end:20.3f} {end_to_end / cached:7.1f}", flush=True)


if __name__ == "__main__":
    main()
