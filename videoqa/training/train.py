"""`train`: from annotations and videos to a model folder."""

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videoqa._checks import refusal
from videoqa._command import training_command
from videoqa._progress import say
from videoqa._versions import installed_versions
from videoqa.auditing.archives import check_unpacked
from videoqa.auditing.before_training import say_table_findings
from videoqa.config import DEFAULT_BACKBONE_WEIGHTS, ModelConfig, RunConfig, run_config_from_options
from videoqa.data.annotations import read_annotations, split_sources
from videoqa.data.specs import options_of
from videoqa.data.splits import attach_validation
from videoqa.evaluation.metrics import majority_answers
from videoqa.evaluation.scoring import score_examples
from videoqa.models.backbones import backbone_identity
from videoqa.saving import (
    BLIND,
    ModelFolder,
    check_new_folder,
    load_model_folder,
    removed_if_left_empty,
    save_model_folder,
)
from videoqa.training.preparing import PreparedData, prepare_data

if TYPE_CHECKING:
    import keras

    from videoqa.training.fitting import FittedModel

INITIAL_FIELDS = ("video_branch", "video_units", "embedding_dim", "question_units", "hidden_units")
"""What an earlier model must have in common with one that starts from its weights."""


@dataclass(frozen=True)
class TrainingRun:
    """What `train` made.

    Attributes:
        out: the model folder.
        config: the configuration, with the sizes the model really has.
        history: per epoch the figures of `training.loop.run_epochs`.
        metrics: what `metrics.json` holds.
    """

    out: Path
    config: RunConfig
    history: list[dict[str, float]]
    metrics: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return the run as one JSON-ready object."""
        return {"out": str(self.out), "num_epochs": len(self.history), **self.metrics}


def train(
    data: Any = None,
    *,
    out: str | os.PathLike[str] | None = None,
    callbacks: Sequence["keras.callbacks.Callback"] = (),
    initial_model: str | os.PathLike[str] | None = None,
    progress: bool = True,
    **options: Any,
) -> TrainingRun:
    """Train a model on annotated videos and return the run, whose folder `ask` and `evaluate` take.

    Vocabulary and answers come from the training split only. A video that cannot be read costs its rows,
    which are counted and printed, never the run. Op determinism is on: the same seed twice on one machine
    gives the same weights.

    Args:
        data: path of a CSV or JSONL file, the name of a built-in set, a DataFrame, or a list of these.
        out: folder to write; None: `runs/<date-time>`.
        callbacks: Keras callbacks, called after the run's own.
        initial_model: folder of an earlier model whose weights to start from.
        progress: print messages, and bars on a terminal.
        **options: any field of `DataConfig` (`videos`, `task`, `limit`, …), `SamplingConfig`, `ModelConfig`
            and `TrainingConfig`.

    Raises:
        ValueError: an option out of range, a split without rows, fewer than two different answers, or a
            forecast of memory or disk that does not fit.
        FileNotFoundError: an annotation file or folder that does not exist.
        FileExistsError: `out` already holds a run.

    Example:
        >>> run = videoqa.train("my.csv", videos="clips/", out="runs/mine", epochs=10)
    """
    sources, tables = split_sources(data)
    own = options_of(sources)
    config = run_config_from_options({**own, **options, "data": sources})
    earlier = None if initial_model is None else load_model_folder(initial_model)
    _check_input(config)
    check_unpacked(config.data.videos)
    folder = check_new_folder(Path("runs") / f"{datetime.now():%Y-%m-%d-%H%M%S}" if out is None else out)
    asked = training_command(config, named=own, out=folder, initial_model=initial_model)
    with removed_if_left_empty(folder):
        table = read_annotations(
            config.data,
            tables=tables,
            seed=config.training.seed,
            with_videos=config.model.video_branch != "none",
        )
        table = attach_validation(table, config.training.seed, config.training.validation_share)
        config = dataclasses.replace(
            config, model=dataclasses.replace(config.model, task=table.attrs["task"])
        )
        _check_input(config)
        _check_initial(earlier, config)
        say_table_findings(table, config, progress=progress)
        prepared = prepare_data(table, config, num_tables=len(tables), progress=progress)
    strategy = _start_strategy(prepared.config, progress)
    blind = _fit_blind(prepared, folder, strategy, progress)
    fitted = _fit(
        prepared,
        prepared.config,
        folder,
        strategy=strategy,
        callbacks=callbacks,
        initial=earlier,
        progress=progress,
    )
    origin = {"command": "" if tables else asked, "versions": installed_versions()}
    metrics = _metrics(prepared, fitted, blind, prepared.config) | origin
    saved = save_model_folder(
        folder,
        fitted.features_form,
        prepared.config,
        vocabulary=prepared.vocabulary,
        answers=prepared.answers,
        metrics=metrics,
        backbone_weights=fitted.backbone_weights or _local_backbone_file(prepared.config.model),
        question_prior=prepared.question_prior,
    )
    say(f"The model is in {saved.path}.", progress=progress)
    return TrainingRun(saved.path, saved.config, fitted.history, metrics)


def _start_strategy(config: RunConfig, progress: bool) -> Any:
    from videoqa.training.fitting import start_strategy

    return start_strategy(config.training, progress=progress)


def _fit(prepared: PreparedData, config: RunConfig, folder: Path, **options: Any) -> "FittedModel":
    from videoqa.training.fitting import fit_model

    (_, training), (_, validation) = prepared.split("train"), prepared.split("validation")
    if config.model.video_branch == "none":
        training, validation = training.without_clips(), validation.without_clips()
    return fit_model(
        config,
        training,
        validation,
        folder,
        vocabulary=prepared.vocabulary,
        answers=prepared.answers,
        **options,
    )


def _fit_blind(prepared: PreparedData, folder: Path, strategy: Any, progress: bool) -> ModelFolder | None:
    """Train the blind model into `folder/blind`; None for actions, `blind=False` or a blind run."""
    config = prepared.config
    if prepared.vocabulary is None or not config.training.blind or config.model.video_branch == "none":
        return None
    model = dataclasses.replace(config.model, video_branch="none", train_backbone=False)
    config = dataclasses.replace(config, model=model)
    fitted = _fit(prepared, config, folder / BLIND, strategy=strategy, progress=progress, name="blind model")
    return save_model_folder(
        folder / BLIND,
        fitted.model,
        config,
        vocabulary=prepared.vocabulary,
        answers=prepared.answers,
        metrics=_metrics(prepared, fitted, None, config),
        question_prior=prepared.question_prior,
    )


def _metrics(
    prepared: PreparedData, fitted: "FittedModel", blind: ModelFolder | None, config: RunConfig
) -> dict[str, Any]:
    """Return what `metrics.json` holds: counts, the epochs and the scores on the validation rows."""
    (training_rows, _), (rows, examples) = prepared.split("train"), prepared.split("validation")
    majority = majority_answers(training_rows)
    metrics: dict[str, Any] = {
        "num_train_rows": len(training_rows),
        "num_validation_rows": len(rows),
        "num_dropped_rows": prepared.num_dropped,
        "num_tables": prepared.num_tables,
        "majority_answers": majority,
        "groups": prepared.groups,
        "videos": prepared.videos,
        "history": fitted.history,
    }
    if len(rows):
        seen = examples.without_clips() if config.model.video_branch == "none" else examples
        metrics["validation"] = score_examples(
            rows, seen, fitted.model, blind=blind, answers=prepared.answers, majority=majority,
            question_prior=prepared.question_prior, score_groups=prepared.table.attrs.get("score_groups"),
        ).scores  # fmt: skip
    return metrics


def _local_backbone_file(model: ModelConfig) -> str | None:
    """Return the weights file to keep with the model: the user's own, not one found by its name."""
    if model.video_branch == "none" or model.backbone_weights in DEFAULT_BACKBONE_WEIGHTS.values():
        return None
    return model.backbone_weights


