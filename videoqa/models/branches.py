"""The layers after the backbone: a branch over the frames, a branch over the question, the answer head."""

from collections.abc import Callable
from typing import Any

import keras

from videoqa.config import ModelConfig
from videoqa.models.dropout import StatelessDropout
from videoqa.models.layer_options import softmax_dtype
from videoqa.models.time_layers import FrameConvolution, FramePlaces, FrameWeights

DILATIONS = (1, 2, 4, 8)
"""Of the convolutions over time: with 3 frames each, together they see 31 neighbouring frames."""


def read_in_order(features: Any, config: ModelConfig) -> Any:
    """Return an LSTM's last state over the frames: `(batch, num_frames, feature_dim)` → `(batch, units)`."""
    return keras.layers.LSTM(config.video_units, name="video_lstm")(features)


def read_both_ways(features: Any, config: ModelConfig) -> Any:
    """Return the last states of two LSTMs, one from the first frame on and one from the last frame back.

    `(batch, num_frames, feature_dim)` → `(batch, 2 * units)`.
    """
    one_way = keras.layers.LSTM(config.video_units)
    return keras.layers.Bidirectional(one_way, name="video_lstms")(features)


def convolve(features: Any, config: ModelConfig) -> Any:
    """Return the mean over the frames of what convolutions over time find: `(batch, units)`.

    Each block adds to a frame's vector what a convolution of three frames finds, 1, 2, 4 and 8 frames apart.
    The mean keeps order: the kernel tells the frame before from the frame after, and the places, added
    first, tell early from late where a clip is longer than all kernels reach.

    Source: the residual layers of Farha and Gall 2019, arXiv:1903.01945, after Lea et al. 2017,
        arXiv:1611.05267: a dilated convolution, ReLU, a dense layer, and what came in added. `FramePlaces`
        and the mean are ours.
    """
    shown = keras.layers.Dense(config.video_units, name="video_projection")(features)
    vectors = FramePlaces(name="video_places")(shown)
    for dilation in DILATIONS:
        name = f"video_convolution_{dilation}"
        found = FrameConvolution(config.video_units, dilation=dilation, activation="relu", name=name)(vectors)
        mixed = keras.layers.Dense(config.video_units, name=f"{name}_mixed")(found)
        vectors = keras.layers.Add(name=f"{name}_added")([vectors, mixed])
    return keras.layers.GlobalAveragePooling1D(name="video_vector")(vectors)


def average(features: Any, config: ModelConfig) -> Any:
    """Return the mean over the frames, in any order: `(batch, num_frames, dim)` → `(batch, dim)`."""
    return keras.layers.GlobalAveragePooling1D(name="video_mean")(features)


def attend(features: Any, config: ModelConfig) -> Any:
    """Return a weighted mean over the frames: `(batch, num_frames, feature_dim)` → `(batch, units)`.

    The features and the place in time of a frame go through one tanh together, so the same content early and
    late gives different vectors; a plain mean cannot tell them apart. A linear layer scores each vector, and
    a softmax over the frames turns the scores into weights.

    Source: word attention of Yang et al. 2016 ("Hierarchical attention networks for document
        classification"), with a learned scorer for its context vector and `FramePlaces` for its recurrent
        layer.
    """
    shown = keras.layers.Dense(config.video_units, name="video_projection")(features)
    placed = keras.layers.Activation("tanh", name="video_placed")(FramePlaces(name="video_places")(shown))
    scores = keras.layers.Dense(1, use_bias=False, name="video_scores")(placed)
    weights = FrameWeights(name="video_weights")(scores)
    mean = keras.layers.Dot(axes=1, name="video_attention")([weights, placed])
    return keras.layers.Flatten(name="video_vector")(mean)


VIDEO_BRANCH_FUNCTIONS: dict[str, Callable[[Any, ModelConfig], Any] | None] = {
    "lstm": read_in_order,
    "bidirectional": read_both_ways,
    "convolution": convolve,
    "attention": attend,
    "mean": average,
    "none": None,
}


def question_branch(token_ids: Any, config: ModelConfig) -> Any:
    """Return an LSTM's last state over the words, padding masked: `(batch, tokens)` → `(batch, units)`."""
    embedding = keras.layers.Embedding(
        config.vocabulary_size, config.embedding_dim, mask_zero=True, name="question_embedding"
    )
    return keras.layers.LSTM(config.question_units, name="question_lstm")(embedding(token_ids))


def answer_head(vectors: list[Any], config: ModelConfig) -> Any:
    """Return the probability of each answer, `(batch, num_answers)`, from the joined vectors."""
    joined = keras.layers.Concatenate(name="join")(vectors) if len(vectors) > 1 else vectors[0]
    if config.dropout:
        joined = StatelessDropout(config.dropout, name="joined_dropout")(joined)
    hidden = keras.layers.Dense(config.hidden_units, activation="relu", name="hidden")(joined)
    answer = keras.layers.Dense(
        config.num_answers, activation="softmax", dtype=softmax_dtype(), name="answer"
    )
    return answer(hidden)
