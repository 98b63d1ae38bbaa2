"""The keyword options of `train`, `encode`, `audit`, `evaluate` and others, for editors and `help`.

The dataclasses beside this file define meanings, defaults and checks. Type checkers need names and types
written out, so they are repeated here; `tests/test_config.py` keeps them equal.
"""

import dataclasses
import inspect
import os
from collections.abc import Callable, Sequence
from typing import Any, Required, TypedDict, TypeVar, get_type_hints

from videoqa.config.data import DataConfig
from videoqa.config.extraction import ExtractionConfig
from videoqa.config.labeling import LabelExportConfig
from videoqa.config.launch import LaunchConfig
from videoqa.config.model import ModelConfig
from videoqa.config.sampling import SamplingConfig
from videoqa.config.training import TrainingConfig

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
"""One path or several."""
Texts = str | Sequence[str]
"""One text or several."""
Function = TypeVar("Function", bound=Callable[..., Any])


class EvaluateOptions(TypedDict, total=False):
    """Fields of `DataConfig` except `data` (a separate argument) and `task` (the model's)."""

    videos: Paths
    annotations: Paths
    reverse_labels: str | os.PathLike[str] | None
    fold: int | None
    classes: Texts
    allow_other_counts: bool
    limit: int | None


class DataOptions(EvaluateOptions, total=False):
    """Fields of `DataConfig` except `data`."""

    task: str | None
    mirror_labels: str | os.PathLike[str] | None


class SamplingOptions(TypedDict, total=False):
    """Fields of `SamplingConfig`."""

    num_frames: int
    frame_step: int | None
    frames_per_second: float | None
    max_grid_frames: int
    short_clips: str
    num_test_clips: int
    crop: str
    flip: bool


class ModelOptions(TypedDict, total=False):
    """Fields of `ModelConfig` except the task, which comes from the data."""

    architecture: str
    width: float
    peepholes: bool
    l2: float | None
    num_answers: int
    vocabulary_size: int
    backbone: str | None
    backbone_weights: str | os.PathLike[str] | None
    backbone_layer: str | None
    pooling: str
    motion: str
    standardize: bool
    frame_size: tuple[int, int] | None
    video_branch: str
    video_units: int
    embedding_dim: int
    question_units: int
    hidden_units: int
    dropout: float | None
    train_backbone: bool


class TrainingOptions(TypedDict, total=False):
    """Fields of `TrainingConfig`."""

    epochs: int
    batch_size: int
    learning_rate: float
    learning_rate_schedule: str
    decay_rate: float
    decay_steps: int
    seed: int
    patience: int | None
    validation_share: float
    blind: bool
    strategy: str
    averaging_frequency: int | None
    precision: str
    balance: bool
    label_weight: str | None
    feature_noise: float
    frame_dropping: float
    mixup: float
    pretrain: str | None
    pretrain_epochs: int
    pretrain_videos: Paths
    unfreeze_from: str | None
    unfreeze_epochs: int
    unfreeze_learning_rate: float


class LaunchOptions(TypedDict, total=False):
    """Fields of `LaunchConfig`."""

    workers: Texts
    worker_index: int | None
    local_workers: int | None
    runner: str
    start_timeout: float
    max_restarts: int
    checkpoint_steps: int
    keep_checkpoints: int
    decode_workers: int | None
    prefetch_batches: int
    gpu_memory_limit: int | None


class ExtractOptions(DataOptions, total=False):
    """Fields of `DataConfig` and `ExtractionConfig`."""

    fps: float
    short_side: int | None
    quality: int


class EncodeOptions(DataOptions, SamplingOptions, total=False):
    """Fields of `DataConfig` and `SamplingConfig`, and the `train` options that decide what is cached."""

    architecture: str
    backbone: str | None
    backbone_weights: str | os.PathLike[str] | None
    backbone_layer: str | None
    pooling: str
    motion: str
    frame_size: tuple[int, int] | None
    train_backbone: bool
    seed: int


class SheetOptions(EncodeOptions, total=False):
    """The options of `encode`, and one of `train`'s that decides which rows are trained on."""

    validation_share: float


class AuditOptions(DataOptions, SamplingOptions, total=False):
    """Fields of `DataConfig` and `SamplingConfig`, and two of `train`'s."""

    num_answers: int
    seed: int


class LabelExportOptions(TypedDict, total=False):
    """Fields of `LabelExportConfig`."""

    select: Required[str]
    limit: int | None
    kind: str | None
    format: str
    video_url_prefix: str | None
    num_known: int | None
    num_choices: int
    num_questions: int
    num_assignments: int
    reward: float
    fee: float | None
    seed: int


class TrainOptions(DataOptions, SamplingOptions, ModelOptions, TrainingOptions, LaunchOptions, total=False):
    """Fields of `DataConfig`, `SamplingConfig`, `ModelConfig`, `TrainingConfig` and `LaunchConfig`."""


DEFAULTS = {
    item.name: item.default
    for part in (
        *(ModelConfig, TrainingConfig, LaunchConfig, ExtractionConfig, SamplingConfig, DataConfig),
        LabelExportConfig,
    )
    for item in dataclasses.fields(part)
}


def shows_options(options: type) -> Callable[[Function], Function]:
    """Make `help` show each keyword of `**options: Unpack[options]` with its type and default."""

    def decorate(function: Function) -> Function:
        signature = inspect.signature(function)
        own = [each for each in signature.parameters.values() if each.kind is not each.VAR_KEYWORD]
        shown = []
        for name, hint in get_type_hints(options).items():
            is_required = DEFAULTS[name] is dataclasses.MISSING
            default = inspect.Parameter.empty if is_required else DEFAULTS[name]
            shown.append(
                inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hint)
            )
        function.__signature__ = signature.replace(parameters=[*own, *shown])  # type: ignore[attr-defined]
        return function

    return decorate
