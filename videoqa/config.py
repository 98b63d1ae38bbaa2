"""Every option of a run as frozen dataclasses, checked when made; no file is touched here."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from videoqa._checks import check_choice, check_flag, check_integer, check_number, refusal

FORMAT_VERSION = 1
TASKS = ("open_ended", "action")
SPLITS = ("train", "validation", "test")
OTHER_SPLIT_NAMES = {"val": "validation"}
BACKBONES = ("inception_v3", "tiny")
VIDEO_BRANCHES = ("lstm", "mean", "none")
MODEL_INPUTS = ("clip", "features")
LEARNING_RATE_SCHEDULES = ("constant", "cosine")
STRATEGIES = ("single", "mirrored", "multiworker")
PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16", "float64")
DEFAULT_FRAME_SIZES = {"inception_v3": (150, 150), "tiny": (96, 96)}
"""Height and width in pixels of the frames a backbone takes unless told otherwise."""
DEFAULT_BACKBONE_WEIGHTS = {"inception_v3": "imagenet", "tiny": "package"}
SAMPLE = "sample"
"""Name of the built-in sample set."""
SAMPLE_DEFAULTS = {
    "backbone": "tiny",
    "epochs": 15,
    "learning_rate": 2e-3,
    "learning_rate_schedule": "cosine",
    "patience": 4,
}
"""Options for the built-in sample set where none are given; chosen on its validation rows, the patience for
the time the demo takes."""
MAX_QUESTION_TOKENS = 32
MAX_QUESTION_CHARACTERS = 1000


def option(default: Any, help: str) -> Any:
    """Return a dataclass field whose `help` text becomes the help of its command-line flag."""
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True)
class DataConfig:
    """Where annotations and videos come from.

    Attributes:
        data: CSV or JSONL paths, or names of sets, whose rows are joined.
        videos: folders of the video files, one for all of `data` or one for each in its order; empty: beside
            each annotation file. Kept as absolute paths, as every path here is, so that a run is found again
            from another folder. One path may be given as it is.
        annotations: folders where named sets' own annotation files lie, given as `videos` are.
        task: one of `TASKS`; None: inferred from the columns.
        fold: which of a named set's official splits; None: the first.
        classes: action labels kept, in the order of the model's classes; empty: all.
        allow_other_counts: take a named set whose files have other row counts than the published ones.
        limit: keep only this many rows of each split, for a smoke run.
    """

    data: tuple[str, ...] = ()
    videos: tuple[str, ...] = option(
        (), "folder of the video files (default: beside the annotation file); may be repeated, as --data"
    )
    annotations: tuple[str, ...] = option(
        (), "folder of a named set's own annotation files; may be repeated, as --data"
    )
    task: str | None = option(None, "the task (default: inferred from the columns)")
    fold: int | None = option(None, "which of a named set's official splits (default: 1)")
    classes: tuple[str, ...] = option((), "keep only these action labels, as in A,B (default: all)")
    allow_other_counts: bool = option(
        False, "take a named set whose files have other row counts than the published ones"
    )
    limit: int | None = option(None, "keep only this many rows of each split, for a smoke run")

    def __post_init__(self) -> None:
        for name in ("videos", "annotations"):
            paths = tuple(os.path.abspath(path) for path in _as_tuple(getattr(self, name)))
            object.__setattr__(self, name, paths)
        classes = tuple(str(label).strip() for label in _as_tuple(self.classes))
        if "" in classes or len(set(classes)) < len(classes):
            raise ValueError(refusal("classes", "be different labels, none of them blank", self.classes))
        object.__setattr__(self, "classes", classes)
        if self.task is not None:
            check_choice("task", self.task, TASKS)
        for name in ("fold", "limit"):
            if getattr(self, name) is not None:
                check_integer(name, getattr(self, name), minimum=1)
        check_flag("allow_other_counts", self.allow_other_counts)


def _as_tuple(value: Any) -> tuple[Any, ...]:
    """Nothing, one value, or several of them, as a tuple."""
    if value is None:
        return ()
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value,)


@dataclass(frozen=True)
class SamplingConfig:
    """Which frames of a clip the model sees.

    Attributes:
        num_frames: frames per clip.
        frame_step: None: `num_frames` regular frames of the whole clip; an integer: the grid is every
            `frame_step`-th frame and a window of `num_frames` neighbours is taken from it.
        max_grid_frames: the longest grid kept of one clip when `frame_step` is given.
    """

    num_frames: int = option(20, "frames per clip")
    frame_step: int | None = option(
        None, "take every N-th frame and a window of neighbours (default: regular frames of the whole clip)"
    )
    max_grid_frames: int = option(512, "longest frame grid kept of one clip with --frame-step")

    def __post_init__(self) -> None:
        check_integer("num_frames", self.num_frames, minimum=1, maximum=512)
        if self.frame_step is not None:
            check_integer("frame_step", self.frame_step, minimum=1)
        check_integer("max_grid_frames", self.max_grid_frames, minimum=self.num_frames)


@dataclass(frozen=True)
class ModelConfig:
    """Sizes and parts of a model; enough, with the weights, to build it again.

    Attributes:
        task: one of `TASKS`.
        num_answers: classes of the softmax (when training: at most this many, the most frequent).
        vocabulary_size: rows of the question embedding, padding and unknown included (at most).
        backbone: one of `BACKBONES`.
        backbone_weights: "imagenet" (inception_v3), "package" (tiny: the weights shipped with the package),
            a file path, or None for random ones; the string "default" stands for the backbone's own.
        backbone_layer: name of the layer to cut the backbone at; None: its last.
        frame_size: (height, width) in pixels; None: the backbone's own size.
        video_branch: "lstm", "mean" (the bag of frames) or "none" (the blind model).
        video_units, embedding_dim, question_units, hidden_units: layer widths.
        dropout: rate in [0, 1) on the joined vector.
        train_backbone: train the backbone end to end instead of freezing it.
    """

    task: str = "open_ended"
    num_answers: int = option(1000, "answers kept: the most frequent of the training split")
    vocabulary_size: int = option(10000, "question words kept, padding and unknown included")
    backbone: str = option("inception_v3", "the network over single frames")
    backbone_weights: str | None = option(
        "default", "'imagenet', 'package' (tiny's own), a weights file, or 'none' for random weights"
    )
    backbone_layer: str | None = option(None, "cut the backbone at this layer, for example mixed8")
    frame_size: tuple[int, int] | None = option(None, "height and width of the frames in pixels")
    video_branch: str = option("lstm", "what reads the frame features; 'none' is the blind model")
    video_units: int = option(256, "width of the video LSTM")
    embedding_dim: int = option(256, "width of the word embedding")
    question_units: int = option(128, "width of the question LSTM")
    hidden_units: int = option(128, "width of the dense layer before the softmax")
    dropout: float = option(0.0, "dropout rate on the joined vector, in [0, 1)")
    train_backbone: bool = option(False, "train the backbone end to end instead of freezing it")

    def __post_init__(self) -> None:
        check_choice("task", self.task, TASKS)
        check_choice("backbone", self.backbone, BACKBONES)
        check_choice("video_branch", self.video_branch, VIDEO_BRANCHES)
        for name in ("num_answers", "video_units", "embedding_dim", "question_units", "hidden_units"):
            check_integer(name, getattr(self, name), minimum=1)
        check_integer("vocabulary_size", self.vocabulary_size, minimum=3)
        check_number("dropout", self.dropout, minimum=0, maximum=0.999)
        check_flag("train_backbone", self.train_backbone)
        self._fill_backbone_defaults()

    def _fill_backbone_defaults(self) -> None:
        if self.backbone_weights == "default":
            object.__setattr__(self, "backbone_weights", DEFAULT_BACKBONE_WEIGHTS[self.backbone])
        if self.backbone_weights in DEFAULT_BACKBONE_WEIGHTS.values():
            own = DEFAULT_BACKBONE_WEIGHTS[self.backbone]
            if self.backbone_weights != own:
                requirement = f"be {own!r}, a file path or None with backbone={self.backbone!r}"
                raise ValueError(refusal("backbone_weights", requirement, self.backbone_weights))
        elif self.backbone_weights is not None:
            object.__setattr__(self, "backbone_weights", os.path.abspath(self.backbone_weights))
        size = DEFAULT_FRAME_SIZES[self.backbone] if self.frame_size is None else self.frame_size
        if not isinstance(size, (tuple, list)) or len(size) != 2:
            raise ValueError(refusal("frame_size", "be a pair (height, width) of integers", size))
        smallest = 75 if self.backbone == "inception_v3" else 16
        for pixels in size:
            check_integer(
                "frame_size", pixels, minimum=smallest, advice=f"{self.backbone} takes {smallest} and more."
            )
        object.__setattr__(self, "frame_size", tuple(size))


@dataclass(frozen=True)
class TrainingConfig:
    """How a model is trained.

    Attributes:
        epochs: passes over the training rows, at most.
        batch_size: rows per step over all replicas.
        learning_rate: of Adam; the first one when it follows a schedule.
        learning_rate_schedule: "constant", or "cosine" down to 0 at the last step.
        seed: of weights, order, windows, dropout and automatic splits.
        patience: epochs without a better validation accuracy before stopping; None: never stop early.
        validation_share: share of the training groups held out for validation where the data has no
            validation rows; with 0 and none the last epoch is kept.
        blind: also train the blind model, whose score shows what the questions give away.
        strategy: one of `STRATEGIES`.
        precision: one of `PRECISIONS`; "float64" is for proofs.
    """

    epochs: int = option(30, "passes over the training rows, at most")
    batch_size: int = option(32, "rows per step over all replicas")
    learning_rate: float = option(1e-3, "learning rate of Adam")
    learning_rate_schedule: str = option("constant", "how the learning rate goes on")
    seed: int = option(0, "seed of weights, order, windows, dropout and automatic splits")
    patience: int | None = option(10, "epochs without a better validation accuracy before stopping")
    validation_share: float = option(
        0.15, "share of the training groups held out where the data has no validation rows; 0: none"
    )
    blind: bool = option(True, "also train the blind model, which never sees the video")
    strategy: str = option("single", "how training is spread over devices")
    precision: str = option("float32", "numbers that training computes with; float64 is for proofs")

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            check_integer(name, getattr(self, name), minimum=1)
        check_number("learning_rate", self.learning_rate, minimum=1e-12)
        check_choice("learning_rate_schedule", self.learning_rate_schedule, LEARNING_RATE_SCHEDULES)
        check_integer("seed", self.seed, minimum=0, maximum=2**31 - 1)
        if self.patience is not None:
            check_integer("patience", self.patience, minimum=1)
        check_number("validation_share", self.validation_share, minimum=0, maximum=0.5)
        check_flag("blind", self.blind)
        check_choice("strategy", self.strategy, STRATEGIES)
        check_choice("precision", self.precision, PRECISIONS)


@dataclass(frozen=True)
class RunConfig:
    """All four parts of a run's configuration: what `config.json` of a model folder holds."""

    data: DataConfig = DataConfig()
    sampling: SamplingConfig = SamplingConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()


PARTS: dict[str, type] = {part.name: part.type for part in dataclasses.fields(RunConfig)}  # type: ignore[misc]


def run_config_from_options(options: Mapping[str, Any]) -> RunConfig:
    """Return the `RunConfig` of flat keyword options, each going to the dataclass that has the field.

    For the built-in sample set alone the defaults are `SAMPLE_DEFAULTS`.

    Raises:
        ValueError: an option that no dataclass has, naming those there are, or a value out of range.
    """
    known = {name for part in PARTS.values() for name in field_names(part)}
    if tuple(options.get("data", ())) == (SAMPLE,):
        options = {**SAMPLE_DEFAULTS, **options}
    if options.get("task", "") is None:
        options = {name: value for name, value in options.items() if name != "task"}
    for name in options:
        check_choice("option", name, sorted(known))
    chosen = {
        key: part(**{name: options[name] for name in field_names(part) if name in options})
        for key, part in PARTS.items()
    }
    return RunConfig(**chosen)


def field_names(part: Any) -> list[str]:
    """Return the names of a dataclass's fields, in order."""
    return [item.name for item in dataclasses.fields(part)]
