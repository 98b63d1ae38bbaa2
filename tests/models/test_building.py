import keras
import numpy as np
import pytest

from videoqa.config import ARCHITECTURES, VIDEO_BRANCHES, ModelConfig
from videoqa.models.branches import VIDEO_BRANCH_FUNCTIONS
from videoqa.models.building import (
    ARCHITECTURE_FUNCTIONS,
    build_action_model,
    build_from_config,
    build_model,
    computing_in,
    copy_shared_weights,
    num_weights,
)

WIDTHS = {"video_units": 6, "hidden_units": 16}
SMALL = WIDTHS | {"embedding_dim": 3, "question_units": 5, "num_answers": 3, "vocabulary_size": 9}
CUT = {"backbone_weights": None, "backbone_layer": "mixed0", "frame_size": (75, 75)}
TINY = {"backbone": "tiny", "backbone_weights": None, "frame_size": (32, 32)}


def clips(size=75, num_frames=4, count=2):
    return np.random.default_rng(0).integers(0, 256, (count, num_frames, size, size, 3), dtype=np.uint8)


QUESTIONS = np.array([[2, 3, 4, 0], [5, 6, 0, 0]], np.int32)
ANSWERS = np.array([0, 2], np.int32)


@pytest.fixture(scope="module")
def clip_form():
    """In float64: what the forms disagree in would drown in float32's rounding."""
    keras.utils.set_random_seed(3)
    with computing_in("float64"):
        return build_model(**SMALL, **CUT)


@pytest.fixture(scope="module")
def features_form(clip_form):
    keras.utils.set_random_seed(4)
    with computing_in("float64"):
        model = build_model(**SMALL, **CUT, starts_from="features")
    copy_shared_weights(clip_form, model)
    return model


def features_of(model, clip):
    backbone = model.get_layer("backbone").layer
    return np.stack([np.asarray(backbone(frames, training=False)) for frames in clip])


@pytest.mark.numeric
@pytest.mark.slow
def test_both_forms_agree_for_8_and_for_20_frames(clip_form, features_form, rounding):
    for num_frames in (8, 20):
        clip = clips(num_frames=num_frames)
        from_clip = np.asarray(clip_form({"clip": clip, "question": QUESTIONS}, training=False))
        features = features_of(clip_form, clip)
        from_features = np.asarray(
            features_form({"features": features, "question": QUESTIONS}, training=False)
        )
        # 8 convolutions of at most 3 x 3 x 80 products, 20 steps of the LSTM, two dense layers
        np.testing.assert_allclose(from_clip, from_features, atol=rounding(30, 720, "float64"))
        np.testing.assert_allclose(from_clip.sum(1), 1, atol=rounding(4, 3, "float64"))


def test_float_frames_give_the_answer_of_uint8_frames(clip_form):
    clip = clips()
    whole, floats = (
        np.asarray(clip_form({"clip": part, "question": QUESTIONS})) for part in (clip, clip + 0.0)
    )
    np.testing.assert_array_equal(whole, floats)


@pytest.mark.numeric
def test_padding_of_the_question_changes_nothing(clip_form, features_form, rounding):
    longer = np.pad(QUESTIONS, ((0, 0), (0, 3)))
    for model, video in ((clip_form, {"clip": clips()}), (features_form, {"features": np.ones((2, 4, 256))})):
        short, padded, other = (
            np.asarray(model(video | {"question": words}))
            for words in (QUESTIONS, longer, np.where(longer == 0, 8, longer))
        )
        np.testing.assert_allclose(short, padded, atol=rounding(30, 720, "float64"))
        assert np.abs(short - other).max() > 1e-5


