"""Facts about each architecture except its layers; no TensorFlow.

To add one: an entry here, its builder in `models/building.py`, its recipe in `training/optimizers.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Architecture:
    """Facts about an architecture; the rest of the library reads them and never tests its name.

    Attributes:
        has_backbone: the model reads frame features of a backbone and may read a question. False: it reads
            frames and classifies actions only.
        frame_size: published (height, width) of a frame in pixels; None: the backbone's.
        smallest_frame: shortest side of a frame in pixels that the layers can process; None: the backbone's.
        l2: published factor of the sum of squared kernels in the loss.
        dropout: published dropout rate before the output.
        defaults: default options of sampling and training that replace the usual ones.
        absent_options: `ModelConfig` fields that do not apply -> what to do instead ("": nothing).
        needs_mask: the model also takes "mask", which is False for padding.
        segment_frames: a training step reads this many frames of each clip and then updates the weights. The
            recurrent state goes on to the next segment, so a clip stays on one replica. None: a step reads
            whole windows.
        full_batches_only: skip the incomplete batch of an epoch and give replicas equal shares, because batch
            normalization uses the statistics of a batch.
        refused_precisions: those of `PRECISIONS` that training refuses -> what to do instead.
        answer_layers: layers whose weights have the answers as their last axis.
        flatten_strides: total strides (frames, rows, columns) before the dense layer that flattens a clip;
            its weights depend on size / stride, rounded up. 0: not on that size. (): on no size.
    """

    has_backbone: bool = False
    frame_size: tuple[int, int] | None = None
    smallest_frame: int | None = None
    l2: float = 0.0
    dropout: float = 0.0
    defaults: Mapping[str, Any] = field(default_factory=dict)
    absent_options: Mapping[str, str] = field(default_factory=dict)
    needs_mask: bool = False
    segment_frames: int | None = None
    full_batches_only: bool = False
    refused_precisions: Mapping[str, str] = field(default_factory=dict)
    answer_layers: tuple[str, ...] = ("answer",)
    flatten_strides: tuple[int, ...] = ()


SEGMENT_FRAMES = 20
"""Frames per training step of conv_lstm, as published (truncated back-propagation through time)."""
ARCHITECTURES = {
    "cnn_lstm": Architecture(
        has_backbone=True,
        absent_options={"width": "Its widths are video_units and hidden_units.", "peepholes": ""},
    ),
    # Tran et al. 2015, arXiv:1412.0767, trained as in `docs/actions.md`.
    "c3d": Architecture(
        frame_size=(112, 112),
        smallest_frame=16,
        l2=1e-4 / 2 / 11,  # 1e-4 of half the squared sum, averaged over 11 kernels
        dropout=0.5,
        defaults={
            "num_frames": 10,
            "frames_per_second": 4.0,
            "short_clips": "loop",
            "crop": "random",
            "epochs": 20,
            "batch_size": 24,
            "learning_rate_schedule": "staircase",
        },
        absent_options={"peepholes": ""},
        full_batches_only=True,
        answer_layers=("logits", "logits_norm"),
        flatten_strides=(16, 32, 32),
    ),
    # Trained as in `docs/actions.md`.
    "conv_lstm": Architecture(
        frame_size=(240, 320),
        smallest_frame=34,
        l2=1e-3 / 2,
        defaults={"num_frames": 100, "frame_step": 1, "short_clips": "mask", "epochs": 20, "batch_size": 8},
        needs_mask=True,
        segment_frames=SEGMENT_FRAMES,
        refused_precisions={
            "mixed_float16": (
                "mixed_bfloat16 needs no scaling of the loss, which its four optimizers would not share."
            )
        },
        flatten_strides=(0, 1, 1),
    ),
}


def architectures_with(fact: str) -> str:
    """Return the architectures whose attribute `fact` is true, as text for a refusal."""
    return " or ".join(repr(name) for name, facts in ARCHITECTURES.items() if getattr(facts, fact))
