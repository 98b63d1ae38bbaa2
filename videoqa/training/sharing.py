"""Lets every worker stand where worker 0 stands."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from videoqa.training.distribution import from_chief
from videoqa.training.state import Position, assign_all


def share_place(
    place: Position, variables: Sequence[keras.Variable], strategy: tf.distribute.Strategy, *, is_chief: bool
) -> None:
    """Give every worker the place and the values of worker 0; every worker must make this call.

    Args:
        place: of this worker; changed unless `is_chief`.
        variables: weights and optimizer slots, the same ones in the same order on every worker; assigned
            unless `is_chief`.
        strategy: of the run.
        is_chief: whether this is worker 0.
    """
    numbers = [place.epoch, place.next_batch, *place.sums.values(), float(place.finished)]
    arrays = [keras.ops.convert_to_numpy(variable) for variable in variables]
    shared = from_chief(strategy, [np.array(numbers, np.float64), *arrays])
    if is_chief:
        return
    epoch, next_batch, *sums, finished = shared[0].tolist()
    place.epoch, place.next_batch, place.finished = int(epoch), int(next_batch), bool(finished)
    place.sums = dict(zip(place.sums, sums, strict=True))
    assign_all(variables, shared[1:])
