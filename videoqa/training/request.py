"""What a run was asked for: options and sources made into a checked configuration, before any work."""

import dataclasses
import os
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import pandas as pd

from videoqa._checks import refusal
from videoqa._command import training_command
from videoqa.auditing.archives import check_unpacked
from videoqa.config import ModelConfig, RunConfig, run_config_from_options
from videoqa.data.annotations import split_sources
from videoqa.data.specs import options_of, usual_task
from videoqa.features.encode import check_crop
from videoqa.launching.job import Job
from videoqa.models.backbones import INCEPTION_V3_CHANNELS, backbone_identity
from videoqa.saving import ModelFolder, load_model_folder
from videoqa.training.checkpoints import newest_checkpoint
from videoqa.training.checks import check_recipe
from videoqa.training.resuming import check_same_run, check_unfinished, options_of_run
from videoqa.training.run_folder import CHECKPOINTS
from videoqa.training.settling import check_resumable

INITIAL_FIELDS = (
    "architecture",
    "width",
    "peepholes",
    "video_branch",
    "video_units",
    "embedding_dim",
    "question_units",
    "hidden_units",
)
"""What an earlier model must have in common with one that starts from its weights."""


@dataclass(frozen=True)
class Request:
    """A run as it was asked for.

    Attributes:
        config: of all options; its model's sizes are at most what the data will give.
        tables: the sources that are DataFrames.
        own_options: those that the data brings along.
        initial: the model to start from; None: fresh weights.
    """

    config: RunConfig
    tables: list[pd.DataFrame]
    own_options: dict[str, Any]
    initial: ModelFolder | None

    def command(self, job: Job, folder: Path) -> str:
        """Return the `videoqa-train` command that asks for the same; "" with DataFrames."""
        if self.tables:
            return ""
        return training_command(
            self.config, named=self.own_options, out=folder, initial_model=job.initial_model
        )


def read_request(job: Job) -> Request:
    """Return what `job` asks for.

    Raises:
        ValueError: an option out of range, or parts that do not fit together.
        FileNotFoundError: no such source or earlier model.
    """
    sources, tables = split_sources(list(job.data) or None)
    own = options_of(sources)
    config = run_config_from_options({**own, **job.options, "data": sources})
    initial = None if job.initial_model is None else load_model_folder(job.initial_model)
    task = config.data.task or usual_task(sources)
    model = config.model if task is None else dataclasses.replace(config.model, task=task)
    check_input(dataclasses.replace(config, model=model), task_known=task is not None)
    check_unpacked(config.data.videos)
    return Request(config, tables, own, initial)


@dataclass(frozen=True)
class Resumed:
    """What a resumed run is to be, as `train` takes it.

    Attributes:
        data: sources.
        options: flat options of the configuration.
        initial_model: folder of the model it started from.
        saved: state of the newest checkpoint; None on a worker that does not see the run's folder.
    """

    data: Any
    options: dict[str, Any]
    initial_model: str | None
    saved: dict[str, Any] | None = None

    def check(self, config: RunConfig, folder: Path) -> None:
        """Refuse before any work what differs from the run, as far as options tell.

        Raises:
            ValueError: naming every option that differs, or the run has come to its end.
        """
        if self.saved is not None:
            check_same_run(self.saved, config, self.saved["hashes"])
            check_unfinished(self.saved, config, folder)


def resumed(
    out: str | os.PathLike[str] | None, data: Any, options: dict[str, Any], initial_model: str | None
) -> Resumed:
    """Return data and options of a resumed run: what was given, else as it was.

    On a worker that does not see the run's folder, what was given is all there is.

    Raises:
        ValueError: no `out`, nothing to resume, data that has to be given again, or another initial model.
    """
    if out is None:
        raise ValueError(refusal("out", "be given with resume: the folder of the run to go on with", None))
    folder = Path(out)
    if not (folder / CHECKPOINTS).is_dir() and data is not None:
        return Resumed(data, options, initial_model)
    check_resumable(folder)
    newest = newest_checkpoint(folder / CHECKPOINTS, progress=False)
    assert newest is not None  # check_resumable saw one
    saved = newest.state
    if initial_model not in (None, saved["initial_model"]):
        requirement = f"be left out, or be as it was: {saved['initial_model']!r}"
        raise ValueError(refusal("initial_model", requirement, initial_model))
    given = options if data is None else {**options, "data": split_sources(data)[0]}
    merged = options_of_run(saved["config"], given, num_tables=saved["num_tables"])
    if merged["averaging_frequency"] is not None and merged["strategy"] != "multiworker":
        advice = "Leave out --strategy; one worker will do."
        requirement = "be 'multiworker', as it was: the run averages the weights of its workers"
        raise ValueError(refusal("strategy", requirement, merged["strategy"], advice))
    sources = merged.pop("data", None)
    initial_model = saved["initial_model"]
    if saved["phase"] != "blind" and initial_model is not None and not Path(initial_model).is_dir():
        initial_model = None  # its weights have long been taken
    return Resumed(data if data is not None else sources, merged, initial_model, saved)


