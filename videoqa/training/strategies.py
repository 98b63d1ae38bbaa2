"""How training is spread over devices: the one file that uses `tf.distribute`."""

from collections.abc import Callable

import tensorflow as tf

from videoqa._progress import say
from videoqa.models.devices import let_gpu_memory_grow


def _single() -> tf.distribute.Strategy:
    return tf.distribute.get_strategy()


STRATEGIES: dict[str, Callable[[], tf.distribute.Strategy]] = {"single": _single}


def make_strategy(name: str, *, progress: bool = True) -> tf.distribute.Strategy:
    """Return the strategy `name`, with GPU memory growing on demand; says which GPUs stay unused.

    Args:
        name: one of `videoqa.config.STRATEGIES`.
        progress: print what is worth knowing.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if not let_gpu_memory_grow():
        say("GPU memory does not grow on demand: TensorFlow was in use before.", progress=progress)
    strategy = STRATEGIES[name]()
    used = min(len(gpus), strategy.num_replicas_in_sync)
    if len(gpus) > used:
        say(f"{len(gpus)} GPUs visible, {used} used.", progress=progress)
    return strategy
