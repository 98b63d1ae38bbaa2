"""How training is spread over devices: the one file that uses `tf.distribute`."""

from collections.abc import Callable

import tensorflow as tf

from videoqa._progress import say
from videoqa.config import TrainingConfig
from videoqa.models.devices import set_gpu_memory
from videoqa.training.collectives import num_local_replicas

COLLECTIVE_TIMEOUT_SECONDS = 20.0
"""A worker that gives no sign for so long within a collective is taken for dead."""


def make_strategy(
    name: str, *, gpu_memory_limit: int | None = None, progress: bool = True
) -> tf.distribute.Strategy:
    """Return the strategy `name`, with GPU memory growing on demand; says which GPUs stay unused.

    Args:
        name: one of `videoqa.config.STRATEGIES`. "multiworker" takes its cluster from `TF_CONFIG` and must be
            made before anything else is computed.
        gpu_memory_limit: MiB of each GPU that may be used; None: memory grows on demand without a cap.
        progress: print what is worth knowing.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if not set_gpu_memory(gpu_memory_limit):
        say("GPU memory cannot be set any more: TensorFlow was in use before.", progress=progress)
    strategy = STRATEGIES[name]()
    if name == "mirrored" and strategy.num_replicas_in_sync == 1:
        say("One device to train on: TensorFlow was in use before, or there is one GPU.", progress=progress)
    used = min(len(gpus), strategy.num_replicas_in_sync)
    if len(gpus) > used:
        advice = ": add --strategy mirrored" if name == "single" else ""
        say(f"{len(gpus)} GPUs visible, {used} used{advice}.", progress=progress)
    return strategy


def variables_of(training: TrainingConfig, strategy: tf.distribute.Strategy) -> tf.distribute.Strategy:
    """Return the strategy that owns a model's variables: when they are averaged, each worker has its own."""
    return strategy if training.averaging_frequency is None else tf.distribute.get_strategy()


def num_replicas_in_memory(strategy: tf.distribute.Strategy) -> int:
    """Return how many replicas of this process hold their weights in the machine's memory, not a GPU's."""
    return 1 if tf.config.list_physical_devices("GPU") else num_local_replicas(strategy)


def _single() -> tf.distribute.Strategy:
    return tf.distribute.get_strategy()


def _mirrored() -> tf.distribute.Strategy:
    """All GPUs of this machine; without any, its logical CPUs, of which two are made where there is one."""
    if not tf.config.list_physical_devices("GPU"):
        return tf.distribute.MirroredStrategy(_logical_cpus())
    return tf.distribute.MirroredStrategy([device.name for device in tf.config.list_logical_devices("GPU")])


def _logical_cpus() -> list[str]:
    with_two = [tf.config.LogicalDeviceConfiguration()] * 2
    physical = tf.config.list_physical_devices("CPU")[0]
    try:
        if len(tf.config.get_logical_device_configuration(physical) or ()) < 2:
            tf.config.set_logical_device_configuration(physical, with_two)
    except RuntimeError:  # TensorFlow was in use before: it stays with the devices it has
        pass
    return [device.name for device in tf.config.list_logical_devices("CPU")]


def _multi_worker() -> tf.distribute.Strategy:
    options = tf.distribute.experimental.CommunicationOptions(timeout_seconds=COLLECTIVE_TIMEOUT_SECONDS)
    return tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)


STRATEGIES: dict[str, Callable[[], tf.distribute.Strategy]] = {
    "single": _single,
    "mirrored": _mirrored,
    "multiworker": _multi_worker,
}
