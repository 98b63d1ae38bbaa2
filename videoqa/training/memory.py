"""How much memory a run will need, held against what is free, before any work starts."""

import dataclasses
import functools
import os
from math import prod
from pathlib import Path
from typing import Any

from videoqa.config import ModelConfig, RunConfig
from videoqa.input_pipeline import PREFETCHED_BATCHES
from videoqa.training.spread import ALONE, Spread
from videoqa.training.step_memory import RUNTIME_BYTES, forecast_step

GIB = 2**30
BYTES_PER_WEIGHT = 4 * 4
"""Weight, gradient and the two moments of Adam, float32 each."""
ACTIVATION_COPIES = 2
"""Forward activations kept for the backward pass, and their gradients."""
FROZEN_COPIES = 3
"""Of the largest output of layers that are not trained: what goes in, what comes out, and a branch beside."""


def forecast_run(
    config: RunConfig,
    num_clips: int,
    *,
    spread: Spread = ALONE,
    prefetch_batches: int = PREFETCHED_BATCHES,
) -> dict[str, int]:
    """Return the bytes a training run will hold on one machine, by what holds them.

    Args:
        config: the run's configuration; of two stages the one that needs more is forecast.
        num_clips: distinct clips of all splits that are read.
        spread: over processes that share this machine's memory, and others.
        prefetch_batches: batches that each process has at hand besides the one in use.

    Returns:
        "clips", "weights", "activations" and "runtime" in bytes; of c3d and conv_lstm, whose clips stay on
        the disk, what `forecast_step` returns.
    """
    model, training = config.model, config.training
    if not model.has_backbone:
        return forecast_step(
            model, training.batch_size, config.sampling.num_frames, training.precision,
            spread=spread, prefetch_batches=prefetch_batches,
        )  # fmt: skip
    clips = spread.num_local_workers * _clip_bytes(config, num_clips)
    models = [model]
    if training.unfreeze_from is not None:
        models.append(dataclasses.replace(model, train_backbone=True))
    stages = [_forecast_stage(config, each, spread, prefetch_batches) for each in models]
    return {"clips": clips} | max(stages, key=lambda stage: sum(stage.values()))


def _clip_bytes(config: RunConfig, num_clips: int) -> int:
    """Return the bytes of the features a process holds, as float16; frames stay on the disk."""
    model, sampling = config.model, config.sampling
    if model.video_branch == "none" or model.learns_from_frames:
        return 0
    grid = sampling.num_frames if sampling.frame_step is None else sampling.max_grid_frames
    return num_clips * grid * clip_frame_size(model) * 2


def _forecast_stage(
    config: RunConfig, model: ModelConfig, spread: Spread, prefetch_batches: int
) -> dict[str, int]:
    """Return the bytes of the steps of one stage, in which `model` is trained."""
    batch_size, num_frames = config.training.batch_size, config.sampling.num_frames
    seen = 0 if model.video_branch == "none" else clip_frame_size(model)
    backbone_bytes, backbone_outputs = 0, 0
    if model.train_backbone:
        backbone_bytes, backbone_outputs = _backbone_size(model, config.training.unfreeze_from)
    each_frame = (seen * 2 + model.video_units * 8) * 4 + backbone_outputs * 4
    # What is counted for each frame covers the usual number of batches at hand.
    further = max(prefetch_batches - PREFETCHED_BATCHES, 0) * batch_size * num_frames * seen
    further *= 1 if model.train_backbone else 4
    return {
        "weights": spread.num_copies * (_head_weights(model) * BYTES_PER_WEIGHT + backbone_bytes),
        "activations": spread.local_rows(batch_size) * num_frames * each_frame
        + spread.num_local_workers * further,
        "runtime": spread.num_local_workers * RUNTIME_BYTES,
    }


def _head_weights(model: ModelConfig) -> int:
    """Return how many weights lie after the backbone."""
    from videoqa.models.backbones import feature_dim

    video = 0 if model.video_branch == "none" else feature_dim(model.backbone, model.backbone_layer)
    lstm = 4 * model.video_units * (video + model.video_units + 1)
    question = 4 * model.question_units * (model.embedding_dim + model.question_units + 1)
    embedding = model.vocabulary_size * model.embedding_dim
    hidden = (max(video, model.video_units) + model.question_units + 1) * model.hidden_units
    return lstm + question + embedding + hidden + (model.hidden_units + 1) * model.num_answers


