import keras
import pytest

from videoqa.models.building import build_action_model


def test_is_the_stack_of_the_documentation(default_model):
    stack = [(layer.name, type(layer).__name__) for layer in default_model.layers]
    assert set(stack) == {
        ("clip", "InputLayer"),
        ("backbone", "TimeDistributed"),
        ("video_lstm", "LSTM"),
        ("question", "InputLayer"),
        ("question_embedding", "Embedding"),
        ("question_lstm", "LSTM"),
        ("join", "Concatenate"),
        ("hidden", "Dense"),
        ("answer", "Dense"),
    } | {item for item in stack if item[1] == "NotEqual"}
    assert isinstance(default_model.get_layer("backbone"), keras.layers.TimeDistributed)
    assert len(default_model.layers) - len([item for item in stack if item[1] == "NotEqual"]) == 9


def test_shapes_and_dtypes(default_model):
    assert {name: (tensor.shape, tensor.dtype) for name, tensor in default_model.input.items()} == {
        "clip": ((None, None, 150, 150, 3), "uint8"),
        "question": ((None, None), "int32"),
    }
    shapes = {
        name: default_model.get_layer(name).output.shape
        for name in ("backbone", "video_lstm", "question_lstm")
    }
    assert shapes == {"backbone": (None, None, 2048), "video_lstm": (None, 256), "question_lstm": (None, 128)}
    assert default_model.get_layer("join").output.shape == (None, 384)
    assert default_model.output_shape == (None, 1000) and default_model.output_names == ["answer"]
    assert default_model.get_layer("question_embedding").mask_zero
    assert default_model.get_layer("hidden").activation is keras.activations.relu
    assert default_model.get_layer("answer").activation is keras.activations.softmax


def test_parameter_counts(default_model):
    # An LSTM has 4 gates of (inputs + units) * units weights and units biases; 21,802,784 is the count of
    # InceptionV3 without top in the table of keras.io/api/applications (23,851,784) less 2049 * 1000.
    assert {layer.name: layer.count_params() for layer in default_model.layers if layer.weights} == {
        "backbone": 23_851_784 - 2049 * 1000,
        "video_lstm": 4 * ((2048 + 256) * 256 + 256),
        "question_embedding": 10_000 * 256,
        "question_lstm": 4 * ((256 + 128) * 128 + 128),
        "hidden": 384 * 128 + 128,
        "answer": 128 * 1000 + 1000,
    }
    trained = sum(int(keras.ops.size(weight)) for weight in default_model.trainable_weights)
    assert trained == 2_360_320 + 2_560_000 + 197_120 + 49_280 + 129_000


def test_backbone_is_scaled_pooled_and_frozen_inception(default_model):
    backbone = default_model.get_layer("backbone").layer
    assert backbone.name == "inception_v3" and not backbone.trainable_weights
    assert [type(backbone.layers[place]).__name__ for place in (0, 1, -1)] == [
        "InputLayer",
        "Rescaling",
        "GlobalAveragePooling2D",
    ]
    assert sum(isinstance(layer, keras.layers.Conv2D) for layer in backbone.layers) == 94
    scaling = backbone.layers[1]
    assert [float(scaling(float(value))) for value in (0, 127.5, 255)] == pytest.approx([-1, 0, 1])


def test_is_compiled_with_adam_and_sparse_cross_entropy(default_model):
    assert isinstance(default_model.optimizer, keras.optimizers.Adam)
    assert float(default_model.optimizer.learning_rate) == pytest.approx(1e-3)
    assert isinstance(default_model.loss, keras.losses.SparseCategoricalCrossentropy)


def test_action_model_has_the_very_same_video_branch(default_model):
    action = build_action_model(5, starts_from="features")
    assert [layer.name for layer in action.layers] == ["features", "video_lstm", "hidden", "answer"]
    ours, theirs = action.get_layer("video_lstm"), default_model.get_layer("video_lstm")
    assert ours.get_config()["units"] == theirs.get_config()["units"]
    assert [weight.shape for weight in ours.weights] == [weight.shape for weight in theirs.weights]
    assert action.get_layer("hidden").count_params() == 256 * 128 + 128
    assert action.output_shape == (None, 5)
