"""The parts of a model after the backbone: what reads the frames, what reads the question, what answers."""

from collections.abc import Callable
from typing import Any

import keras

from videoqa.config import ModelConfig
from videoqa.models.dropout import StatelessDropout


def read_in_order(features: Any, config: ModelConfig) -> Any:
    """Return an LSTM's last state over the frames: `(batch, num_frames, feature_dim)` → `(batch, units)`."""
    return keras.layers.LSTM(config.video_units, name="video_lstm")(features)


def average(features: Any, config: ModelConfig) -> Any:
    """Return the mean over the frames, which knows no order: `(batch, num_frames, dim)` → `(batch, dim)`."""
    return keras.layers.GlobalAveragePooling1D(name="video_mean")(features)


VIDEO_BRANCH_FUNCTIONS: dict[str, Callable[[Any, ModelConfig], Any] | None] = {
    "lstm": read_in_order,
    "mean": average,
    "none": None,
}


def question_branch(token_ids: Any, config: ModelConfig) -> Any:
    """Return an LSTM's last state over the words, not the padding: `(batch, tokens)` → `(batch, units)`."""
    embedding = keras.layers.Embedding(
        config.vocabulary_size, config.embedding_dim, mask_zero=True, name="question_embedding"
    )
    return keras.layers.LSTM(config.question_units, name="question_lstm")(embedding(token_ids))


def answer_head(vectors: list[Any], config: ModelConfig) -> Any:
    """Return the probability of each answer, `(batch, num_answers)`, from the joined vectors."""
    joined = keras.layers.Concatenate(name="join")(vectors) if len(vectors) > 1 else vectors[0]
    if config.dropout > 0:
        joined = StatelessDropout(config.dropout, name="joined_dropout")(joined)
    hidden = keras.layers.Dense(config.hidden_units, activation="relu", name="hidden")(joined)
    # A softmax in half precision loses small probabilities.
    half = keras.config.dtype_policy().compute_dtype in ("float16", "bfloat16")
    answer = keras.layers.Dense(
        config.num_answers, activation="softmax", dtype="float32" if half else None, name="answer"
    )
    return answer(hidden)
