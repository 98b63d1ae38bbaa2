"""Options: the parts of a model and their sizes."""

import os
from dataclasses import dataclass

from videoqa._checks import Refusal, check_choice, check_flag, check_integer, check_number
from videoqa.config.architectures import ARCHITECTURES, Architecture
from videoqa.config.choices import (
    BACKBONES,
    DEFAULT_BACKBONE_WEIGHTS,
    DEFAULT_FRAME_SIZES,
    FLOW_COLUMNS,
    MOTIONS,
    POOLINGS,
    SMALLEST_FRAMES,
    TASKS,
    VIDEO_BRANCHES,
)
from videoqa.config.options import option

BACKBONE_OPTIONS = (
    "backbone", "backbone_weights", "backbone_layer", "pooling", "motion", "standardize", "train_backbone",
    "video_branch",
)  # fmt: skip
"""Fields that do not apply to an architecture without a backbone."""
WIDTHS = ("video_units", "embedding_dim", "question_units", "hidden_units")
MOST_UNITS, MOST_TEXTS, MOST_PIXELS = 65_536, 10_000_000, 2048
"""Largest layer width, number of answers or words, and side of a frame: more is a mistake."""


@dataclass(frozen=True)
class ModelConfig:
    """Parts of a model and their sizes; with the weights, all that is needed to build it again.

    Attributes:
        task: one of `TASKS`.
        architecture: "cnn_lstm" (a video branch on the features of a backbone), "c3d" (3-D convolutions over
            short clips) or "conv_lstm" (a small convolutional network and an LSTM that label every frame).
            c3d and conv_lstm have no backbone and classify actions only.
        width: factor of the layer widths of c3d and conv_lstm; 1: as published.
        peepholes: give the gates of conv_lstm's LSTM peephole connections to its cell.
        l2: factor of the sum of squared kernels in the loss; None: the architecture's.
        num_answers: classes of the softmax. Training keeps the most frequent answers, at most this many.
        vocabulary_size: rows of the question embedding, with padding and unknown; an upper limit in training.
        backbone: one of `BACKBONES`; None for an architecture without one.
        backbone_weights: "imagenet" (inception_v3), "package" (tiny: shipped with the package), a file path,
            None (random), or "default" (the backbone's own).
        backbone_layer: layer to cut the backbone at; None: the last.
        pooling: one of `POOLINGS`: what is kept of the last map of a frame. "mean": its average; "grid2" and
            "grid3": the averages over 2 x 2 or 3 x 3 cells as well, which tell where something is.
        motion: one of `MOTIONS`: what the model sees of change. "difference": each frame's features less
            those of the frame before, beside them; "flow": the optical flow between neighbouring frames,
            summed up per cell; "both"; "flow_alone": the flow without what the frames look like, for small
            sets that would be learned by their scenes.
        standardize: bring each feature to mean 0 and deviation 1 over the training clips, in a layer of the
            model, so that small numbers, as those of motion are, weigh as much as large ones.
        frame_size: (height, width) in pixels; None: the backbone's or the architecture's.
        video_branch: "lstm", "bidirectional" (an LSTM each way), "convolution" (over time, dilated),
            "attention" (a weighted mean with position embeddings), "mean" (of all frames) or "none" (the
            blind model).
        video_units, embedding_dim, question_units, hidden_units: layer widths.
        dropout: rate in [0, 1) before the output; None: the architecture's.
        train_backbone: train the backbone end to end instead of freezing it.
    """

    task: str = "open_ended"
    architecture: str = option("cnn_lstm", "the network; 'c3d' and 'conv_lstm' name actions only")
    width: float = option(1.0, "factor of the widths of c3d and conv_lstm; 1: as published")
    peepholes: bool = option(True, "let the gates of conv_lstm's LSTM see its cell")
    l2: float | None = option(
        None, "factor of the squared kernels added to the loss (default: the architecture's)"
    )
    num_answers: int = option(1000, "answers kept: the most frequent of the training split")
    vocabulary_size: int = option(10000, "question words kept, padding and unknown included")
    backbone: str | None = option("inception_v3", "the network over single frames")
    backbone_weights: str | None = option(
        "default", "'imagenet', 'package' (tiny's own), a weights file, or 'none' for random weights"
    )
    backbone_layer: str | None = option(None, "cut the backbone at this layer, for example mixed8")
    pooling: str = option(
        "mean", "what is kept of a frame's last map: its mean, or also the means over a 2 x 2 or 3 x 3 grid"
    )
    motion: str = option(
        "none",
        "what is seen of change between frames: differences of features, optical flow, both, "
        "or the flow alone, without what frames look like",
    )
    standardize: bool = option(
        False, "bring each feature to mean 0 and deviation 1 over the training clips, inside the model"
    )
    frame_size: tuple[int, int] | None = option(None, "height and width of the frames in pixels")
    video_branch: str = option("lstm", "what reads the frame features; 'none' is the blind model")
    video_units: int = option(256, "width of the video LSTM")
    embedding_dim: int = option(256, "width of the word embedding")
    question_units: int = option(128, "width of the question LSTM")
    hidden_units: int = option(128, "width of the dense layer before the softmax")
    dropout: float | None = option(
        None, "dropout rate before the output, in [0, 1) (default: the architecture's)"
    )
    train_backbone: bool = option(False, "train the backbone end to end instead of freezing it")

    def __post_init__(self) -> None:
        check_choice("task", self.task, TASKS)
        check_choice("architecture", self.architecture, ARCHITECTURES)
        check_choice("video_branch", self.video_branch, VIDEO_BRANCHES)
        check_choice("pooling", self.pooling, tuple(POOLINGS))
        check_choice("motion", self.motion, MOTIONS)
        check_flag("standardize", self.standardize)
        self._fill_architecture_defaults()
        for name in WIDTHS:
            check_integer(name, getattr(self, name), minimum=1, maximum=MOST_UNITS)
        check_integer("num_answers", self.num_answers, minimum=1, maximum=MOST_TEXTS)
        check_integer("vocabulary_size", self.vocabulary_size, minimum=3, maximum=MOST_TEXTS)
        check_number("dropout", self.dropout, minimum=0, maximum=0.999)
        check_number("l2", self.l2, minimum=0)
        check_number("width", self.width, minimum=0.01, maximum=8)
        check_flag("peepholes", self.peepholes)
        check_flag("train_backbone", self.train_backbone)
        if self.has_backbone:
            check_choice("backbone", self.backbone, BACKBONES)
            self._fill_backbone_defaults()
            if self.sees_flow and self.train_backbone:
                advice = "Flow stands beside the features of a frozen backbone."
                raise Refusal(
                    "motion", "be 'none' or 'difference' with train_backbone=True", self.motion, advice
                )
        else:
            self._refuse_backbone()
        self._check_frame_size()

    @property
    def facts(self) -> Architecture:
        """Facts about the architecture."""
        return ARCHITECTURES[self.architecture]

    @property
    def has_backbone(self) -> bool:
        """Whether the model reads features of a backbone."""
        return self.facts.has_backbone

    @property
    def sees_video(self) -> bool:
        """Whether the model reads a clip; the blind model does not."""
        return self.video_branch != "none"

    @property
    def learns_from_frames(self) -> bool:
        """Whether training reads frames, not features of a frozen backbone."""
        return self.sees_video and (self.train_backbone or not self.has_backbone)

    @property
    def sees_flow(self) -> bool:
        """Whether the optical flow stands beside the features of a frame."""
        return self.sees_video and self.motion in ("flow", "both", "flow_alone")

    @property
    def num_flow(self) -> int:
        """Columns of each of the two flow blocks behind the features of a frame; 0 without flow."""
        return FLOW_COLUMNS if self.sees_flow else 0

    def _fill_architecture_defaults(self) -> None:
        for name in ("dropout", "l2"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, getattr(self.facts, name))
        for name, advice in self.facts.absent_options.items():
            if getattr(self, name) != getattr(type(self), name):
                requirement = f"be left out with architecture={self.architecture!r}"
                raise Refusal(name, requirement, getattr(self, name), advice)

    def _refuse_backbone(self) -> None:
        """Refuse options of a backbone, and set their defaults to None."""
        for name in BACKBONE_OPTIONS:
            if getattr(self, name) not in (None, getattr(type(self), name)):
                requirement = f"be left out with architecture={self.architecture!r}, which has no backbone"
                raise Refusal(name, requirement, getattr(self, name))
        for name in ("backbone", "backbone_weights"):
            object.__setattr__(self, name, None)

    def _fill_backbone_defaults(self) -> None:
        own = DEFAULT_BACKBONE_WEIGHTS[self.backbone or ""]
        if self.backbone_weights == "default":
            object.__setattr__(self, "backbone_weights", own)
        if self.backbone_weights in DEFAULT_BACKBONE_WEIGHTS.values():
            if self.backbone_weights != own:
                requirement = f"be {own!r}, a file path or None with backbone={self.backbone!r}"
                raise Refusal("backbone_weights", requirement, self.backbone_weights)
        elif self.backbone_weights is not None:
            object.__setattr__(self, "backbone_weights", os.path.abspath(self.backbone_weights))

    def _check_frame_size(self) -> None:
        own = self.facts.frame_size or DEFAULT_FRAME_SIZES[self.backbone or ""]
        size = own if self.frame_size is None else self.frame_size
        if not isinstance(size, (tuple, list)) or len(size) != 2:
            raise Refusal("frame_size", "be a pair (height, width) of integers", size)
        network = self.backbone or self.architecture
        smallest = self.facts.smallest_frame or SMALLEST_FRAMES[network]
        advice = f"{network} takes {smallest} and more."
        for pixels in size:
            check_integer("frame_size", pixels, minimum=smallest, maximum=MOST_PIXELS, advice=advice)
        object.__setattr__(self, "frame_size", tuple(size))
