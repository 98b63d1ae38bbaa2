import hashlib

import h5py
import keras
import numpy as np
import pytest

from videoqa import config
from videoqa.models import backbones
from videoqa.models.backbones import backbone_identity, build_backbone, feature_dim
from videoqa.models.building import computing_in
from videoqa.models.weight_files import TINY_WEIGHTS_FILE


@pytest.mark.slow
def test_the_table_of_layers_says_what_inception_has(inception):
    found = {
        layer.name: layer.output.shape[-1]
        for layer in inception.layers
        if layer.name.startswith("mixed") and "_" not in layer.name
    }
    assert found == backbones.INCEPTION_V3_CHANNELS
    assert inception.output_shape == (None, feature_dim("inception_v3"))


def test_every_backbone_has_a_builder_and_a_feature_dim():
    assert tuple(backbones._BUILDERS) == config.BACKBONES
    tiny = build_backbone("tiny", weights=None, frame_size=(40, 50))
    assert tiny.input_shape == (None, 40, 50, 3)
    assert tiny.output_shape == (None, feature_dim("tiny")) and feature_dim("tiny") <= 512


@pytest.mark.parametrize("frame_size", [(96, 96), (150, 150)])
def test_tiny_takes_its_weights_from_the_package(frame_size):
    tiny = build_backbone("tiny", weights="package", frame_size=frame_size)
    stored = h5py.File(TINY_WEIGHTS_FILE)["layers/conv2d/vars/0"]
    np.testing.assert_array_equal(tiny.get_layer("convolution_1").get_weights()[0], stored)
    digest = hashlib.sha256(TINY_WEIGHTS_FILE.read_bytes()).hexdigest()
    expected = {"backbone": "tiny", "layer": None, "weights_sha256": digest}
    assert backbone_identity("tiny", "package") == expected
    assert backbone_identity("tiny", TINY_WEIGHTS_FILE) == expected


def test_frozen_random_weights_are_the_same_every_time_and_leave_the_seed_alone():
    made, after = [], []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        expected = keras.random.SeedGenerator().get_config()["seed"]
        keras.utils.set_random_seed(seed)
        made.append(build_backbone("tiny", weights=None, frame_size=(96, 96)).get_weights())
        after.append(keras.random.SeedGenerator().get_config()["seed"] == expected)
    assert all(after)
    for one, two in zip(*made, strict=True):
        np.testing.assert_array_equal(one, two)


def test_random_weights_to_be_trained_follow_the_seed():
    made = []
    for seed in (1, 2, 1):
        keras.utils.set_random_seed(seed)
        network = build_backbone("tiny", weights=None, frame_size=(96, 96), trainable=True)
        assert network.trainable_weights
        made.append(network.get_weights()[0])
    assert not np.array_equal(made[0], made[1])
    np.testing.assert_array_equal(made[0], made[2])


def test_identity_of_random_weights_has_no_hash():
    expected = {"backbone": "inception_v3", "layer": "mixed3", "weights_sha256": None}
    assert backbone_identity("inception_v3", None, "mixed3") == expected


@pytest.mark.parametrize(
    ("name", "layer", "message"),
    [
        ("resnet", None, "`backbone` must be one of 'inception_v3', 'tiny'. Received: backbone='resnet'"),
        ("inception_v3", "conv2d", "`backbone_layer` must be one of 'mixed0', .*'mixed10'"),
        ("tiny", "mixed8", "`backbone_layer` must be None with backbone='tiny'"),
    ],
)
def test_unknown_names_are_refused_before_anything_is_built(name, layer, message):
    for ask in (feature_dim, lambda *names: backbone_identity(names[0], None, names[1])):
        with pytest.raises(ValueError, match=message):
            ask(name, layer)
    with pytest.raises(ValueError, match=message):
        build_backbone(name, weights=None, layer=layer, frame_size=(75, 75))


@pytest.mark.numeric
@pytest.mark.slow
@pytest.mark.real_data
def test_real_weights_up_to_mixed8_load_as_keras_loads_them(real_data, rounding):
    path = real_data / "weights" / "inception_v3_imagenet2015_to_mixed8.weights.h5"
    ours = build_backbone("inception_v3", weights=path, layer="mixed8", frame_size=(75, 75))
    with computing_in("float64"):
        whole = keras.applications.InceptionV3(include_top=False, weights=None, input_shape=(75, 75, 3))
    theirs = keras.Model(whole.input, whole.get_layer("mixed8").output)
    theirs.load_weights(path)
    frames = np.random.default_rng(0).integers(0, 256, (2, 75, 75, 3), dtype=np.uint8)
    scaled = keras.applications.inception_v3.preprocess_input(frames.astype(np.float64))
    expected = np.asarray(theirs(scaled)).mean((1, 2))
    # At most 41 convolutions one after another, each a sum of at most 3 x 3 x 288 products.
    apart = np.linalg.norm(ours(frames) - expected) / np.linalg.norm(expected)
    assert apart < rounding(41, 2592)
    assert expected.shape == (2, 1280) and expected.std() > 0.01
    with pytest.raises(ValueError, match="whole or up to mixed7,.*Expected 280 or 376 arrays.*has 304"):
        build_backbone("inception_v3", weights=path, layer="mixed7", frame_size=(75, 75))
