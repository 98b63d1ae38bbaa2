"""The stages of a run, trained by one loop: the blind model, the model, its backbone's last layers."""

import dataclasses
import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from videoqa._progress import say
from videoqa.config import ModelConfig, RunConfig
from videoqa.input_pipeline import Examples, balance_in_words, balanced, feature_moments, regularised
from videoqa.models.weight_files import weights_bytes
from videoqa.saving import BLIND, ModelFolder, load_model_folder, save_model_folder
from videoqa.training.label_weights import label_weights_in_words
from videoqa.training.metrics import metrics_of_run
from videoqa.training.resuming import resumable
from videoqa.training.state import PHASES, Position

if TYPE_CHECKING:
    import keras

    from videoqa.training.run import Run


@dataclass(frozen=True)
class Stage:
    """The training of one model within a run.

    Attributes:
        phase: one of `state.PHASES`.
        config: of the model and of its training.
        logs: folder of its logs.
        training: rows to learn from; those with `answer_id` −1 have weight 0.
        validation: rows to choose the epoch by; without any, all epochs are trained. With `balance`, both
            have `row_weights`.
        callbacks: Keras callbacks, called on worker 0 after the CSV and TensorBoard logs.
        start_weights: gives the fresh model the weights to start from; None: random ones.
        begin_at: the position with the history and the best score of the stage before; None: at nothing.
    """

    phase: str
    config: RunConfig
    logs: Path
    training: Examples
    validation: Examples
    callbacks: tuple[Any, ...] = ()
    start_weights: "Callable[[keras.Model], None] | None" = None
    begin_at: Position | None = None


@dataclass(frozen=True)
class TrainedModel:
    """The model of a stage after its training.

    Attributes:
        model: the form it was trained in, from features or from frames.
        features_form: the form that a model folder holds: that which starts from features, if there is one.
        position: the end of its training, with the figures of each epoch.
        backbone_weights: content of the file of a trained backbone's weights; None: it was frozen.
    """

    model: "keras.Model"
    features_form: "keras.Model"
    position: Position
    backbone_weights: bytes | None


def train_stage(run: "Run", stage: Stage) -> TrainedModel:
    """Train the model of a stage and return it.

    Raises:
        TrainingStopped: some worker was asked to stop.
        ValueError: weights to start from that do not fit the model, or a training that diverged.
    """
    import keras

    from videoqa.models.building import computing_in
    from videoqa.training.distribution import variables_of
    from videoqa.training.loop import Training

    config, training = stage.config, stage.config.training
    keras.utils.set_random_seed(training.seed)
    from_frames = stage.training.clips is not None and stage.training.clip_input == "clip"
    with computing_in(training.precision), variables_of(training, run.strategy).scope():
        model = _built(stage, starts_from="clip" if from_frames else "features")
    if config.model.standardize and config.model.sees_video and not from_frames:
        standardize(model, config.model, stage.training.clips_shown())
    if stage.start_weights is not None:
        stage.start_weights(model)
    training_loop = Training(model, run, stage)
    training_loop.run()
    features_form, backbone_weights = model, None
    if config.model.has_backbone and from_frames and run.control.is_chief:  # who alone has the best weights
        features_form, backbone_weights = _without_backbone(model, config)
    return TrainedModel(model, features_form, training_loop.position, backbone_weights)


def standardize(model: "keras.Model", config: ModelConfig, clips: Iterable[np.ndarray]) -> None:
    """Let a model bring the features of the training clips to mean 0 and deviation 1.

    A difference has mean 0, whichever way a clip is played.

    Args:
        model: of `config`, with its layer for that.
        config: says which features the model also reads the change of.
        clips: float `(num_frames, feature_dim)` each.
    """
    from videoqa.models.cnn_lstm import STANDARDIZATION, num_changing

    changing = num_changing(config)
    mean, deviation = feature_moments(clips, changing)
    if changing:
        mean[-changing:] = 0
    layer = model.get_layer(STANDARDIZATION)
    seen = slice(-layer.mean.shape[0], None)  # with the flow alone, what the model reads is at the end
    layer.adapt_to(mean[seen], deviation[seen])


def train_blind(run: "Run") -> ModelFolder | None:
    """Train the blind model and return its folder, `blind/`; None where there is none to train.

    There is none for actions, with `blind=False` and if the run itself is blind. Only worker 0 gets a folder.
    """
    data, config = run.data, run.config
    if data.vocabulary is None or not config.training.blind or not config.model.sees_video:
        return None
    folder = run.folder / BLIND
    if is_past(run, "blind"):
        return load_model_folder(folder) if run.control.is_chief else None
    model = dataclasses.replace(config.model, video_branch="none", train_backbone=False)
    training = dataclasses.replace(config.training, balance=False)  # a floor for accuracy as it is reported
    config = dataclasses.replace(config, model=model, training=training)
    progress = run.request.job.progress and run.control.is_chief
    say("First the blind model, which sees no video, to know what questions alone give.", progress=progress)
    trained = train_stage(run, Stage("blind", config, folder / "logs", *_rows(run, config)))
    if not run.control.is_chief:
        return None
    metrics = metrics_of_run(data, trained, None, config)
    with resumable(run.folder):
        return save_model_folder(
            folder,
            trained.model,
            config,
            vocabulary=data.vocabulary,
            answers=data.answers,
            metrics=metrics,
            question_prior=data.question_prior,
        )


