"""Builds a model, trains it on examples and returns it with what its folder needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import tensorflow as tf

from videoqa._progress import say
from videoqa.config import RunConfig, TrainingConfig
from videoqa.input_pipeline import PREFETCHED_BATCHES, Examples
from videoqa.models.backbones import freeze_before
from videoqa.models.building import build_from_config, copy_shared_weights
from videoqa.saving import BACKBONE_WEIGHTS, ModelFolder
from videoqa.text.answers import AnswerList
from videoqa.text.vocabulary import Vocabulary
from videoqa.training.control import RunControl
from videoqa.training.initial_weights import load_initial_weights
from videoqa.training.loop import Training
from videoqa.training.position import Position
from videoqa.training.precision import computing_in
from videoqa.training.run_checkpoints import RunCheckpoints
from videoqa.training.strategies import make_strategy, variables_of


@dataclass(frozen=True)
class FittedModel:
    """A trained model.

    Attributes:
        model: the form it was trained in, from features or from frames.
        features_form: the form that a model folder holds: that which starts from features, if there is one.
        history: figures of each epoch.
        backbone_weights: file with the weights of a trained backbone; None: it was frozen.
        best_score: validation accuracy and negative loss of the best epoch; None: no epoch was validated.
    """

    model: keras.Model
    features_form: keras.Model
    history: list[dict[str, float]]
    backbone_weights: Path | None
    best_score: tuple[float, float] | None = None


def fit_model(
    config: RunConfig,
    train_examples: Examples,
    validation_examples: Examples,
    folder: Path,
    *,
    strategy: tf.distribute.Strategy,
    control: RunControl,
    checkpoints: RunCheckpoints,
    vocabulary: Vocabulary | None,
    answers: AnswerList,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    initial: ModelFolder | None = None,
    prefetch_batches: int = PREFETCHED_BATCHES,
    progress: bool = True,
    phase: str = "model",
    head: FittedModel | None = None,
) -> FittedModel:
    """Train the model that `config` describes and return it; logs go to `folder/logs`.

    Args:
        config: with the sizes of `vocabulary` and `answers`.
        train_examples, validation_examples: rows whose video could be read.
        folder: the run's folder.
        strategy: from `start_strategy`, one for all models of a process.
        control: the place of this process among the workers.
        checkpoints: of the run.
        vocabulary: None for actions.
        answers: answer of each class.
        callbacks: called after the CSV and TensorBoard logs.
        initial: an earlier model whose weights to start from.
        prefetch_batches: batches prepared ahead of the step.
        progress: print messages, and a bar on a terminal.
        phase: one of `run_checkpoints.PHASES`.
        head: what the phase "model" made, when this one trains it on together with its backbone; None: as it
            was restored from a checkpoint, or another phase.

    Raises:
        TrainingStopped: some worker was asked to stop.
    """
    keras.utils.set_random_seed(config.training.seed)
    end_to_end = train_examples.clips is not None and train_examples.clip_input == "clip"
    with computing_in(config.training.precision), variables_of(config.training, strategy).scope():
        model = _built(config, phase, end_to_end=end_to_end)
    if head is not None:
        copy_shared_weights(head.features_form, model)
    if initial is not None:
        copied = load_initial_weights(model, initial, vocabulary=vocabulary, answers=answers)
        say(f"Starting from {initial.path}: {', '.join(copied)}.", progress=progress)
    trained = Training(
        model,
        config.model,
        train_examples,
        validation_examples if len(validation_examples) else None,
        config.training,
        strategy=strategy,
        control=control,
        checkpoints=checkpoints,
        phase=phase,
        logs=folder / "logs",
        begin_at=None if head is None else after_head(head),
        callbacks=callbacks,
        prefetch_batches=prefetch_batches,
        progress=progress,
    )
    history = trained.run()
    if (
        not config.model.has_backbone or not end_to_end or not control.is_chief
    ):  # worker 0 alone writes what is saved
        return FittedModel(model, model, history, None, trained.position.best_score)
    features_form, backbone_weights = _without_backbone(model, config, folder)
    return FittedModel(model, features_form, history, backbone_weights, trained.position.best_score)


def _built(config: RunConfig, phase: str, *, end_to_end: bool) -> keras.Model:
    """Return the fresh model; of the second stage with the first layers of its backbone frozen."""
    starts_from = "clip" if end_to_end else "features"
    model = build_from_config(config.model, config.sampling.num_frames, starts_from=starts_from)
    if phase == "unfrozen":
        freeze_before(model.get_layer("backbone").layer, config.training.unfreeze_from)
    return model


def start_strategy(
    training: TrainingConfig, *, gpu_memory_limit: int | None = None, progress: bool = True
) -> tf.distribute.Strategy:
    """Return the strategy of a run, with every op deterministic; several strategies at once would mix up
    their messages."""
    keras.utils.set_random_seed(training.seed)  # determinism asks for a seed of every random op
    tf.config.experimental.enable_op_determinism()
    return make_strategy(training.strategy, gpu_memory_limit=gpu_memory_limit, progress=progress)


def _without_backbone(model: keras.Model, config: RunConfig, folder: Path) -> tuple[keras.Model, Path]:
    """Return the features form with the trained weights, and the file the backbone's went to."""
    features_form = build_from_config(config.model, config.sampling.num_frames, starts_from="features")
    copy_shared_weights(model, features_form)
    path = folder / BACKBONE_WEIGHTS
    model.get_layer("backbone").layer.save_weights(path)
    return features_form, path


def after_head(head: FittedModel) -> Position:
    """Return where the second stage begins: behind the epochs of the head, whose best one is to be beaten."""
    return Position(history=list(head.history), best_score=head.best_score)
