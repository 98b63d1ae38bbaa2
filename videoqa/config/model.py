"""Sizes and parts of a model."""

import os
from dataclasses import dataclass

from videoqa._checks import check_choice, check_flag, check_integer, check_number, refusal
from videoqa.config.choices import (
    BACKBONES,
    DEFAULT_BACKBONE_WEIGHTS,
    DEFAULT_FRAME_SIZES,
    TASKS,
    VIDEO_BRANCHES,
)
from videoqa.config.options import option


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
