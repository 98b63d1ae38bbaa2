"""Builds a model, trains it on examples and returns it with what its folder needs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras

from videoqa.config import RunConfig
from videoqa.input_pipeline import Examples
from videoqa.models.backbones import freeze_before
from videoqa.models.building import build_from_config, computing_in, copy_shared_weights
from videoqa.saving import BACKBONE_WEIGHTS
from videoqa.training.context import RunContext
from videoqa.training.distribution import variables_of
from videoqa.training.loop import Training
from videoqa.training.state import Position


@dataclass(frozen=True)
class FittedModel:
    """A trained model.

    Attributes:
        model: the form it was trained in, from features or from frames.
        features_form: the form that a model folder holds: that which starts from features, if there is one.
        position: the end of its training, with the figures of each epoch.
        backbone_weights: file with the weights of a trained backbone; None: it was frozen.
    """

    model: keras.Model
    features_form: keras.Model
    position: Position
    backbone_weights: Path | None


def fit_model(
    config: RunConfig,
    train_examples: Examples,
    validation_examples: Examples,
    folder: Path,
    context: RunContext,
    *,
    phase: str = "model",
    callbacks: Sequence[keras.callbacks.Callback] = (),
    start_weights: Callable[[keras.Model], None] | None = None,
    begin_at: Position | None = None,
) -> FittedModel:
    """Train the model that `config` describes and return it; logs go to `folder/logs`.

    Args:
        config: with the sizes of the vocabulary and of the list of answers.
        train_examples, validation_examples: rows whose video could be read.
        folder: the run's folder.
        context: what all stages of the run share.
        phase: one of `state.PHASES`.
        callbacks: called after the CSV and TensorBoard logs.
        start_weights: gives the fresh model the weights to start from; None: random ones.
        begin_at: where the phase begins, with the history and the best score of the one before; None: at
            nothing.

    Raises:
        TrainingStopped: some worker was asked to stop.
        ValueError: weights to start from that do not fit the model, or a training that diverged.
    """
    keras.utils.set_random_seed(config.training.seed)
    end_to_end = train_examples.clips is not None and train_examples.clip_input == "clip"
    with computing_in(config.training.precision), variables_of(config.training, context.strategy).scope():
        model = _built(config, phase, end_to_end=end_to_end)
    if start_weights is not None:
        start_weights(model)
    trained = Training(
        model,
        config,
        train_examples,
        validation_examples,
        context,
        phase=phase,
        logs=folder / "logs",
        begin_at=begin_at,
        callbacks=callbacks,
    )
    trained.run()
    features_form, backbone_weights = model, None
    is_writer = context.control.is_chief  # worker 0, who alone has the best weights
    if config.model.has_backbone and end_to_end and is_writer:
        features_form, backbone_weights = _without_backbone(model, config, folder)
    return FittedModel(model, features_form, trained.position, backbone_weights)


def _built(config: RunConfig, phase: str, *, end_to_end: bool) -> keras.Model:
    """Return the fresh model; of the second stage with the first layers of its backbone frozen."""
    starts_from = "clip" if end_to_end else "features"
    model = build_from_config(config.model, config.sampling.num_frames, starts_from=starts_from)
    if phase == "unfrozen":
        freeze_before(model.get_layer("backbone").layer, config.training.unfreeze_from)
    return model


def _without_backbone(model: keras.Model, config: RunConfig, folder: Path) -> tuple[keras.Model, Path]:
    """Return the features form with the trained weights, and the file the backbone's went to."""
    features_form = build_from_config(config.model, config.sampling.num_frames, starts_from="features")
    copy_shared_weights(model, features_form)
    path = folder / BACKBONE_WEIGHTS
    model.get_layer("backbone").layer.save_weights(path)
    return features_form, path
