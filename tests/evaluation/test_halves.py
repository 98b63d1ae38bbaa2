"""A model cut where its branches meet answers as the whole one."""

import keras
import numpy as np
import pytest

from videoqa.config import ModelConfig
from videoqa.evaluation.halves import Halves, can_be_cut
from videoqa.evaluation.prediction import predict_examples
from videoqa.input_pipeline import Examples
from videoqa.models.building import build_action_model, build_from_config

NUM_FRAMES = 4
SMALL = {"num_answers": 5, "vocabulary_size": 20, "video_units": 8, "question_units": 8, "embedding_dim": 8}


def _model(**options: object) -> keras.Model:
    keras.utils.set_random_seed(1)
    return build_from_config(
        ModelConfig(**{**SMALL, "backbone": "tiny", "hidden_units": 8, **options}), NUM_FRAMES
    )


def _examples(model: keras.Model, lengths: tuple[int, ...] = (4, 9, 2)) -> Examples:
    """Return five rows about clips of different lengths, two of them about the first."""
    random = np.random.default_rng(2)
    width = model.input["features"].shape[-1]
    clips = [random.random((length, width)).astype(np.float16) for length in lengths]
    questions = random.integers(1, 20, (5, 6)).astype(np.int32)
    questions[0, 3:] = 0
    return Examples(clips, np.array([0, 1, 2, 0, 1]), questions, np.zeros(5, np.int32), NUM_FRAMES)


@pytest.mark.numeric
@pytest.mark.parametrize("num_test_clips", [1, 3])
@pytest.mark.parametrize(
    "options", [{}, {"video_branch": "attention"}, {"motion": "difference", "dropout": 0.5}]
)
def test_the_halves_answer_as_the_whole_model(options: dict, num_test_clips: int) -> None:
    model = _model(**options)
    examples = _examples(model)
    halves = Halves(model)
    vectors = halves.vectors(examples, np.array([0, 1, 2]), num_test_clips)
    found = halves.predict([vectors[clip] for clip in examples.clip_index], examples.token_ids)
    whole = predict_examples(model, examples, num_test_clips=num_test_clips, with_hidden=True)
    assert whole.hidden is not None and found.hidden is not None
    # float32: sums of at most a few hundred terms of size 1, in another order
    bound = 1000 * np.finfo(np.float32).eps
    np.testing.assert_allclose(found.probabilities, whole.probabilities, rtol=0, atol=bound)
    np.testing.assert_allclose(found.hidden, whole.hidden, rtol=0, atol=bound)


def test_the_layers_of_a_model_that_was_cut_are_used_once_as_before() -> None:
    model = _model()
    Halves(model)
    assert model.get_layer("hidden").input.shape == (None, 16)


def test_only_a_model_of_a_clip_and_a_question_can_be_cut() -> None:
    assert can_be_cut(_model())
    assert not can_be_cut(_model(video_branch="none"))
    assert not can_be_cut(build_action_model(3, backbone="tiny", starts_from="features"))
