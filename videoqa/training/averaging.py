"""Parameter averaging: workers train alone for some steps, then go on from the mean of their weights.

Source: McDonald et al. 2010, "Distributed training strategies for the structured perceptron"; Stich 2019,
"Local SGD converges fast and communicates little".
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from videoqa.training.batch_shares import padded_share
from videoqa.training.distribution import (
    Strategy,
    from_chief,
    make_reducer,
    mean_over_replicas,
    num_local_replicas,
    num_workers,
    one_replica,
    sum_over_replicas,
)
from videoqa.training.state import assign_all, optimizer_variables
from videoqa.training.step import STEP_SUMS, OptimizerPairs, Step


class AveragedStep:
    """A step of one worker alone; every `frequency` of them, weights and optimizer slots are averaged.

    Each worker takes its share of every global batch, as in ordinary training. The loss is divided by the
    rows of that share that count, and the gradients stay with the worker. A worker whose share has none of
    them, as in an epoch's last batch, takes no step. The mean is plain, however many rows each worker saw.
    Counters, such as the steps an optimizer has taken, become those of worker 0, which a checkpoint holds.

    Attributes:
        distance: relative, of this worker's weights from the mean, before the last averaging.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizers: OptimizerPairs,
        strategy: Strategy,
        *,
        make_step: Callable[..., Step],
        batch_size: int,
        frequency: int,
        steps_per_epoch: int,
    ) -> None:
        self._num_workers = num_workers(strategy)
        self._num_devices = num_local_replicas(strategy)  # of which one trains; all take part in a collective
        self._share = strategy.cluster_resolver.task_id or 0
        self._share_size = -(-batch_size // self._num_workers)
        self._step = make_step(model, optimizers, one_replica(), batch_size=batch_size)
        slots = optimizer_variables([optimizer for optimizer, _ in optimizers])
        self._weights = _floats(model.weights)
        self._averaged = [*self._weights, *_floats(slots)]
        self._counters = [slot for slot in slots if not _is_float(slot)]
        self._strategy = strategy
        self._mean = make_reducer(strategy, mean_over_replicas)
        self._sum = make_reducer(strategy, sum_over_replicas)
        self._frequency, self._steps_per_epoch = frequency, steps_per_epoch
        self._pending = np.zeros(len(STEP_SUMS))
        self._num_alone = 0
        self.distance = 0.0

    def __call__(self, batch: dict[str, Any], number: int, stop: float = 0.0) -> dict[str, float] | None:
        """Take one step of this worker's own and average when it is time: always after an epoch's last.

        Args:
            batch: the global batch.
            number: of the step, from the beginning of the training.
            stop: this worker's stop code.

        Returns:
            The sums named in `STEP_SUMS` over all workers and the steps since the last averaging; None when
            it is not time yet.
        """
        if self._num_workers > 1:
            batch = padded_share(batch, self._share, self._share_size)
        if tf.reduce_any(batch["weights"] > 0):
            sums = self._step(batch, number, 0.0)
            self._pending += [sums[name] for name in STEP_SUMS]
        self._num_alone += 1
        last = (number + 1) % self._steps_per_epoch == 0
        if self._num_alone < self._frequency and not last:
            return None
        self._average()
        self._pending[-1] = stop
        (total,) = self._sum([tf.constant(self._pending / self._num_devices)])
        self._pending, self._num_alone = np.zeros(len(STEP_SUMS)), 0
        return dict(zip(STEP_SUMS, total.numpy().tolist(), strict=True))

    def _average(self) -> None:
        before = [tf.convert_to_tensor(variable.value) for variable in self._averaged]
        after = self._mean(before)
        num_weights = len(self._weights)
        self.distance = _relative_distance(before[:num_weights], after[:num_weights])
        counts = from_chief(self._strategy, [variable.numpy() for variable in self._counters])
        assign_all([*self._averaged, *self._counters], [*after, *counts])


def _floats(variables: Sequence[keras.Variable]) -> list[keras.Variable]:
    """Return the variables that a mean makes sense of."""
    return [variable for variable in variables if _is_float(variable)]


def _is_float(variable: keras.Variable) -> bool:
    return "float" in keras.backend.standardize_dtype(variable.dtype)


def _relative_distance(tensors: Sequence[tf.Tensor], means: Sequence[tf.Tensor]) -> float:
    """Return the L2 distance of all tensors from their means over the L2 norm of the means."""
    distance = tf.linalg.global_norm([a - b for a, b in zip(tensors, means, strict=True)])
    return float(distance / tf.maximum(tf.linalg.global_norm(list(means)), 1e-30))