@pytest.mark.slow
def test_fit_trains_all_but_the_frozen_backbone(clip_form):
    backbone = clip_form.get_layer("backbone").layer
    assert any("moving_variance" in weight.path for weight in backbone.weights)
    before, head = backbone.get_weights(), clip_form.get_layer("video_lstm").get_weights()
    clip_form.run_eagerly = True  # two steps are not worth a graph
    clip_form.fit({"clip": clips(), "question": QUESTIONS}, ANSWERS, epochs=2, verbose=0)
    for old, new in zip(before, backbone.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert not np.array_equal(head[0], clip_form.get_layer("video_lstm").get_weights()[0])


@pytest.mark.slow
def test_train_backbone_trains_its_kernels_and_leaves_batch_norm():
    """Statistics of a batch would depend on how many workers share it."""
    keras.utils.set_random_seed(0)
    model = build_action_model(3, **WIDTHS, **CUT, video_branch="mean", train_backbone=True)
    network = model.get_layer("backbone").layer
    before = network.get_weights()
    names = [weight.path for weight in network.trainable_weights]
    assert len(names) == len(before) // 4 and all(name.endswith("/kernel") for name in names)
    model.run_eagerly = True
    model.fit({"clip": clips()}, ANSWERS, verbose=0)
    for weight, old, new in zip(network.weights, before, network.get_weights(), strict=True):
        assert np.array_equal(old, new) == (weight.path not in names), weight.path


def test_one_seed_gives_one_set_of_weights_in_both_forms():
    made = []
    for starts_from in ("clip", "features", "features"):
        keras.utils.set_random_seed(7)
        model = build_model(**SMALL, **TINY, starts_from=starts_from)
        made.append(
            [value for layer in model.layers if layer.name != "backbone" for value in layer.get_weights()]
        )
    for one, two, three in zip(*made, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(two, three)


def test_the_default_weights_of_tiny_are_those_of_the_package():
    models = [build_model(**SMALL, backbone="tiny", **more) for more in ({}, {"backbone_weights": "package"})]
    one, two = (model.get_layer("backbone").layer.get_weights() for model in models)
    np.testing.assert_array_equal(one[0], two[0])
    assert not models[0].get_layer("backbone").trainable_weights


@pytest.mark.slow
def test_blind_model_takes_the_question_alone():
    model = build_model(**SMALL, video_branch="none", dropout=0.5)
    assert list(model.input) == ["question"]
    assert "join" not in [layer.name for layer in model.layers]
    model.run_eagerly = True
    model.fit({"question": QUESTIONS}, ANSWERS, verbose=0)
    assert model.predict({"question": QUESTIONS}, verbose=0).shape == (2, 3)


@pytest.mark.numeric
def test_mean_knows_no_order_and_the_others_do(rounding):
    features = np.random.default_rng(0).random((2, 4, 256), np.float32)
    for video_branch in [branch for branch in VIDEO_BRANCHES if branch != "none"]:
        model = build_action_model(3, **WIDTHS, **CUT, starts_from="features", video_branch=video_branch)
        forward, backward = (np.asarray(model({"features": part})) for part in (features, features[:, ::-1]))
        # a mean of 4 frames, then dense layers of at most 256 products
        differs = np.abs(forward - backward).max() > rounding(4, 256)
        assert differs == (video_branch != "mean"), video_branch


def test_video_branches_and_architectures_have_a_function_each():
    assert tuple(VIDEO_BRANCH_FUNCTIONS) == VIDEO_BRANCHES
    assert [*ARCHITECTURE_FUNCTIONS] == [*ARCHITECTURES]


def test_every_architecture_is_built_from_its_configuration():
    options = {"num_answers": 3, "frame_size": (34, 34), "backbone": "tiny", "backbone_weights": None}
    for architecture in ARCHITECTURES:
        if architecture != "cnn_lstm":
            options = {"num_answers": 3, "frame_size": (34, 34), "width": 0.02}
        model = ModelConfig(task="action", architecture=architecture, **options)
        network = build_from_config(model, 4, starts_from="clip")
        assert network.input["clip"].shape == (None, 4, 34, 34, 3)
        assert network.output.shape == ((None, 4, 3) if architecture == "conv_lstm" else (None, 3))


def test_half_precision_keeps_the_softmax_whole(half_precision):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build_model(**SMALL, **CUT, starts_from="features", dropout=0.5)
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.output.dtype == "float32" and model.get_layer("hidden").compute_dtype == "bfloat16"


def test_forms_of_different_models_are_not_mixed(clip_form):
    wider = build_model(**SMALL | {"hidden_units": 17}, **CUT, starts_from="features")
    with pytest.raises(ValueError, match=r"same shapes.*layer 'hidden'.*\(11, 16\).*\(11, 17\)"):
        copy_shared_weights(clip_form, wider)
    with pytest.raises(ValueError, match="same layers after the backbone.*question_lstm"):
        copy_shared_weights(clip_form, build_action_model(3, **WIDTHS, **CUT, starts_from="features"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_answers": 0}, "`num_answers` must be an integer from 1 to .*Received: num_answers=0"),
        ({"vocabulary_size": 2}, "`vocabulary_size` must be an integer from 3 to"),
        ({"dropout": 1}, "`dropout` must be a number from 0 to 0.999"),
        ({"num_frames": 0}, "`num_frames` must be an integer of at least 1"),
        ({"frame_size": (74, 75)}, "`frame_size` must be an integer from 75 to .*Received: frame_size=74"),
        ({"frame_size": 150}, r"`frame_size` must be a pair \(height, width\)"),
        ({"backbone": "inception"}, "`backbone` must be one of 'inception_v3', 'tiny'.*Did you mean"),
        ({"backbone_layer": "mixed11"}, "`backbone_layer` must be one of 'mixed0', .*'mixed10'"),
        (
            {"backbone": "tiny", "backbone_layer": "mixed8"},
            "`backbone_layer` must be None with backbone='tiny'",
        ),
        ({"backbone_weights": "package"}, "`backbone_weights` must be 'imagenet', a file"),
        (
            {"backbone": "tiny", "backbone_weights": "imagenet"},
            "`backbone_weights` must be 'package', a file",
        ),
        (
            {"video_branch": "gru"},
            "`video_branch` must be one of 'lstm', 'bidirectional', 'convolution', 'attention', ",
        ),
        ({"starts_from": "frames"}, "`starts_from` must be one of 'clip', 'features'"),
        ({"learning_rate": 0}, "`learning_rate` must be a number of at least 1e-12"),
        ({"train_backbone": "yes"}, "`train_backbone` must be True or False"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        build_model(**options)


def test_bad_options_of_an_action_model_are_refused():
    with pytest.raises(ValueError, match="`num_classes` must be an integer of at least 1"):
        build_action_model(0)
    with pytest.raises(ValueError, match="`task` must be 'action' with architecture='c3d'"):
        build_from_config(ModelConfig(architecture="c3d"), starts_from="clip")
    with pytest.raises(ValueError, match="`architecture` must be one of 'cnn_lstm', 'c3d', 'conv_lstm'"):
        build_action_model(3, architecture="c3d_lstm")
    with pytest.raises(ValueError, match="`width` must be left out with architecture='cnn_lstm'"):
        build_action_model(3, width=0.5)
    with pytest.raises(ValueError, match="`video_branch` must be one of .*'mean' for an action model"):
        build_action_model(3, video_branch="none")


def test_counting_the_weights_of_a_model_too_large_leaves_nothing_to_make() -> None:
    model = ModelConfig(num_answers=3, vocabulary_size=9, backbone="tiny", video_units=2**16)
    assert num_weights(model, None, starts_from="features") > 4 * 2**32
    with keras.StatelessScope():
        pass  # on leaving one, Keras makes the variables that it has noted