@functools.lru_cache(maxsize=8)
def _backbone_size(model: ModelConfig, unfreeze_from: str | None) -> tuple[int, int]:
    """Return the bytes of a backbone's weights in training, and how many numbers it holds for one frame.

    The layers up to `unfreeze_from` are only passed through.
    """
    from videoqa.models.backbones import build_backbone

    backbone = build_backbone(
        model.backbone,
        weights=None,
        layer=model.backbone_layer,
        frame_size=model.frame_size,  # type: ignore[arg-type]
        trainable=True,
    )
    names = [layer.name for layer in backbone.layers]
    first = 0 if unfreeze_from is None else names.index(unfreeze_from) + 1
    outputs = [prod(layer.output.shape[1:]) for layer in backbone.layers]
    frozen = sum(layer.count_params() for layer in backbone.layers[:first])
    weight_bytes = frozen * 4 + (backbone.count_params() - frozen) * BYTES_PER_WEIGHT
    passing = FROZEN_COPIES * max(outputs[:first], default=0)
    return weight_bytes, passing + sum(outputs[first:]) * ACTIVATION_COPIES


def clip_frame_size(model: ModelConfig) -> int:
    """Return how many numbers one frame of a clip is held as: its pixels, or its features."""
    from videoqa.models.backbones import feature_dim

    if model.train_backbone and model.frame_size is not None:
        return prod(model.frame_size) * 3
    return feature_dim(model.backbone, model.backbone_layer)


def check_memory(config: RunConfig, num_clips: int, *, available: int | None = None, **spread: Any) -> None:
    """Raise `ValueError` when a run's forecast is more than the memory that is free.

    Args:
        config, num_clips: as for `forecast_run`, which also takes `spread`.
        available: bytes; None: asked of the system (no check where it does not say).
    """
    available = available_bytes() if available is None else available
    forecast = forecast_run(config, num_clips, **spread)
    needed = sum(forecast.values())
    if available is None or needed <= available:
        return
    parts = ", ".join(f"{name} {size / GIB:.1f} GiB" for name, size in forecast.items())
    largest = largest_batch_size(config, num_clips, available, **spread)
    advice = f"`batch_size={largest}` fits" if largest else "Not even `batch_size=1` fits"
    raise ValueError(
        f"Training with batch_size={config.training.batch_size} needs about {needed / GIB:.1f} GiB of memory "
        f"({parts}); {available / GIB:.1f} GiB are free. {advice}; smaller `num_frames` or frames, fewer "
        "clips (`limit`) or a larger machine help too."
    )


def largest_batch_size(config: RunConfig, num_clips: int, available: int, **spread: Any) -> int:
    """Return the largest batch size, at most the run's, whose forecast fits; 0 if none does."""
    fits, too_large = 0, config.training.batch_size + 1
    while too_large - fits > 1:
        middle = (fits + too_large) // 2
        training = dataclasses.replace(config.training, batch_size=middle)
        forecast = forecast_run(dataclasses.replace(config, training=training), num_clips, **spread)
        if sum(forecast.values()) <= available:
            fits = middle
        else:
            too_large = middle
    return fits


def available_bytes() -> int | None:
    """Return the bytes of memory a new process can use, a container's limit included; None if unknown."""
    found = [_linux_available(), _container_left()]
    if not any(found) and hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    return min((size for size in found if size is not None), default=None)


def _linux_available() -> int | None:
    path = Path("/proc/meminfo")
    if not path.exists():
        return None
    fields = dict(line.split(":", 1) for line in path.read_text("ascii").splitlines() if ":" in line)
    return int(fields["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in fields else None


def _container_left() -> int | None:
    limit, used = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
    if not limit.exists() or not used.exists() or limit.read_text("ascii").strip() == "max":
        return None
    statistics = dict(line.split() for line in (limit.parent / "memory.stat").read_text("ascii").splitlines())
    reclaimable = int(statistics.get("inactive_file", 0))
    return int(limit.read_text("ascii")) - int(used.read_text("ascii")) + reclaimable
