"""The convolutional LSTM: the published counts, its masks, and its form for segments of a clip."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from videoqa.models.building import build_action_model, computing_in
from videoqa.models.conv_lstm import CONV_LSTM_LAYERS, segment_form

SMALL = {"architecture": "conv_lstm", "width": 0.1, "frame_size": (40, 48)}


def clips(num_frames: int, count: int = 2) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, num_frames, 40, 48, 3), dtype=np.uint8)


def masks(*lengths: int, num_frames: int) -> np.ndarray:
    return np.arange(num_frames) < np.array(lengths)[:, None]


def answered(model: keras.Model, inputs: dict[str, np.ndarray]) -> Any:
    """Return the outputs without a graph, which `predict` would compile anew for each model."""
    given = {name: tf.constant(value, model.input[name].dtype) for name, value in inputs.items()}
    return keras.tree.map_structure(np.asarray, model(given, training=False))


def test_the_published_counts_and_shapes() -> None:
    model = build_action_model(9, architecture="conv_lstm")
    counts = {layer.name: layer.count_params() for layer in model.layers if layer.count_params()}
    assert counts == {"conv1": 9_030, "conv2": 2_710, "dense": 117_050, "lstm": 20_350, "answer": 459}
    assert tuple(counts) == CONV_LSTM_LAYERS
    assert model.count_params() == 149_599
    shapes = {layer.name: layer.output.shape[1:] for layer in model.layers if layer.name != "lstm"}
    assert shapes["conv1"] == (58, 78, 30) and shapes["pool"] == (28, 38, 30)
    assert shapes["conv2"] == (13, 18, 10) and shapes["flatten"] == (2_340,)
    assert model.input["clip"].shape == (None, None, 240, 320, 3) and shapes["answer"] == (None, 9)


def test_without_peepholes_it_is_keras_own_lstm() -> None:
    model = build_action_model(9, architecture="conv_lstm", peepholes=False)
    assert type(model.get_layer("lstm")) is keras.layers.LSTM
    assert model.count_params() == 149_449


@pytest.mark.numeric
@pytest.mark.parametrize("peepholes", [True, False])
def test_the_penalty_is_the_published_one_of_every_kernel(
    peepholes: bool, rounding: Callable[..., float]
) -> None:
    model = build_action_model(3, **SMALL, peepholes=peepholes)
    kernels = [weight for weight in model.weights if weight.path.endswith("kernel")]
    half_sum = sum(float(keras.ops.sum(keras.ops.square(kernel))) for kernel in kernels) / 2
    assert len(kernels) == 6
    tolerance = rounding(2, max(int(np.prod(kernel.shape)) for kernel in kernels))
    assert float(sum(model.losses)) == pytest.approx(1e-3 * half_sum, rel=tolerance)
    assert float(sum(segment_form(model).losses)) == pytest.approx(1e-3 * half_sum, rel=tolerance)


@pytest.mark.numeric
@pytest.mark.slow
def test_padding_changes_no_real_frame(rounding: Callable[..., float]) -> None:
    with computing_in("float64"):
        model = build_action_model(3, **SMALL)
    clip, mask = clips(7), masks(7, 4, num_frames=7)
    answer = answered(model, {"clip": clip, "mask": mask})
    short = answered(model, {"clip": clip[1:, :4], "mask": mask[1:, :4]})
    # 4 layers and 7 steps of the LSTM, sums of at most 10 x 10 x 3 products
    tolerance = rounding(11, 300, "float64")
    np.testing.assert_allclose(answer[1, :4], short[0], atol=tolerance)
    np.testing.assert_allclose(answer[1, 4:], np.repeat(answer[1:, 3], 3, axis=0), atol=tolerance)
    np.testing.assert_allclose(answer.sum(-1), 1, atol=tolerance)


@pytest.mark.numeric
@pytest.mark.slow
def test_padding_is_left_out_of_the_loss_of_plain_fit(rounding: Callable[..., float]) -> None:
    model = build_action_model(3, **SMALL, l2=0.0)
    clip, mask = clips(5), masks(5, 2, num_frames=5)
    labels = np.array([[0, 1, 2, 0, 1], [2, 1, 0, 0, 0]])
    other = np.where(mask, labels, 2)
    inputs = {"clip": clip, "mask": mask}
    loss, accuracy = model.evaluate(inputs, labels, verbose=0)
    assert [loss, accuracy] == model.evaluate(inputs, other, verbose=0)
    answers = answered(model, inputs)
    probabilities = np.take_along_axis(answers, labels[..., None], -1)[..., 0]
    assert loss == pytest.approx(-np.log(probabilities[mask]).mean(), rel=rounding(11, 300))
    assert accuracy == pytest.approx((answers.argmax(-1) == labels)[mask].mean())


@pytest.mark.numeric
@pytest.mark.slow
@pytest.mark.parametrize(("peepholes", "policy"), [(True, "float32"), (True, "float64"), (False, "float64")])
def test_segments_that_hand_the_state_on_answer_as_the_whole_clip(
    peepholes: bool, policy: str, rounding: Callable[..., float]
) -> None:
    with computing_in(policy):
        model = build_action_model(3, **SMALL, peepholes=peepholes)
        segment = segment_form(model)
    clip, mask = clips(50), masks(50, 23, num_frames=50)
    whole = answered(model, {"clip": clip, "mask": mask})
    state = {"hidden": np.zeros((2, 5)), "cell": np.zeros((2, 5))}
    parts = []
    for start in range(0, 50, 20):
        window = slice(start, start + 20)
        given = {"clip": clip[:, window], "mask": mask[:, window]}
        made = answered(segment, given | state)
        parts.append(made["answer"])
        state = {"hidden": made["hidden"], "cell": made["cell"]}
    real = mask[..., None]
    # 4 layers and 50 steps of the LSTM, sums of at most 10 x 10 x 3 products
    tolerance = rounding(54, 300, policy)
    np.testing.assert_allclose(np.concatenate(parts, 1) * real, whole * real, atol=tolerance)


def test_gradients_of_a_segment_reach_the_variables_of_the_model() -> None:
    keras.utils.set_random_seed(0)  # others may leave a ReLU without any input above 0
    model = build_action_model(3, **SMALL, dropout=0.1)
    segment = segment_form(model)
    assert [id(weight) for weight in segment.trainable_weights] == [
        id(weight) for weight in model.trainable_weights
    ]
    given = {"clip": clips(6), "mask": masks(6, 3, num_frames=6)}
    given |= {"hidden": np.zeros((2, 5), np.float32), "cell": np.zeros((2, 5), np.float32)}
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(segment(given, training=True)["answer"][..., 0])
    gradients = tape.gradient(loss, [weight.value for weight in model.trainable_weights])
    assert all(gradient is not None and np.abs(gradient).max() > 0 for gradient in gradients)


@pytest.mark.slow
def test_plain_fit_trains_it() -> None:
    keras.utils.set_random_seed(0)
    model = build_action_model(2, **SMALL | {"width": 0.5}, num_frames=6, learning_rate=3e-3)
    inputs = {"clip": clips(6), "mask": masks(6, 4, num_frames=6)}
    labels = np.repeat([[0], [1]], 6, axis=1)
    losses = model.fit(inputs, labels, epochs=15, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2


@pytest.mark.numeric
def test_half_precision_keeps_the_softmax_whole(rounding: Callable[..., float], half_precision: None) -> None:
    with computing_in("mixed_bfloat16"):
        model = build_action_model(3, **SMALL)
    assert model.output.dtype == "float32" and model.get_layer("lstm").compute_dtype == "bfloat16"
    answer = answered(model, {"clip": clips(3), "mask": masks(3, 3, num_frames=3)})
    np.testing.assert_allclose(answer.sum(-1), 1, atol=rounding(4, 3))
    assert segment_form(model).input["hidden"].dtype == "bfloat16"


def test_bad_options_are_refused() -> None:
    with pytest.raises(ValueError, match="`starts_from` must be one of 'clip'.* conv_lstm has no backbone"):
        build_action_model(3, **SMALL, starts_from="features")
    with pytest.raises(ValueError, match="`frame_size` must be an integer from 34 to"):
        build_action_model(3, **SMALL | {"frame_size": (33, 40)})
    with pytest.raises(ValueError, match="`model` must be a conv_lstm model. Received: model='action_model'"):
        segment_form(build_action_model(3, backbone="tiny", starts_from="features"))
