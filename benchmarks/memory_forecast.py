"""The memory forecast against the measured peak of training steps and a validation, at the published sizes.

    python benchmarks/memory_forecast.py
    python benchmarks/memory_forecast.py --architecture conv_lstm --batch-size 2

Each case is a process of its own on the CPU. It takes two steps with the step and the optimizers of
`videoqa.train`, on random frames, with as many batches at hand as a run prepares ahead, and then validates as
a run does at an epoch's end. Peaks: the most the process held up to the last step, and up to the end (VmHWM,
so Linux only), less what it held before the model was built.
"""

import argparse
import json
import os
import subprocess
import sys

from videoqa.config import LaunchConfig, RunConfig, run_config_from_options

CASES = (("c3d", 24), ("c3d", 12), ("c3d", 4), ("c3d", 1), ("conv_lstm", 8), ("conv_lstm", 2))
NUM_CLASSES = {"c3d": 101, "conv_lstm": 9}
GIB = 2**30
NUM_STEPS = 2


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
    print("GiB          batch forecast    steps with validation ratio")
    for architecture, batch_size in cases:
        found = in_a_process(architecture, batch_size)
        forecast, steps, peak = (found[name] / GIB for name in ("forecast", "steps", "peak"))
        sizes = f"{forecast:8.2f} {steps:8.2f} {peak:15.2f} {forecast / peak:5.2f}"
        print(f"{architecture:12} {batch_size:5} {sizes}", flush=True)


def in_a_process(architecture: str, batch_size: int) -> dict[str, int]:
    """Return what `measure` found in a fresh process."""
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
    """Return the "forecast", and the peak of two training "steps" and of these and a validation, in bytes."""
    import keras
    import tensorflow as tf

    from videoqa.models.building import build_from_config
    from videoqa.training.distribution import start_strategy
    from videoqa.training.loop import validation_scores
    from videoqa.training.memory import forecast_run

    strategy = start_strategy(config.training, progress=False)
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])(tf.ones((1, 2)))  # TensorFlow has started
    before = memory("VmRSS")
    model = build_from_config(config.model, config.sampling.num_frames, starts_from="clip")
    batches = random_batches(config)
    train(model, config, strategy, batches)
    steps = memory("VmHWM") - before
    validation_scores(model, examples_of(batches[0], config), config.training.batch_size)
    peak = memory("VmHWM") - before
    return {"forecast": sum(forecast_run(config, 0).values()), "steps": steps, "peak": peak}


def memory(field: str) -> int:
    """Return a size of this process in bytes."""
    for line in open("/proc/self/status", encoding="ascii"):
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"The system does not say {field}.")


def train(model, config: RunConfig, strategy, batches: list) -> None:
    """Take two steps as `videoqa.train` does."""
    import tensorflow as tf

    from videoqa.input_pipeline import batch_spec
    from videoqa.training.optimizers import RECIPES, optimizer_pairs

    examples, size = examples_of(batches[0], config), config.training.batch_size
    pairs = optimizer_pairs(model, config.model, config.training, NUM_STEPS)
    for optimizer, variables in pairs:
        optimizer.build(variables)
    options = {"seed": 0, "batch_spec": batch_spec(examples), "batch_size": size}
    step = RECIPES[config.model.architecture].make_step(model, pairs, strategy, **options)
    fixed = {
        "answer_ids": tf.constant(examples.answer_ids),
        "weights": tf.ones((size,)),
        "positions": tf.range(size),
    }
    for number, clips in enumerate(batches[:NUM_STEPS]):
        inputs = {"clip": clips}
        if examples.with_mask:
            inputs["mask"] = tf.ones(clips.shape[:2], tf.bool)
        step(fixed | {"inputs": inputs}, number)


def examples_of(clips, config: RunConfig):
    """Return a batch of clips as rows to validate with, their frames shared."""
    import numpy as np

    from videoqa.input_pipeline import Examples

    size = len(clips)
    return Examples(
        np.asarray(clips),
        np.arange(size),
        None,
        np.arange(size, dtype=np.int32) % (config.model.num_answers or 1),
        config.sampling.num_frames,
        clip_input="clip",
        short_clips=config.sampling.short_clips,
        with_mask=config.model.facts.needs_mask,
    )


def random_batches(config: RunConfig) -> list:
    """Return a batch of uint8 frames to use and those that a run prepares ahead meanwhile."""
    import numpy as np
    import tensorflow as tf

    rng = np.random.default_rng(0)
    shape = (config.training.batch_size, config.sampling.num_frames, *config.model.frame_size, 3)
    number = 1 + LaunchConfig().prefetch_batches
    return [tf.constant(rng.integers(0, 256, shape, dtype=np.uint8)) for _ in range(number)]


if __name__ == "__main__":
    main()
