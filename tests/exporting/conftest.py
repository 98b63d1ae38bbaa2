"""Model folders with drawn weights, which need no training, and an export of each format."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from videoqa.config import run_config_from_options
from videoqa.saving import ModelFolder, save_model_folder
from videoqa.text.vocabulary import AnswerList, build_vocabulary
from videoqa.trust.trust import FEATURES, Trust

QUESTIONS = ("what is he doing?", "is he waving?", "what does the man's dog do?")
ANSWERS = ("loading", "waving", "yes", "no")
METRICS = {"num_tables": 1, "majority_answers": {}, "groups": {}, "history": []}
SMALL = {
    "backbone": "tiny",
    "video_units": 16,
    "question_units": 8,
    "embedding_dim": 8,
    "hidden_units": 16,
    "num_frames": 5,
}


@pytest.fixture(scope="session")
def drawn_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., ModelFolder]:
    """Return the function that makes a model folder with initial weights.

    Its answers are spread by a temperature, so that a difference between exports shows.
    """

    def make(temperature: float | None = 0.3, **options: Any) -> ModelFolder:
        import keras

        from videoqa.models.building import build_from_config

        chosen = (SMALL if "architecture" not in options else {}) | options
        config = run_config_from_options(chosen)
        vocabulary = None if config.model.task == "action" else build_vocabulary(QUESTIONS)
        sizes: dict[str, int] = {"num_answers": len(ANSWERS)}
        if vocabulary is not None:
            sizes["vocabulary_size"] = vocabulary.size
        config = replace(config, model=replace(config.model, **sizes))
        keras.utils.set_random_seed(1)
        starts_from = "features" if config.model.has_backbone else "clip"
        model = build_from_config(config.model, config.sampling.num_frames, starts_from=starts_from)
        trust = Trust(None, FEATURES, None, None, temperature)
        return save_model_folder(
            tmp_path_factory.mktemp("model"), model, config, vocabulary=vocabulary,
            answers=AnswerList(ANSWERS), metrics=METRICS, trust=trust,
        )  # fmt: skip

    return make


@pytest.fixture(scope="session")
def question_folder(drawn_folder: Callable[..., ModelFolder]) -> ModelFolder:
    """Return the folder of a question model; the same weights in every process."""
    return drawn_folder()


@pytest.fixture(scope="session")
def exported(question_folder: ModelFolder, made_once: Callable[..., Path]) -> Path:
    """Return the folder of its export, a SavedModel and ONNX."""
    from videoqa import export

    return made_once("exported", lambda out: export(question_folder.path, ("saved_model", "onnx"), out))
