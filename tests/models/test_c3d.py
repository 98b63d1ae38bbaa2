"""C3D: the published shapes and counts, and that a small one learns."""

from collections.abc import Callable

import keras
import numpy as np
import pytest

from videoqa.models.building import build_action_model, computing_in

SMALL = {"architecture": "c3d", "width": 0.02, "frame_size": (32, 32), "num_frames": 4}


@pytest.fixture(scope="module")
def published() -> keras.Model:
    """The whole model for UCF101; not to be trained."""
    return build_action_model(101, architecture="c3d")


def clips(count: int = 6) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 4, 32, 32, 3), dtype=np.uint8)


def num_trained(model: keras.Model) -> int:
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


@pytest.mark.slow
def test_the_published_counts(published: keras.Model) -> None:
    assert num_trained(published) == 78_420_618
    assert published.count_params() == 78_442_708


def test_the_published_shapes(published: keras.Model) -> None:
    shapes = {layer.name: layer.output.shape[1:] for layer in published.layers}
    assert shapes["clip"] == (10, 112, 112, 3)
    assert shapes["conv1"] == (10, 112, 112, 64) and shapes["pool1"] == (10, 56, 56, 64)
    assert shapes["conv2"] == (10, 56, 56, 128) and shapes["pool2"] == (5, 28, 28, 128)
    assert shapes["conv3a"] == shapes["conv3b"] == (5, 28, 28, 256) and shapes["pool3"] == (3, 14, 14, 256)
    assert shapes["conv4a"] == shapes["conv4b"] == (3, 14, 14, 512) and shapes["pool4"] == (2, 7, 7, 512)
    assert shapes["conv5a"] == shapes["conv5b"] == (2, 7, 7, 512) and shapes["pool5"] == (1, 4, 4, 512)
    assert shapes["flatten"] == (8192,) and shapes["dense1"] == shapes["dense2"] == (4096,)
    assert shapes["logits"] == shapes["answer"] == (101,)


def test_16_frames_flatten_to_8192_too() -> None:
    model = build_action_model(101, architecture="c3d", num_frames=16, width=1 / 64)
    assert model.get_layer("pool5").output.shape == (None, 1, 4, 4, 8)
    assert model.get_layer("flatten").output.shape[1] * 64 == 8192


def test_batch_norm_without_gamma_follows_every_layer_and_a_relu_all_but_the_output(
    published: keras.Model,
) -> None:
    layers = list(published.layers)
    weighted = [number for number, layer in enumerate(layers) if hasattr(layer, "kernel")]
    assert len(weighted) == 11
    for number in weighted:
        norm = layers[number + 1]
        is_output = layers[number].name == "logits"
        expected = keras.activations.linear if is_output else keras.activations.relu
        assert layers[number].activation is expected
        assert type(norm) is keras.layers.BatchNormalization and norm.synchronized
        assert norm.gamma is None and norm.beta is not None
    names = [layer.name for layer in layers]
    assert names[-3:] == ["logits", "logits_norm", "answer"]
    assert names.index("dropout") == names.index("dense2_norm") + 1
    assert published.get_layer("dropout").rate == 0.5


@pytest.mark.numeric
@pytest.mark.slow
def test_the_penalty_is_the_published_mean_over_11_kernels(
    published: keras.Model, rounding: Callable[..., float]
) -> None:
    kernels = [layer.kernel for layer in published.layers if hasattr(layer, "kernel")]
    sums = [float(keras.ops.sum(keras.ops.square(kernel))) for kernel in kernels]
    assert len(published.losses) == 11
    max_size = max(int(np.prod(kernel.shape)) for kernel in kernels)  # squares in one sum
    assert float(sum(published.losses)) == pytest.approx(1e-4 * np.mean(sums) / 2, rel=rounding(2, max_size))
    assert not build_action_model(3, **SMALL, l2=0.0).losses


def test_width_scales_filters_and_dense_layers() -> None:
    model = build_action_model(3, **SMALL)
    assert model.get_layer("conv1").filters == 1 and model.get_layer("conv5b").filters == 10
    assert model.get_layer("dense1").units == 82 and model.get_layer("logits").units == 3


@pytest.mark.numeric
@pytest.mark.slow
def test_plain_fit_trains_it(rounding: Callable[..., float]) -> None:
    keras.utils.set_random_seed(0)
    model = build_action_model(3, **SMALL | {"width": 0.1}, dropout=0.0)
    labels = np.array([0, 1, 2, 0, 1, 2])
    losses = model.fit({"clip": clips()}, labels, epochs=6, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2
    probabilities = np.asarray(model({"clip": clips()}, training=False))
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=rounding(4, 3))


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["float64", "mixed_bfloat16", "mixed_float16"])
def test_other_precisions(policy: str, request: pytest.FixtureRequest) -> None:
    if policy != "float64":
        request.getfixturevalue("half_precision")
    with computing_in(policy):
        model = build_action_model(3, **SMALL)
        model.run_eagerly = True  # one step is not worth a graph
        model.fit({"clip": clips()}, np.array([0, 1, 2, 0, 1, 2]), verbose=0)
    assert model.get_layer("conv1").compute_dtype == policy.removeprefix("mixed_")
    assert model.output.dtype == ("float64" if policy == "float64" else "float32")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"num_frames": 1},
            "`num_frames` must be an integer of at least 2. Received: num_frames=1. c3d looks",
        ),
        (
            {"frame_size": (12, 112)},
            "`frame_size` must be an integer from 16 to .* c3d takes 16 and more",
        ),
        ({"starts_from": "features"}, "`starts_from` must be one of 'clip'. .* c3d has no backbone"),
        ({"backbone": "tiny"}, "`backbone` must be left out with architecture='c3d'"),
        ({"peepholes": False}, "`peepholes` must be left out with architecture='c3d'"),
        ({"video_branch": "mean"}, "`video_branch` must be left out with architecture='c3d'"),
        ({"width": 0}, "`width` must be a number from 0.01 to 8"),
    ],
)
def test_bad_options_are_refused(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_action_model(3, **SMALL | options)
