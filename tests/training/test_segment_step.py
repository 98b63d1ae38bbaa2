"""The step of conv_lstm: an update per segment, the state carried on, masked frames without effect."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from videoqa.config import ModelConfig, TrainingConfig
from videoqa.models.building import build_from_config, computing_in
from videoqa.training.optimizers import optimizer_pairs
from videoqa.training.segment_step import make_segment_step
from videoqa.training.step import STEP_SUMS

CONFIG = ModelConfig(task="action", architecture="conv_lstm", frame_size=(40, 48), num_answers=3, width=0.2)


def make_model(config=CONFIG):
    """In float64: AdaGrad and Adam divide a gradient by its own size, and float32's rounding with it."""
    keras.utils.set_random_seed(3)
    with computing_in("float64"):
        return build_from_config(config, None, starts_from="clip")


def make_batch(num_clips=3, num_frames=12, lengths=(12, 7, 3)):
    rng = np.random.default_rng(0)
    mask = np.arange(num_frames) < np.array(lengths)[:, None]
    clip = rng.integers(0, 256, (num_clips, num_frames, 40, 48, 3), np.uint8) * mask[..., None, None, None]
    return {
        "inputs": {"clip": tf.constant(clip.astype(np.uint8)), "mask": tf.constant(mask)},
        "answer_ids": tf.constant([0, 1, 2][:num_clips]),
        "weights": tf.ones(num_clips),
        "positions": tf.range(num_clips),
    }


def make_step(model, *, segment_frames, learning_rate=1e-3):
    """Return the step, which is compiled when first taken, and its optimizers with their variables."""
    pairs = optimizer_pairs(model, CONFIG, TrainingConfig(learning_rate=learning_rate), num_steps=10)
    for optimizer, owned in pairs:
        optimizer.build(owned)
    options = {"seed": 0, "batch_spec": {}, "batch_size": 3, "segment_frames": segment_frames}
    return make_segment_step(model, pairs, tf.distribute.get_strategy(), **options), pairs


def take_step(model, batch, *, segment_frames):
    step, pairs = make_step(model, segment_frames=segment_frames)
    return step(batch, 0), pairs


def beginning_of(model, pairs):
    """Return a function that sets all weights and slots to what they are now."""
    variables = [*model.weights, *(slot for optimizer, _ in pairs for slot in optimizer.variables)]
    values = [keras.ops.convert_to_numpy(variable) for variable in variables]

    def begin_again():
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

    return begin_again


@pytest.mark.slow
def test_there_is_one_update_for_each_segment_with_frames_that_count():
    """None for padding only, nor for rows of weight 0 only: its update would be the penalty's alone."""
    model = make_model()
    step, pairs = make_step(model, segment_frames=5)
    assert sum(len(owned) for _, owned in pairs) == len(model.trainable_variables)

    def updates():
        return [int(optimizer.iterations) for optimizer, _ in pairs]

    step(make_batch(), 0)
    assert updates() == [3] * 4
    step(make_batch(lengths=(4, 5, 3)), 1)
    assert updates() == [3 + 1] * 4
    step({**make_batch(), "weights": tf.constant([0.0, 1.0, 1.0])}, 2)  # the second row has 7 frames
    assert updates() == [4 + 2] * 4
    before = model.get_weights()
    sums = step({**make_batch(), "weights": tf.zeros(3)}, 3)
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
    assert updates() == [6] * 4
    assert sums == dict.fromkeys(STEP_SUMS, 0.0)


@pytest.mark.numeric
@pytest.mark.slow
def test_one_segment_is_ordinary_training(rounding):
    """The loss of the frames that are there, by hand, and the sums that a step returns."""
    model, batch = make_model(), make_batch()
    probabilities = np.asarray(model(batch["inputs"], training=False))
    sums, _ = take_step(model, batch, segment_frames=12)
    chosen = np.stack([probabilities[i, :, i] for i in range(3)])
    mask = batch["inputs"]["mask"].numpy()
    by_clip = (-np.log(chosen) * mask).sum(1) / mask.sum(1)
    # 4 layers and 12 steps of the LSTM, sums of at most 10 x 10 x 3 products
    assert sums["loss_sum"] == pytest.approx(by_clip.sum(), rel=rounding(16, 300, "float64"))
    mean = (probabilities * mask[..., None]).sum(1)
    assert sums["num_correct"] == (mean.argmax(1) == [0, 1, 2]).sum()
    assert sums["weight_sum"] == 3 and sums["regularisation_sum"] > 0


@pytest.mark.numeric
@pytest.mark.slow
def test_padding_and_rows_of_weight_0_change_no_weight(rounding):
    batch = make_batch()
    wide = {**batch, "inputs": {
        "clip": tf.pad(batch["inputs"]["clip"], [[0, 0], [0, 8], [0, 0], [0, 0], [0, 0]], constant_values=9),
        "mask": tf.pad(batch["inputs"]["mask"], [[0, 0], [0, 8]]),
    }}  # fmt: skip
    more = tf.nest.map_structure(lambda tensor: tf.concat([tensor, tensor[:1]], 0), batch)
    more["weights"] = tf.constant([1.0, 1.0, 1.0, 0.0])
    weights, model = [], make_model()
    step, pairs = make_step(model, segment_frames=6)
    begin_again = beginning_of(model, pairs)
    for each in (batch, wide, more):
        begin_again()
        step(each, 0)
        weights.append(model.get_weights())
    for other in weights[1:]:
        for ours, theirs in zip(weights[0], other, strict=True):
            # Rounding of gradients, which Adam divides by 1e-7 or more, its epsilon, AdaGrad by 1e-3 or
            # more, the root of its first sum; times Adam's rate of 1e-3.
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-3 * rounding(16, 300, "float64") / 1e-7)


@pytest.mark.numeric
@pytest.mark.slow
def test_the_state_is_carried_on_and_matters():
    """With updates of 1e-11 and less, segments see what the whole clip at once sees; alone they do not."""
    batch = make_batch(1, 12, (12,))
    whole = make_step(make_model(), segment_frames=12, learning_rate=1e-12)[0](batch, 0)
    step, _ = make_step(make_model(), segment_frames=4, learning_rate=1e-12)
    carried = step(batch, 0)
    assert carried["loss_sum"] == pytest.approx(whole["loss_sum"], rel=1e-9)
    alone = []
    for begin in (0, 4, 8):
        part = {name: tensor[:, begin : begin + 4] for name, tensor in batch["inputs"].items()}
        alone.append(step({**batch, "inputs": part}, 0)["loss_sum"])
    assert sum(alone) / 3 != pytest.approx(whole["loss_sum"], rel=1e-9)


@pytest.mark.slow
def test_dropout_depends_on_the_step_and_nothing_before_it():
    model = make_model(dataclasses.replace(CONFIG, dropout=0.5))
    step, pairs = make_step(model, segment_frames=5)
    begin_again, losses = beginning_of(model, pairs), []
    for number in (0, 0, 7):
        begin_again()
        losses.append(step(make_batch(), number)["loss_sum"])
        model(make_batch()["inputs"], training=True)  # what has no number draws from Keras's own generator
    assert losses[0] == losses[1] != losses[2]


def test_several_replicas_are_refused():
    with pytest.raises(ValueError, match="belongs to one replica"):
        make_segment_step(
            make_model(),
            [],
            tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]),
            seed=0,
            batch_spec={},
            batch_size=2,
        )
