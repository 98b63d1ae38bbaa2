"""Training on several devices and processes: strategies, and values that workers exchange.

The one file that names `tf.distribute`.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from videoqa._progress import say
from videoqa.config import TrainingConfig
from videoqa.launching.environment import unused_gpus
from videoqa.models.devices import set_gpu_memory

Strategy: TypeAlias = tf.distribute.Strategy
Tensors = Sequence[tf.Tensor]
COLLECTIVE_TIMEOUT_SECONDS = 20.0
"""A worker that gives no sign for so long within a collective is taken for dead."""


def start_strategy(
    training: TrainingConfig, *, gpu_memory_limit: int | None = None, progress: bool = True
) -> Strategy:
    """Return the strategy of a run and make every op deterministic; call it once in a process.

    The collectives of two strategies would mix up their messages.
    """
    keras.utils.set_random_seed(training.seed)  # determinism asks for a seed of every random op
    tf.config.experimental.enable_op_determinism()
    return make_strategy(training.strategy, gpu_memory_limit=gpu_memory_limit, progress=progress)


def make_strategy(name: str, *, gpu_memory_limit: int | None = None, progress: bool = True) -> Strategy:
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
    if unused := unused_gpus(len(gpus), used, name):
        say(unused, progress=progress)
    return strategy


def variables_of(training: TrainingConfig, strategy: Strategy) -> Strategy:
    """Return the strategy that owns a model's variables; averaged ones belong to each worker alone."""
    return strategy if training.averaging_frequency is None else one_replica()


def num_replicas_in_memory(strategy: Strategy) -> int:
    """Return how many replicas of this process hold their weights in the machine's memory, not a GPU's."""
    return 1 if tf.config.list_physical_devices("GPU") else num_local_replicas(strategy)


def one_replica() -> Strategy:
    """Return the strategy of one process that trains alone on one device."""
    return tf.distribute.get_strategy()


def _mirrored() -> Strategy:
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


def _multi_worker() -> Strategy:
    options = tf.distribute.experimental.CommunicationOptions(timeout_seconds=COLLECTIVE_TIMEOUT_SECONDS)
    return tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)


STRATEGIES: dict[str, Callable[[], Strategy]] = {
    "single": one_replica,
    "mirrored": _mirrored,
    "multiworker": _multi_worker,
}


def num_workers(strategy: Strategy) -> int:
    """Return how many processes take part in the strategy."""
    resolver = strategy.cluster_resolver
    return 1 if resolver is None else max(len(resolver.cluster_spec().as_dict().get("worker", ())), 1)


def num_local_replicas(strategy: Strategy) -> int:
    """Return how many of the strategy's replicas this process has."""
    return 1 if strategy.num_replicas_in_sync == 1 else len(strategy.extended.worker_devices)


def from_chief(strategy: Strategy, values: Sequence[Any]) -> list[np.ndarray]:
    """Return worker 0's values on every worker.

    Args:
        strategy: of the run; every worker must make this call.
        values: numeric arrays, of the same shapes and dtypes on every worker.
    """
    arrays = [np.asarray(value) for value in values]
    if num_workers(strategy) == 1:
        return arrays
    return [tensor.numpy() for tensor in _chief_reducer(strategy)([tf.constant(array) for array in arrays])]


def make_reducer(
    strategy: Strategy, reduce: Callable[[Tensors], list[tf.Tensor]]
) -> Callable[[Tensors], list[tf.Tensor]]:
    """Return a compiled function of tensors that runs `reduce` in the replica context of every worker.

    Args:
        strategy: of the run.
        reduce: calls a collective, such as `mean_over_replicas`; its results are equal on all replicas.
    """

    @tf.function(autograph=False)
    def run(tensors: list[tf.Tensor]) -> Any:
        return strategy.run(reduce, args=(tensors,))

    return lambda tensors: [strategy.experimental_local_results(value)[0] for value in run(list(tensors))]


def sum_over_replicas(tensors: Tensors) -> list[tf.Tensor]:
    """Return the sum of each tensor over all replicas."""
    return _all_reduce("SUM", tensors)


def mean_over_replicas(tensors: Tensors) -> list[tf.Tensor]:
    """Return the mean of each tensor over all replicas."""
    return _all_reduce("MEAN", tensors)


def _all_reduce(how: str, tensors: Tensors) -> list[tf.Tensor]:
    """Reduce the tensors of one dtype together, since TensorFlow packs them into one."""
    context = tf.distribute.get_replica_context()
    reduced: dict[int, tf.Tensor] = {}
    for dtype in sorted({tensor.dtype.name for tensor in tensors}):
        places = [place for place, tensor in enumerate(tensors) if tensor.dtype.name == dtype]
        # An argument of a compiled function has no device, and where there is none nothing can be reduced to.
        together = context.all_reduce(how, [tf.identity(tensors[place]) for place in places])
        reduced |= dict(zip(places, together, strict=True))
    return [reduced[place] for place in range(len(tensors))]


@functools.cache
def _chief_reducer(strategy: Strategy) -> Callable[[Tensors], list[tf.Tensor]]:
    """Return one function for the whole run, so that equal shapes are traced once."""
    return make_reducer(strategy, _first_replicas)


def _first_replicas(tensors: Tensors) -> list[tf.Tensor]:
    replica = tf.distribute.get_replica_context().replica_id_in_sync_group
    return sum_over_replicas(
        [tf.where(tf.equal(replica, 0), tensor, tf.zeros_like(tensor)) for tensor in tensors]
    )
