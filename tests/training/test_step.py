"""The step: its gradient is that of Keras's own, its weights and its masks are where they should be."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from videoqa.config import ModelConfig
from videoqa.models.building import build_from_config, computing_in
from videoqa.training.step import make_train_step

SIZES = {"embedding_dim": 4, "video_units": 4, "question_units": 4, "hidden_units": 4}


def small_model(**options: object) -> keras.Model:
    """In float64: Adam divides a gradient by its own size, and float32's rounding with it."""
    keras.utils.set_random_seed(0)
    config = ModelConfig(num_answers=3, vocabulary_size=9, backbone="tiny", **SIZES, **options)
    with computing_in("float64"):
        return build_from_config(config, 5, starts_from="features")


def batch_of(num_rows: int, model: keras.Model) -> dict:
    rng = np.random.default_rng(0)
    shape = (num_rows, *model.inputs[0].shape[1:])
    features = next(tensor for tensor in model.inputs if tensor.name == "features")
    shape = (num_rows, 5, features.shape[-1])
    return {
        "inputs": {
            "features": rng.normal(size=shape).astype(np.float32),
            "question": rng.integers(1, 9, (num_rows, 6)).astype(np.int32),
        },
        "answer_ids": rng.integers(0, 3, num_rows).astype(np.int32),
        "weights": np.ones(num_rows, np.float32),
        "positions": np.arange(num_rows, dtype=np.int32),
    }


def step_of(model: keras.Model, seed: int = 0, optimizer: keras.optimizers.Optimizer | None = None):
    optimizer = model.optimizer if optimizer is None else optimizer
    pairs = [(optimizer, model.trainable_variables)]
    optimizer.build(model.trainable_variables)
    strategy = tf.distribute.get_strategy()
    spec = tf.nest.map_structure(
        lambda array: tf.TensorSpec((None, *array.shape[1:]), array.dtype), batch_of(1, model)
    )
    return make_train_step(model, pairs, strategy, seed=seed, batch_spec=spec, batch_size=7)


@pytest.mark.numeric
@pytest.mark.slow
def test_a_step_equals_one_of_keras_fit(rounding: Callable[..., float]) -> None:
    ours, keras_own = small_model(), small_model()
    batch = batch_of(7, ours)
    sums = step_of(ours)(batch, 0)
    keras_own.run_eagerly = True  # one step is not worth a graph
    history = keras_own.fit(
        batch["inputs"], batch["answer_ids"], batch_size=7, epochs=1, shuffle=False, verbose=0
    )
    for a, b in zip(ours.get_weights(), keras_own.get_weights(), strict=True):
        # Sums of at most 104 terms in 5 steps of the LSTM and two layers, and back; then Adam's division by
        # no less than its epsilon of 1e-7, times its rate of 1e-3.
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-3 * rounding(14, 104, "float64") / 1e-7)
    assert float(sums["loss_sum"]) / 7 == pytest.approx(
        history.history["loss"][0],
        rel=rounding(8, 104),  # Keras reports in float32
    )
    assert float(sums["weight_sum"]) == 7


@pytest.mark.numeric
@pytest.mark.slow
def test_rows_count_by_their_weights(rounding: Callable[..., float]) -> None:
    """One row and all rows of weight 0; and weight 4 for all, which no division takes away again."""
    model = small_model()
    before, batch = model.get_weights(), batch_of(6, model)
    batch["weights"][5] = 0
    # Plain descent shows the gradient itself.
    step = step_of(model, optimizer=keras.optimizers.SGD(0.1))
    step(batch, 0)
    with_it = model.get_weights()
    assert not np.array_equal(before[0], with_it[0])
    model.set_weights(before)
    step(tf.nest.map_structure(lambda array: array[:5], batch), 0)
    for a, b in zip(with_it, model.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=0.1 * rounding(14, 104, "float64"))
    model.set_weights(before)
    batch["weights"][:5] = 4
    assert step(batch, 0)["weight_sum"] == 20
    for old, once, four_times in zip(before, with_it, model.get_weights(), strict=True):
        tolerance = 0.4 * rounding(14, 104, "float64")
        np.testing.assert_allclose(4 * (once - old), four_times - old, rtol=0, atol=tolerance)
    model.set_weights(before)
    batch["weights"][:] = 0
    assert float(step(batch, 0)["weight_sum"]) == 0
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.slow
def test_dropout_depends_on_seed_and_step_only() -> None:
    """At a learning rate of nothing, for the loss tells which units were dropped."""
    model = small_model(dropout=0.5)
    batch = batch_of(7, model)

    def losses_of(seed: int, numbers: tuple[int, ...]) -> list[float]:
        step = step_of(model, seed, keras.optimizers.SGD(0.0))
        return [float(step(batch, number)["loss_sum"]) for number in numbers]

    first, again, other_step = losses_of(0, (3, 3, 4))
    (other_seed,) = losses_of(1, (3,))
    assert first == again and len({first, other_step, other_seed}) == 3
