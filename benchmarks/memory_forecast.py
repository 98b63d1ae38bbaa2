"""The memory forecast against the measured peak of a training step, at the published sizes.

    python benchmarks/memory_forecast.py
    python benchmarks/memory_forecast.py --architecture conv_lstm --batch-size 2

Each case is a process of its own on the CPU, with batches of random frames of which two wait while one is
used: c3d takes two steps with the step of `videoqa.train`; conv_lstm one for each segment of 20 frames, with
the state handed on. Peak: the most the process ever held (VmHWM, so Linux only) less what it held before
the model was built.
"""

import argparse
import json
import os
import subprocess
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from videoqa.config import LaunchConfig, RunConfig, run_config_from_options

CASES = (("c3d", 24), ("c3d", 12), ("c3d", 4), ("c3d", 1), ("conv_lstm", 8), ("conv_lstm", 2))
NUM_CLASSES = {"c3d": 101, "conv_lstm": 9}
GIB = 2**30
NUM_BATCHES = 2


def main() -> None:
    """Measure every case and print forecast, peak and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--architecture", choices=sorted(NUM_CLASSES))
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--measure", action="store_true", help="be the process that is measured")
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(configuration(arguments.architecture, arguments.batch_size))))
        return
    cases = CASES
    if arguments.architecture:
        sizes = {"c3d": 24, "conv_lstm": 8}
        cases = ((arguments.architecture, arguments.batch_size or sizes[arguments.architecture]),)
    print(f"{'architecture':12} {'batch':>5} {'forecast GiB':>12} {'peak GiB':>9} {'ratio':>6}")
    for architecture, batch_size in cases:
        found = in_a_process(architecture, batch_size)
        forecast, peak = found["forecast"] / GIB, found["peak"] / GIB
        print(
            f"{architecture:12} {batch_size:5} {forecast:12.2f} {peak:9.2f} {forecast / peak:6.2f}",
            flush=True,
        )


def in_a_process(architecture: str, batch_size: int) -> dict[str, int]:
    """Return what a fresh process measured: "forecast" and "peak" in bytes."""
    command = [sys.executable, __file__, "--measure", "--architecture", architecture]
    hidden = os.environ | {"CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(
        [*command, "--batch-size", str(batch_size)], capture_output=True, text=True, check=False, env=hidden
    )
    if done.returncode:
        sys.exit(f"{architecture}, batch {batch_size}: ended with {done.returncode}.\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def configuration(architecture: str, batch_size: int) -> RunConfig:
    """Return a run at the published sizes."""
    options = {"task": "action", "architecture": architecture, "num_answers": NUM_CLASSES[architecture]}
    return run_config_from_options(options | {"batch_size": batch_size})


def measure(config: RunConfig) -> dict[str, int]:
    """Return the forecast and the peak of two training steps in this process."""
    import keras
    import tensorflow as tf

    from videoqa.training.fitting import start_strategy
    from videoqa.training.memory import forecast_run

    strategy = start_strategy(config.training, progress=False)
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])(tf.ones((1, 2)))  # TensorFlow has started
    before = memory("VmRSS")
    {"c3d": train_c3d, "conv_lstm": train_conv_lstm}[config.model.architecture](config, strategy)
    peak = memory("VmHWM") - before
    return {"forecast": sum(forecast_run(config, 0).values()), "peak": peak}


def memory(field: str) -> int:
    """Return a size of this process in bytes."""
    for line in open("/proc/self/status", encoding="ascii"):
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"The system does not say {field}.")


def train_c3d(config: RunConfig, strategy) -> None:
    """Take the steps with the step of `videoqa.train`."""
    import tensorflow as tf

    from videoqa.models.building import build_from_config
    from videoqa.training.step import make_train_step

    model = build_from_config(config.model, config.sampling.num_frames, starts_from="clip")
    size = config.training.batch_size
    labels = tf.random.uniform((size,), 0, config.model.num_answers, tf.int32)
    fixed = {"answer_ids": labels, "weights": tf.ones((size,)), "positions": tf.range(size)}
    spec = {name: tf.TensorSpec((None,), value.dtype) for name, value in fixed.items()}
    spec["inputs"] = {"clip": tf.TensorSpec((None, *clip_shape(config)), tf.uint8)}
    batches = random_batches(config)
    pairs = [(model.optimizer, model.trainable_variables)]
    step = make_train_step(model, pairs, strategy, seed=0, batch_spec=spec, batch_size=size)
    for number, clips in enumerate(batches[:NUM_BATCHES]):
        step(fixed | {"inputs": {"clip": clips}}, number)


def train_conv_lstm(config: RunConfig, strategy) -> None:
    """Take the steps over segments with the published optimizers."""
    import keras
    import numpy as np
    import tensorflow as tf

    from videoqa.models.building import build_from_config
    from videoqa.models.conv_lstm import SEGMENT_FRAMES, segment_form

    model = build_from_config(config.model, config.sampling.num_frames, starts_from="clip")
    segment, owners = segment_form(model), {}
    for make, *names in (
        (lambda: keras.optimizers.Adam(1e-3), "conv1", "conv2", "answer"),
        (lambda: keras.optimizers.Adagrad(0.01), "dense"),
        (lambda: keras.optimizers.Adagrad(0.008), "lstm"),
    ):
        owned = [weight for name in names for weight in model.get_layer(name).trainable_weights]
        optimizer = make()
        optimizer.build(owned)
        owners[optimizer] = owned
    variables = [weight for owned in owners.values() for weight in owned]

    @tf.function
    def step(inputs, labels):
        with tf.GradientTape() as tape:
            outputs = segment(inputs, training=True)
            losses = keras.losses.sparse_categorical_crossentropy(labels, outputs["answer"])
            loss = tf.reduce_mean(losses) + sum(segment.losses)
        gradients = iter(tape.gradient(loss, [weight.value for weight in variables]))
        for optimizer, owned in owners.items():
            optimizer.apply([next(gradients) for _ in owned], owned)
        return outputs["hidden"], outputs["cell"]

    length, size = SEGMENT_FRAMES, config.training.batch_size
    labels = np.random.default_rng(0).integers(0, config.model.num_answers, (size, length))
    mask = tf.ones((size, length), tf.bool)
    batches = random_batches(config)
    for clips in batches[:NUM_BATCHES]:
        state = (tf.zeros((size, 50)), tf.zeros((size, 50)))
        for start in range(0, clips.shape[1], length):
            inputs = {"clip": clips[:, start : start + length], "mask": mask}
            state = step(inputs | {"hidden": state[0], "cell": state[1]}, labels)


def clip_shape(config: RunConfig) -> tuple[int, ...]:
    """Return (num_frames, height, width, 3)."""
    return (config.sampling.num_frames, *config.model.frame_size, 3)


def random_batches(config: RunConfig) -> list:
    """Return a batch of uint8 frames to use and those that a run prepares ahead meanwhile."""
    import numpy as np

    rng = np.random.default_rng(0)
    shape = (config.training.batch_size, *clip_shape(config))
    number = 1 + LaunchConfig().prefetch_batches
    return [rng.integers(0, 256, shape, dtype=np.uint8) for _ in range(number)]


if __name__ == "__main__":
    main()