def model_stage(run: "Run", start_weights: "Callable[[keras.Model], None] | None" = None) -> Stage | None:
    """Return the stage of the model itself; None: a second stage goes on from a checkpoint of its own.

    Args:
        run: the run.
        start_weights: gives the model what an earlier phase learned; None: there is no such phase.
    """
    config, initial = run.config, run.request.initial
    if config.training.unfreeze_from is not None and is_past(run, "model"):
        return None
    if initial is not None:
        start_weights = functools.partial(_load_initial, run, initial)
    callbacks, (training, validation) = run.request.job.callbacks, _rows(run, config)
    speaks = run.request.job.progress and run.control.is_chief
    if config.training.balance:
        alone = balanced(dataclasses.replace(training, row_weights=None), known_only=True)
        say(balance_in_words(alone.row_weights), progress=speaks)  # type: ignore[arg-type]
    if run.data.label_weights is not None:
        of_train = (run.data.table["split"] == "train").to_numpy()
        say(label_weights_in_words(run.data.label_weights[of_train]), progress=speaks)
    return Stage("model", config, run.folder / "logs", training, validation, callbacks, start_weights)


def unfrozen_stage(run: "Run", head: TrainedModel | None) -> Stage | None:
    """Return the second stage, which trains the backbone's last layers on.

    None: it was not asked for, or has not begun in a run that is to be finished.

    It begins behind the epochs of the first, whose best one is to be beaten.

    Args:
        run: the run.
        head: what the first stage made; None: the second goes on from where it was stopped.
    """
    from videoqa.models.building import copy_shared_weights

    config = run.config
    if config.training.unfreeze_from is None or (run.request.job.finish and head is not None):
        return None
    training = dataclasses.replace(
        config.training,
        epochs=config.training.unfreeze_epochs,
        learning_rate=config.training.unfreeze_learning_rate,
        learning_rate_schedule="constant",
    )
    model = dataclasses.replace(config.model, train_backbone=True)
    config = dataclasses.replace(config, model=model, training=training)
    start_weights, begin_at = None, None
    if head is not None:
        start_weights = functools.partial(copy_shared_weights, head.features_form)
        begin_at = head.position.of_next_stage()
    rows, callbacks = _rows(run, config), run.request.job.callbacks
    return Stage("unfrozen", config, run.folder / "logs", *rows, callbacks, start_weights, begin_at)


def is_past(run: "Run", phase: str) -> bool:
    """Whether worker 0 goes on from a checkpoint of a later phase."""
    from videoqa.training.distribution import from_chief

    restored = run.checkpoints.restored
    done = restored is not None and PHASES.index(restored.state["phase"]) > PHASES.index(phase)
    run.control.barrier(f"past {phase}")
    return bool(from_chief(run.strategy, [np.array(float(done))])[0])


def _rows(run: "Run", config: RunConfig) -> tuple[Examples, Examples]:
    """Return the training and the validation rows as the model of `config` sees them."""
    data, examples = run.data, run.data.examples
    if config.model.train_backbone and data.frame_examples is not None:  # the second stage's, beside features
        examples = data.frame_examples
    examples = dataclasses.replace(examples, row_weights=data.label_weights)
    validation = dataclasses.replace(data.rows_of("validation", examples), row_weights=None)
    if config.model.sees_video:
        training = data.shown_in_training(examples)
    else:  # no row backwards: the floor is what questions and true frequencies give
        training, validation = data.rows_of("train", examples).without_clips(), validation.without_clips()
    if config.training.balance:
        training, validation = balanced(training, known_only=True), balanced(validation, known_only=False)
    return regularised(training, config.training), validation


def _built(stage: Stage, *, starts_from: str) -> "keras.Model":
    """Return the fresh model; of the second stage with the first layers of its backbone frozen."""
    from videoqa.models.backbones import freeze_before
    from videoqa.models.building import build_from_config

    config = stage.config
    model = build_from_config(config.model, config.sampling.num_frames, starts_from=starts_from)
    if stage.phase == "unfrozen":
        freeze_before(model.get_layer("backbone").layer, config.training.unfreeze_from)
    return model


def _load_initial(run: "Run", initial: ModelFolder, model: "keras.Model") -> None:
    """Copy the weights of an earlier model into a fresh one, and print which layers took some.

    Raises:
        ValueError: a layer that both have differs in shape.
    """
    from videoqa.training.initial_weights import load_initial_weights

    data = run.data
    copied = load_initial_weights(model, initial, vocabulary=data.vocabulary, answers=data.answers)
    say(f"Starting from {initial.path}: {', '.join(copied)}.", progress=run.request.job.progress)


def _without_backbone(model: "keras.Model", config: RunConfig) -> "tuple[keras.Model, bytes]":
    """Return the features form with the trained weights, and the content of a file of the backbone's."""
    from videoqa.models.building import build_from_config, copy_shared_weights

    features_form = build_from_config(config.model, config.sampling.num_frames, starts_from="features")
    copy_shared_weights(model, features_form)
    return features_form, weights_bytes(model.get_layer("backbone").layer)
