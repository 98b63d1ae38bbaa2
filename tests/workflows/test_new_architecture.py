"""One entry, one builder and one recipe are all that a new architecture takes."""

import math
from pathlib import Path

import keras
import pytest

import videoqa
from videoqa.config import ARCHITECTURES, Architecture, ModelConfig
from videoqa.models.building import ARCHITECTURE_FUNCTIONS
from videoqa.training.optimizers import RECIPES, Recipe

pytestmark = pytest.mark.slow


def build_pooled(model: ModelConfig, num_frames: int | None, starts_from: str) -> keras.Model:
    """Return a softmax over the mean colours of the places of a clip."""
    clip = keras.Input((num_frames, *model.frame_size, 3), dtype="uint8", name="clip")
    x = keras.layers.AveragePooling3D((1, 8, 8), name="pool")(
        keras.layers.Rescaling(1 / 255, name="scaling")(clip)
    )
    answer = keras.layers.Dense(model.num_answers, activation="softmax", name="answer")
    return keras.Model({"clip": clip}, answer(keras.layers.Flatten(name="flatten")(x)))


@pytest.fixture
def pooled(monkeypatch: pytest.MonkeyPatch) -> Architecture:
    """Add an architecture named "pooled" to the three tables."""
    facts = Architecture(
        frame_size=(24, 32),
        smallest_frame=8,
        defaults={"num_frames": 4, "frame_step": 2, "short_clips": "loop", "epochs": 2, "batch_size": 5},
        absent_options={"width": "It has one width.", "peepholes": ""},
        full_batches_only=True,
        flatten_strides=(1, 8, 8),
    )
    recipe = Recipe(optimizers={("answer",): (10.0, keras.optimizers.SGD)})
    monkeypatch.setitem(ARCHITECTURES, "pooled", facts)
    monkeypatch.setitem(ARCHITECTURE_FUNCTIONS, "pooled", build_pooled)
    monkeypatch.setitem(RECIPES, "pooled", recipe)
    return facts


def test_a_fourth_architecture_is_trained_scored_asked_and_started_from(
    small_set: Path, tmp_path: Path, pooled: Architecture, capsys: pytest.CaptureFixture[str]
) -> None:
    data = small_set / "labels.csv"
    run = videoqa.train(data, out=tmp_path / "run", architecture="pooled", learning_rate_schedule="cosine")
    assert "The last 2 of 12 training rows are left out of each epoch" in capsys.readouterr().err
    assert (run.config.model.frame_size, run.config.sampling.num_frames) == ((24, 32), 4)
    # The last of two steps in each of two epochs is three quarters through a cosine of ten times the rate.
    assert run.history[-1]["learning_rate"] == pytest.approx(
        0.01 * (1 + math.cos(0.75 * math.pi)) / 2,
        rel=16 * 2.0**-23,  # in float32
    )
    scores = videoqa.evaluate(run.out, progress=False)
    assert scores["num_rows"] == 3
    answer = videoqa.ask(data.parent / "loading-5" / "loading-5-v1.avi", model=run.out)
    assert answer.text in ("loading", "unloading", "waving")
    with pytest.raises(ValueError, match="`initial_model` must have learned from 5 frames of 24x32 pixels"):
        videoqa.train(data, architecture="pooled", num_frames=5, initial_model=run.out)
    with pytest.raises(ValueError, match="`width` must be left out with architecture='pooled'.*one width"):
        videoqa.train(data, architecture="pooled", width=0.5)
    with pytest.raises(ValueError, match="only architecture='conv_lstm' can mask missing frames"):
        videoqa.train(data, architecture="pooled", short_clips="mask")
