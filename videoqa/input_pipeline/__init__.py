"""Joins features or frames, token ids and answer ids into batches, and decides the order of examples.

`loading` turns annotation rows into `Examples`, `windows` chooses the part of a clip that an example shows in
an epoch, `batches` groups examples.
"""

from videoqa.input_pipeline.balance import balance_in_words, balanced
from videoqa.input_pipeline.batches import (
    PREFETCHED_BATCHES,
    batch_dataset,
    batch_spec,
    batches_ahead,
    epoch_order,
    num_batches,
    training_batches,
)
from videoqa.input_pipeline.examples import Examples, trim_padding
from videoqa.input_pipeline.loading import check_some_long_enough, make_examples
from videoqa.input_pipeline.moments import feature_moments
from videoqa.input_pipeline.regularisation import regularised
from videoqa.input_pipeline.windows import Windows

__all__ = [
    "Examples",
    "PREFETCHED_BATCHES",
    "Windows",
    "balance_in_words",
    "balanced",
    "batch_dataset",
    "batch_spec",
    "batches_ahead",
    "check_some_long_enough",
    "epoch_order",
    "feature_moments",
    "make_examples",
    "num_batches",
    "regularised",
    "training_batches",
    "trim_padding",
]
