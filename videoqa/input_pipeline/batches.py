"""Orders the examples of an epoch and makes its batches."""

import functools
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np

from videoqa._prefetch import run_ahead
from videoqa.input_pipeline.examples import Examples

if TYPE_CHECKING:
    import tensorflow as tf

PREFETCHED_BATCHES = 2
NUM_THREADS = 2
"""Threads that prepare batches, mostly by copying windows from memory or disk."""


def epoch_order(seed: int, epoch: int, num_examples: int, block_size: int | None = None) -> np.ndarray:
    """Return the order in which an epoch visits the examples: a permutation, int64 `(num_examples,)`.

    Args:
        seed: the run's seed.
        epoch: 0 for the first.
        num_examples: how many there are.
        block_size: None: any order. Otherwise blocks of this many neighbours come in random order, and each
            is shuffled inside, so that data read from disk stays local.
    """
    rng = np.random.default_rng([seed, epoch])
    if block_size is None or block_size >= num_examples:
        return rng.permutation(num_examples)
    blocks = np.split(np.arange(num_examples), np.arange(block_size, num_examples, block_size))
    return np.concatenate([rng.permutation(blocks[block]) for block in rng.permutation(len(blocks))])


def num_batches(num_examples: int, batch_size: int, drop_remainder: bool = False) -> int:
    """Return the number of batches of an epoch, a smaller last one included unless it is dropped."""
    return num_examples // batch_size if drop_remainder else -(-num_examples // batch_size)


def training_batches(
    examples: Examples,
    *,
    seed: int,
    epoch: int,
    batch_size: int,
    first_batch: int = 0,
    drop_remainder: bool = False,
) -> Iterator[dict[str, Any]]:
    """Yield an epoch's batches from `first_batch` on; the last may be smaller unless `drop_remainder`.

    Yields:
        "inputs" (see `Examples.model_inputs`), "answer_ids" int32 `(k,)` with 0 for answers outside the list,
        "weights" float32 `(k,)`, which are 0 for those and else 1 or the `row_weights`, "positions" int32
        `(k,)` in the global batch.
    """
    order = epoch_order(seed, epoch, len(examples))
    for number in range(first_batch, num_batches(len(order), batch_size, drop_remainder)):
        yield _make_batch(examples, order[number * batch_size : (number + 1) * batch_size], seed, epoch)


def _make_batch(examples: Examples, rows: np.ndarray, seed: int, epoch: int) -> dict[str, Any]:
    windows = examples.random_windows(rows, seed, epoch)
    answer_ids = examples.answers_of(rows, windows)
    weights = (answer_ids >= 0).astype(np.float32)
    if examples.row_weights is not None:
        weights *= examples.row_weights[rows]
    inputs = examples.model_inputs(rows, windows)
    if examples.regularisation is not None:
        examples.regularisation.change(examples, inputs, rows, windows, seed, epoch)
    return {
        "inputs": inputs,
        "answer_ids": np.maximum(answer_ids, 0),
        "weights": weights,
        "positions": np.arange(len(rows), dtype=np.int32),
    }


def batch_dataset(
    examples: Examples,
    *,
    seed: int,
    epoch: int,
    batch_size: int,
    first_batch: int = 0,
    drop_remainder: bool = False,
    num_epochs: int = 1,
    prefetch_batches: int = PREFETCHED_BATCHES,
    failures: list[Exception] | None = None,
) -> "tf.data.Dataset":
    """Return the `training_batches` of one or more epochs as a `tf.data.Dataset`.

    Args:
        examples, seed, batch_size, drop_remainder: as in `training_batches`.
        epoch, first_batch: the first batch.
        num_epochs: number of epochs; the next one is prepared while one ends.
        prefetch_batches: batches prepared ahead.
        failures: list that receives exceptions of the threads, which TensorFlow replaces by its own.
    """
    import tensorflow as tf

    order_of = functools.lru_cache(maxsize=2)(lambda each: epoch_order(seed, each, len(examples)))
    num_in_epoch = num_batches(len(examples), batch_size, drop_remainder)
    places = [
        (each, number)
        for each in range(epoch, epoch + num_epochs)
        for number in range(first_batch if each == epoch else 0, num_in_epoch)
    ]

    def make(place: tuple[int, int]) -> dict[str, Any]:
        each, begin = place[0], place[1] * batch_size
        return _make_batch(examples, order_of(each)[begin : begin + batch_size], seed, each)

    def batches() -> Iterator[dict[str, Any]]:
        made = run_ahead(make, places, num_threads=NUM_THREADS, num_ahead=prefetch_batches + 1)
        with closing(made):
            for _, batch in made:
                if isinstance(batch, Exception):
                    if failures is not None:
                        failures.append(batch)
                    raise batch
                yield batch

    # Our own threads prepare batches: with deterministic ops, tf.data runs a Python generator only on demand.
    return tf.data.Dataset.from_generator(batches, output_signature=batch_spec(examples))


def batches_ahead(examples: Examples, **options: Any) -> Iterator[dict[str, Any]]:
    """Yield the batches of `batch_dataset` as tensors; exceptions of its threads are raised unchanged."""
    import tensorflow as tf

    failures: list[Exception] = []
    try:
        yield from batch_dataset(examples, failures=failures, **options)
    except tf.errors.OpError:
        if failures:
            raise failures[0] from None
        raise


def batch_spec(examples: Examples) -> dict[str, Any]:
    """Return the `tf.TensorSpec` of everything in a batch, for any number of rows and of words."""
    import tensorflow as tf

    batch = next(training_batches(examples.select(np.arange(1)), seed=0, epoch=0, batch_size=1))
    spec = tf.nest.map_structure(lambda array: tf.TensorSpec((None, *array.shape[1:]), array.dtype), batch)
    if "question" in spec["inputs"]:
        spec["inputs"]["question"] = tf.TensorSpec((None, None), tf.int32)
    return spec
