"""What is known of each architecture beside its layers: one entry of plain facts, no TensorFlow.

To add one: an entry here, its builder in `models/building.py`, its recipe in `training/optimizers.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Architecture:
    """Facts that the rest of the library asks instead of an architecture's name.

    Attributes:
        has_backbone: a backbone over single frames comes first, and a question may come beside; without one
            the network reads the frames itself and names actions only.
        frame_size: (height, width) in pixels of its frames as published; None: the backbone's.
        smallest_frame: pixels of the shorter side that leave something to every layer; None: the backbone's.
        l2: factor of the sum of squared kernels added to the loss, as published.
        dropout: rate before the output, as published.
        defaults: options of sampling and training that it brings along where none are given.
        absent_options: `ModelConfig` fields that it has no use for, each with what to do instead ("": none).
        needs_mask: the network also takes "mask", which tells frames that there are from padding.
        segment_frames: frames after which back-propagation through a clip ends and the weights are updated;
            the state goes on, so a clip stays on one replica. None: a step sees whole windows.
        full_batches_only: an epoch leaves out an incomplete batch, and replicas have equal shares of each:
            batch normalization learns from the statistics of a batch.
        refused_precisions: those of `PRECISIONS` that it cannot be trained in, each with what to do instead.
        answer_layers: layers whose weights have the answers as their last axis.
        flatten_strides: frames, rows and columns of a clip that become one of the places that a dense layer
            has weights for; 0: any number will do. (): no weight depends on the sizes of a clip.
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
"""Frames after which the published training of conv_lstm ends back-propagation and takes a step."""
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
    # The recipe in `docs/actions.md`.
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
    """Return the names of the architectures of which `fact`, an attribute, is true, for a refusal."""
    return " or ".join(repr(name) for name, facts in ARCHITECTURES.items() if getattr(facts, fact))
