import keras
import numpy as np
import pytest
import tensorflow as tf

from videoqa.models.building import build_model
from videoqa.models.dropout import StatelessDropout, dropout_state


def drop(positions, *, seed=1, step=5, size=8, index=0, rate=0.5, width=64, dtype="float32"):
    layer = StatelessDropout(rate, index=index, dtype=dtype)
    with dropout_state(seed, step, np.asarray(positions), size):
        return np.asarray(layer(keras.ops.ones((len(positions), width), dtype), training=True))


def test_a_split_batch_meets_the_rows_of_the_whole():
    whole = drop(range(8))
    np.testing.assert_array_equal(np.concatenate([drop([0, 1, 2]), drop([3, 4, 5, 6, 7])]), whole)
    np.testing.assert_array_equal(drop([6, 0, 3]), whole[[6, 0, 3]])


def test_a_row_does_not_depend_on_how_many_follow():
    np.testing.assert_array_equal(drop(range(3), size=3), drop(range(3), size=100))


def test_seed_step_layer_and_position_each_change_the_mask():
    whole = drop(range(8))
    assert len(np.unique(whole, axis=0)) == 8
    for change in ({"seed": 2}, {"step": 6}, {"index": 1}):
        assert not np.array_equal(drop(range(8), **change), whole)
    np.testing.assert_array_equal(drop(range(8)), whole)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_keeps_the_dtype_and_scales_what_stays(dtype):
    layer = StatelessDropout(0.75, dtype=dtype)
    with dropout_state(0, 0, [0, 1], 2):
        values = layer(keras.ops.ones((2, 1000), dtype), training=True)
    assert values.dtype == dtype
    values = np.asarray(keras.ops.cast(values, "float32"))
    assert set(np.unique(values)) == {0, 4}
    assert abs((values == 0).mean() - 0.75) < 4 * np.sqrt(0.75 * 0.25 / 2000)


def test_steps_may_be_tensors_of_a_compiled_function():
    layer = StatelessDropout(0.5)

    @tf.function(input_signature=[tf.TensorSpec([], tf.int64), tf.TensorSpec([None], tf.int32)])
    def masks(step, positions):
        with dropout_state(1, step, positions, tf.size(positions)):
            return layer(tf.ones((tf.size(positions), 64)), training=True)

    for step in (5, 6):
        compiled = masks(tf.constant(step, tf.int64), tf.range(8))
        np.testing.assert_array_equal(compiled, drop(range(8), step=step))


def test_outside_the_context_it_is_ordinary_dropout():
    keras.utils.set_random_seed(0)
    layer = StatelessDropout(0.5)
    ones = np.ones((4, 100), np.float32)
    np.testing.assert_array_equal(layer(ones), ones)
    first, second = (np.asarray(layer(ones, training=True)) for _ in range(2))
    assert set(np.unique(first)) == {0, 2} and not np.array_equal(first, second)


def test_a_nested_context_ends_with_itself():
    with dropout_state(1, 5, [0], 1):
        with dropout_state(2, 5, [0], 1):
            pass
        inside = np.asarray(StatelessDropout(0.5)(np.ones((1, 64), np.float32), training=True))
    np.testing.assert_array_equal(inside, drop([0]))


def test_positions_must_be_as_many_as_the_rows():
    with pytest.raises(tf.errors.InvalidArgumentError), dropout_state(1, 5, [0], 4):
        StatelessDropout(0.5)(np.ones((4, 8), np.float32), training=True)


def test_a_rate_of_one_is_refused():
    with pytest.raises(ValueError, match="`rate` must be a number from 0 to 0.999. Received: rate=1"):
        StatelessDropout(1)


def test_is_in_the_model_only_when_asked_for_and_adds_no_weights(tmp_path):
    options = {"video_branch": "none", "vocabulary_size": 5, "num_answers": 2, "embedding_dim": 3}
    dry = build_model(**options)
    model = build_model(**options, dropout=0.5)
    names = [layer.name for layer in model.layers]
    assert "joined_dropout" in names and "joined_dropout" not in [layer.name for layer in dry.layers]
    dry.set_weights(model.get_weights())
    path = tmp_path / "model.weights.h5"
    model.save_weights(path)
    build_model(**options, dropout=0.5).load_weights(path)