def _check_input(config: RunConfig) -> None:
    model = config.model
    if model.task == "action" and model.video_branch == "none":
        requirement = "be another branch for actions: without video and question nothing is left"
        raise ValueError(refusal("video_branch", requirement, model.video_branch))
    if model.backbone_weights is None and not model.train_backbone and model.video_branch != "none":
        advice = "Give weights, or train the backbone with `train_backbone=True`."
        raise ValueError(refusal("backbone_weights", "be given for a frozen backbone", None, advice))
    if model.train_backbone and model.video_branch == "none":
        raise ValueError(refusal("train_backbone", "be False for a blind model", True))


def _check_initial(initial: ModelFolder | None, config: RunConfig) -> None:
    """Refuse an earlier model whose weights cannot serve the new one, before any work is done."""
    if initial is None:
        return
    if initial.config.model.task != config.model.task:
        requirement = f"be a model for the task of the data, {config.model.task!r}"
        raise ValueError(
            refusal("initial_model", requirement, f"{initial.path} ({initial.config.model.task})")
        )
    for name in INITIAL_FIELDS:
        ours, theirs = getattr(config.model, name), getattr(initial.config.model, name)
        if ours != theirs:
            requirement = f"have the new model's {name}={ours!r}"
            raise ValueError(refusal("initial_model", requirement, f"{initial.path} ({name}={theirs!r})"))
    model = config.model
    backbone = backbone_identity(model.backbone, model.backbone_weights, model.backbone_layer)
    if not model.train_backbone and model.video_branch != "none" and backbone != initial.backbone:
        requirement = f"have learned from the new model's backbone, {backbone}"
        advice = (
            f"Give it its own: backbone_weights={str(initial.path / 'backbone.weights.h5')!r}, if it has one."
        )
        raise ValueError(
            refusal("initial_model", requirement, f"{initial.path} ({initial.backbone})", advice)
        )
