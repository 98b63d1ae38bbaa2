"""Weights of an earlier model: by layer, and by word or answer where these have weights of their own."""

import dataclasses

import keras
import numpy as np
import pytest

from videoqa.config import VIDEO_BRANCHES, ModelConfig, RunConfig, SamplingConfig
from videoqa.models.building import build_action_model, build_from_config, build_model
from videoqa.saving import METRICS_NEEDED, save_model_folder
from videoqa.text.answers import AnswerList
from videoqa.text.vocabulary import build_vocabulary
from videoqa.training.checks import check_initial
from videoqa.training.initial_weights import (
    load_equal_layers,
    load_initial_weights,
    weights_before_the_answer,
)

NO_METRICS = {name: kind() for name, kind in METRICS_NEEDED.items()}
MODELS = {
    "cnn_lstm": (ModelConfig(task="action", backbone="tiny", video_units=4, hidden_units=4), "features"),
    "c3d": (ModelConfig(task="action", architecture="c3d", width=0.02, frame_size=(16, 16)), "clip"),
    "conv_lstm": (ModelConfig(task="action", architecture="conv_lstm", frame_size=(40, 40)), "clip"),
}
OF_LABELS = {"cnn_lstm": ["answer"], "c3d": ["logits", "logits_norm"], "conv_lstm": ["answer"]}
EARLIER, LATER = AnswerList(("jump", "run", "wave")), AnswerList(("wave", "sit", "jump", "stand"))


def built(model: ModelConfig, starts_from: str, answers: AnswerList, seed: int) -> tuple:
    keras.utils.set_random_seed(seed)
    config = RunConfig(
        model=ModelConfig(**{**vars(model), "num_answers": len(answers)}), sampling=SamplingConfig(4)
    )
    network = build_from_config(config.model, 4, starts_from=starts_from)
    rng = np.random.default_rng(seed)
    network.set_weights([rng.random(weight.shape) for weight in network.get_weights()])
    return config, network


@pytest.mark.slow
@pytest.mark.parametrize("architecture", MODELS)
def test_labels_keep_their_weights_wherever_they_are(architecture: str, tmp_path) -> None:
    model, starts_from = MODELS[architecture]
    config, earlier = built(model, starts_from, EARLIER, 1)
    folder = save_model_folder(
        tmp_path / "earlier",
        earlier,
        config,
        vocabulary=None,
        answers=EARLIER,
        metrics=NO_METRICS,
    )
    _, later = built(model, starts_from, LATER, 2)
    fresh = {layer.name: layer.get_weights() for layer in later.layers}
    copied = load_initial_weights(later, folder, vocabulary=None, answers=LATER)
    assert copied == [layer.name for layer in later.layers if layer.weights]
    for name in copied:
        old, new = earlier.get_layer(name).get_weights(), later.get_layer(name).get_weights()
        for before, after, own in zip(old, new, fresh[name], strict=True):
            if name in OF_LABELS[architecture]:
                np.testing.assert_array_equal(after[..., [0, 2]], before[..., [2, 0]])
                np.testing.assert_array_equal(after[..., [1, 3]], own[..., [1, 3]])
            else:
                np.testing.assert_array_equal(after, before)


@pytest.mark.slow
def test_frames_of_another_size_are_refused(tmp_path) -> None:
    model, starts_from = MODELS["c3d"]
    config, earlier = built(model, starts_from, EARLIER, 1)
    folder = save_model_folder(
        tmp_path / "earlier",
        earlier,
        config,
        vocabulary=None,
        answers=EARLIER,
        metrics=NO_METRICS,
    )
    larger = ModelConfig(**{**vars(model), "frame_size": (48, 48)})
    _, later = built(larger, starts_from, EARLIER, 2)
    with pytest.raises(ValueError, match="layers of the new model's shapes. Layer 'dense1'"):
        load_initial_weights(later, folder, vocabulary=None, answers=EARLIER)
    refused = r"from 4 frames of 48x48 pixels.*\(4 frames of 16x16\)"  # before any work
    with pytest.raises(ValueError, match=refused):
        check_initial(folder, dataclasses.replace(config, model=larger))
    with pytest.raises(ValueError, match=r"from 17 frames of 16x16 pixels"):
        check_initial(folder, dataclasses.replace(config, sampling=SamplingConfig(17)))
    check_initial(folder, dataclasses.replace(config, sampling=SamplingConfig(16)))  # pooled to one as well


def test_words_keep_their_weights_wherever_they_are(tmp_path) -> None:
    model = ModelConfig(backbone="tiny", video_units=4, question_units=4, embedding_dim=4, hidden_units=4)
    words = [build_vocabulary([question]) for question in ("is he waving", "quickly now is he waving or not")]
    assert words[0].words.index("waving") != words[1].words.index("waving")
    models = [dataclasses.replace(model, vocabulary_size=each.size) for each in words]
    config, earlier = built(models[0], "features", EARLIER, 1)
    folder = save_model_folder(
        tmp_path / "earlier",
        earlier,
        config,
        vocabulary=words[0],
        answers=EARLIER,
        metrics=NO_METRICS,
    )
    _, later = built(models[1], "features", LATER, 2)
    own = later.get_layer("question_embedding").get_weights()[0]
    load_initial_weights(later, folder, vocabulary=words[1], answers=LATER)
    old, new = (each.get_layer("question_embedding").get_weights()[0] for each in (earlier, later))
    for place, word in enumerate(words[1].words):
        expected = old[words[0].words.index(word)] if word in words[0].words else own[place]
        np.testing.assert_array_equal(new[place], expected)
    biases = [each.get_layer("answer").get_weights()[1] for each in (earlier, later)]
    np.testing.assert_array_equal(biases[1][[0, 2]], biases[0][[2, 0]])


@pytest.mark.parametrize("branch", [name for name in VIDEO_BRANCHES if name not in ("mean", "none")])
def test_a_question_model_takes_the_whole_video_branch_of_another(branch: str) -> None:
    sizes = {"backbone": "tiny", "video_branch": branch, "video_units": 4, "hidden_units": 4}
    learned = build_action_model(2, starts_from="features", **sizes)
    model = build_model(2, 9, starts_from="features", embedding_dim=4, question_units=4, **sizes)
    before = {layer.name: layer.get_weights() for layer in model.layers}
    taken = load_equal_layers(model, weights_before_the_answer(learned, ("answer",)))
    assert taken == [layer.name for layer in learned.layers if layer.weights and "video" in layer.name]
    for layer in model.layers:
        wanted = learned.get_layer(layer.name).get_weights() if layer.name in taken else before[layer.name]
        assert all(map(np.array_equal, layer.get_weights(), wanted))