def check_input(config: RunConfig, *, task_known: bool = True) -> None:
    """Raise `ValueError` when the model would see nothing, or not what it can learn from.

    Args:
        config: the run's configuration.
        task_known: whether its task is that of the data, which has not been read at first.
    """
    model = config.model
    if model.task == "action" and model.video_branch == "none":
        requirement = "be another branch for actions: without video and question nothing is left"
        raise ValueError(refusal("video_branch", requirement, model.video_branch))
    if not model.has_backbone and task_known and model.task != "action":
        requirement = "be 'cnn_lstm' for a table of questions: it names actions only"
        raise ValueError(refusal("architecture", requirement, model.architecture))
    if (
        model.has_backbone
        and model.backbone_weights is None
        and not model.train_backbone
        and model.sees_video
    ):
        advice = "Give weights, or train the backbone with `train_backbone=True`."
        raise ValueError(refusal("backbone_weights", "be given for a frozen backbone", None, advice))
    if config.training.unfreeze_from is not None:
        check_unfreezing(model, config.training.unfreeze_from)
    check_recipe(model, config.training)
    if model.train_backbone and model.video_branch == "none":
        raise ValueError(refusal("train_backbone", "be False for a blind model", True))
    check_crop(config)
    if config.sampling.short_clips == "mask" and model.architecture != "conv_lstm":
        requirement = "be 'repeat', 'skip' or 'loop': only architecture='conv_lstm' can mask missing frames"
        raise ValueError(refusal("short_clips", requirement, "mask"))


def check_unfreezing(model: ModelConfig, layer: str) -> None:
    """Refuse a second stage that would train nothing, or everything again."""
    if model.backbone != "inception_v3" or model.train_backbone or not model.sees_video:
        requirement = "be left out unless a frozen inception_v3 comes first"
        raise ValueError(refusal("unfreeze_from", requirement, layer))
    names = list(INCEPTION_V3_CHANNELS)
    last = names.index(model.backbone_layer or names[-1])
    if layer not in names[:last]:
        requirement = f"be a layer before the backbone's last: one of {', '.join(names[:last]) or 'none'}"
        raise ValueError(refusal("unfreeze_from", requirement, layer))


def check_initial(initial: ModelFolder | None, config: RunConfig) -> None:
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
    _check_initial_shapes(initial, config)
    _check_initial_backbone(initial, config.model)


def _check_initial_shapes(initial: ModelFolder, config: RunConfig) -> None:
    """Refuse weights whose shapes depend on the size of the frames, or on their number, and differ."""
    if _sizes(initial.config) == _sizes(config):
        return
    requirement = f"have learned from {_frames_text(config)} pixels, as the new model will"
    raise ValueError(
        refusal("initial_model", requirement, f"{initial.path} ({_frames_text(initial.config)})")
    )


def _frames_text(config: RunConfig) -> str:
    """Return how many frames a model sees, and of what size."""
    height, width = config.model.frame_size  # type: ignore[misc]
    return f"{config.sampling.num_frames} frames of {height}x{width}"


def _sizes(config: RunConfig) -> tuple[int, ...]:
    """What the shapes of weights depend on, beside `INITIAL_FIELDS`: c3d pools before its dense layers."""
    height, width = config.model.frame_size  # type: ignore[misc]
    if config.model.architecture == "c3d":
        return ceil(config.sampling.num_frames / 16), ceil(height / 32), ceil(width / 32)
    return (height, width) if config.model.architecture == "conv_lstm" else ()


def _check_initial_backbone(initial: ModelFolder, model: ModelConfig) -> None:
    if model.learns_from_frames or not model.sees_video:
        return
    backbone = backbone_identity(model.backbone, model.backbone_weights, model.backbone_layer)
    if backbone != initial.backbone:
        requirement = f"have learned from the new model's backbone, {backbone}"
        advice = (
            f"Give it its own: backbone_weights={str(initial.path / 'backbone.weights.h5')!r}, if it has one."
        )
        raise ValueError(
            refusal("initial_model", requirement, f"{initial.path} ({initial.backbone})", advice)
        )
