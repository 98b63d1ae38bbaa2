"""All options of a run, as frozen dataclasses that check themselves; no file is read or written."""

from videoqa.config.architectures import ARCHITECTURES, SEGMENT_FRAMES, Architecture, architectures_with
from videoqa.config.choices import (
    BACKBONES,
    CROPS,
    CROSS_VALIDATION,
    DEFAULT_BACKBONE_WEIGHTS,
    DEFAULT_FRAME_SIZES,
    FORMAT_VERSION,
    LEARNING_RATE_SCHEDULES,
    MAX_QUESTION_CHARACTERS,
    MAX_QUESTION_TOKENS,
    MODEL_INPUTS,
    OTHER_SPLIT_NAMES,
    PRECISIONS,
    RUNNERS,
    SAMPLE,
    SAMPLE_DEFAULTS,
    SAMPLE_LANGUAGES,
    SHORT_CLIPS,
    SPLITS,
    STRATEGIES,
    TASKS,
    VIDEO_BRANCHES,
)
from videoqa.config.data import DataConfig
from videoqa.config.extraction import ExtractionConfig
from videoqa.config.launch import LaunchConfig
from videoqa.config.model import BACKBONE_OPTIONS, ModelConfig
from videoqa.config.options import option
from videoqa.config.run import (
    GRID_OPTIONS,
    PARTS,
    RunConfig,
    field_names,
    run_config_from_json,
    run_config_from_options,
    unknown_fields,
)
from videoqa.config.sampling import SamplingConfig
from videoqa.config.training import TrainingConfig

__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "BACKBONES",
    "CROSS_VALIDATION",
    "BACKBONE_OPTIONS",
    "CROPS",
    "DEFAULT_BACKBONE_WEIGHTS",
    "DEFAULT_FRAME_SIZES",
    "DataConfig",
    "ExtractionConfig",
    "FORMAT_VERSION",
    "GRID_OPTIONS",
    "LEARNING_RATE_SCHEDULES",
    "LaunchConfig",
    "MAX_QUESTION_CHARACTERS",
    "MAX_QUESTION_TOKENS",
    "MODEL_INPUTS",
    "ModelConfig",
    "OTHER_SPLIT_NAMES",
    "PARTS",
    "PRECISIONS",
    "RUNNERS",
    "RunConfig",
    "SAMPLE",
    "SAMPLE_LANGUAGES",
    "SAMPLE_DEFAULTS",
    "SEGMENT_FRAMES",
    "SHORT_CLIPS",
    "SPLITS",
    "STRATEGIES",
    "SamplingConfig",
    "TASKS",
    "TrainingConfig",
    "VIDEO_BRANCHES",
    "architectures_with",
    "field_names",
    "option",
    "run_config_from_json",
    "run_config_from_options",
    "unknown_fields",
]
