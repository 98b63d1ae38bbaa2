"""The forecast of the memory that a run needs, compared with what is free before any work starts."""

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from videoqa._checks import Refusal
from videoqa._free_memory import available_bytes
from videoqa.config import ModelConfig, RunConfig
from videoqa.input_pipeline import PREFETCHED_BATCHES
from videoqa.launching.cluster import host_and_port

MIB, GIB = 2**20, 2**30
WEIGHT_COPIES = 4
"""Weight, gradient and the two moments of Adam."""
BYTES_PER_WEIGHT = 4 * WEIGHT_COPIES
"""As float32."""
ACTIVATION_COPIES = 2
"""Forward activations kept for the backward pass, and their gradients."""
FROZEN_COPIES = 3
"""Copies of the largest output of frozen layers: what goes in, what comes out, and a branch beside."""
OPTIMIZER_TEMPORARIES = 5
"""While the largest tensor is updated: of its size the penalty's gradient, the squared gradient, the changes
of both moments, and the step."""
GRADIENT_TEMPORARIES = 2
"""While the backward pass is at the largest output: its gradient, and the one that goes on from there. The
other outputs are kept once, and those before the first weights need no gradient."""
BRANCH_OUTPUTS = {"bidirectional": 16, "convolution": 64}
"""Video branch -> numbers it holds for one frame and unit, forwards and backwards; 8 where none is given."""
DIFFERENCE_COPIES = 5
"""What is subtracted, the differences, the same with zeros first, and both beside the features."""
RUNTIME_BYTES = 320 * MIB
"""Compiled graph, convolution workspaces, threads: what TensorFlow takes whatever the network."""
RESHAPING = ("InputLayer", "FoldFrames", "UnfoldFrames", "Flatten")
"""Layers without an output of their own: they pass on the numbers they get."""


@dataclass(frozen=True)
class Replicas:
    """How many replicas of the model share a batch, and how many of them the memory of this machine.

    Attributes:
        num_workers: processes that share each batch.
        num_local_workers: those of them on this machine, whose memory they share.
        num_per_worker: replicas in each process that hold their weights in the machine's memory.
        is_first_local: whether this process is the one on its machine that forecasts the memory for all.
    """

    num_workers: int = 1
    num_local_workers: int = 1
    num_per_worker: int = 1
    is_first_local: bool = True

    @property
    def num_local(self) -> int:
        """Replicas on this machine."""
        return self.num_local_workers * self.num_per_worker

    def local_rows(self, batch_size: int) -> int:
        """Return how many rows of a batch the replicas on this machine take in equal shares."""
        return -(-batch_size // (self.num_workers * self.num_per_worker)) * self.num_local


ONE_REPLICA = Replicas()


def replicas_of_workers(workers: Sequence[str], index: int) -> Replicas:
    """Return one replica for each of `workers`, "host:port" each, as the one at `index` sees them."""
    hosts = [host_and_port(address)[0] for address in workers]
    first = hosts.index(hosts[index]) == index
    return Replicas(len(hosts), num_local_workers=hosts.count(hosts[index]), is_first_local=first)


def forecast_run(
    config: RunConfig,
    num_clips: int,
    *,
    replicas: Replicas = ONE_REPLICA,
    prefetch_batches: int = PREFETCHED_BATCHES,
) -> dict[str, int]:
    """Return the bytes of memory that a training run needs on one machine, by what they hold.

    Args:
        config: the run's configuration; of two stages the one that needs more is forecast.
        num_clips: distinct clips of all splits that are read.
        replicas: that share the batches, and this machine's memory.
        prefetch_batches: batches that each process has at hand besides the one in use.

    Returns:
        "clips", "weights", "activations" and "runtime" in bytes; of c3d and conv_lstm, whose clips stay on
        the disk, what `forecast_step` returns.
    """
    model, training = config.model, config.training
    if not model.has_backbone:
        return forecast_step(
            model, training.batch_size, config.sampling.num_frames, training.precision,
            replicas=replicas, prefetch_batches=prefetch_batches, num_kept=_num_kept(config),
        )  # fmt: skip
    clips = replicas.num_local_workers * _clip_bytes(config, num_clips)
    models = [model]
    if training.unfreeze_from is not None:
        models.append(dataclasses.replace(model, train_backbone=True))
    stages = [_forecast_stage(config, each, replicas, prefetch_batches) for each in models]
    return {"clips": clips} | max(stages, key=lambda stage: sum(stage.values()))


def summarize(config: RunConfig, num_frames: int | None = None) -> dict[str, Any]:
    """Return the layers of a run's model and the memory forecast of its training; reads no weights.

    Args:
        config: the run's configuration; its numbers of frames and batch size go into the forecast.
        num_frames: frames per clip in the layers' shapes; None: any number, or the architecture's own.

    Returns:
        "layers": the rows of `layer_table` before its sums; "parameters" and "trained_parameters": the sums;
        "batch_size"; "memory_bytes": of `forecast_run` without clips, with their sum as "total", and for a
        model whose clips are held in memory "each_clip".
    """
    from videoqa.models.summary import layer_table

    table = layer_table(config.model, num_frames)
    total = table.iloc[-1]
    memory = {name: size for name, size in forecast_run(config, 0).items() if name != "clips"}
    memory["total"] = sum(memory.values())
    if each_clip := forecast_run(config, 1).get("clips"):
        memory["each_clip"] = each_clip
    return {
        "layers": table.iloc[:-1].to_dict("records"),
        "parameters": int(total["parameters"]),
        "trained_parameters": int(total["trained"]),
        "batch_size": config.training.batch_size,
        "memory_bytes": memory,
    }


def _clip_bytes(config: RunConfig, num_clips: int) -> int:
    """Return the bytes of the features a process holds, as float16; frames stay on the disk."""
    model, sampling = config.model, config.sampling
    if not model.sees_video or model.learns_from_frames:
        return 0
    grid = sampling.max_grid_frames if sampling.takes_windows else sampling.num_frames
    return num_clips * grid * clip_frame_size(model) * 2


def _forecast_stage(
    config: RunConfig, model: ModelConfig, replicas: Replicas, prefetch_batches: int
) -> dict[str, int]:
    """Return the bytes of the steps of one stage, in which `model` is trained."""
    batch_size, num_frames = config.training.batch_size, config.sampling.num_frames
    seen = clip_frame_size(model) if model.sees_video else 0
    backbone_bytes, backbone_outputs = 0, 0
    if model.train_backbone:
        backbone_bytes, backbone_outputs = _backbone_size(model, config.training.unfreeze_from)
    branch_outputs = BRANCH_OUTPUTS.get(model.video_branch, 8) * model.video_units
    differences = DIFFERENCE_COPIES * _num_differences(model)
    each_frame = (seen * 2 + differences + branch_outputs + backbone_outputs) * 4
    # What is counted for each frame covers the usual number of batches at hand.
    further = max(prefetch_batches - PREFETCHED_BATCHES, 0) * batch_size * num_frames * seen
    further *= 1 if model.train_backbone else 4
    return {
        "weights": replicas.num_local * (_head_weights(model) * BYTES_PER_WEIGHT + backbone_bytes)
        + replicas.num_local_workers * _num_kept(config) * 4 * _head_weights(model),
        "activations": replicas.local_rows(batch_size) * num_frames * each_frame
        + replicas.num_local_workers * further,
        "runtime": replicas.num_local_workers * RUNTIME_BYTES,
    }


def _num_kept(config: RunConfig) -> int:
    """Return how many copies of the weights are kept beside those in training: what `pretrain` learned."""
    return int(config.training.pretrain is not None)


def _head_weights(model: ModelConfig) -> int:
    """Return how many weights lie after the backbone."""
    from videoqa.models.feature_columns import feature_columns

    video, units = 0, model.video_units
    if model.sees_video:
        columns = feature_columns(model)
        unseen = columns.backbone if model.motion == "flow_alone" else 0
        video = columns.total - unseen + _num_differences(model)
    branch = 4 * units * (video + units + 1)
    if model.video_branch == "bidirectional":
        branch, units = 2 * branch, 2 * units
    elif model.video_branch == "convolution":
        from videoqa.models.branches import DILATIONS
        from videoqa.models.time_layers import NUM_WAVES

        branch = units * (video + 1 + 2 * NUM_WAVES + len(DILATIONS) * (4 * units + 2))
    question = 4 * model.question_units * (model.embedding_dim + model.question_units + 1)
    embedding = model.vocabulary_size * model.embedding_dim
    hidden = (max(video, units) + model.question_units + 1) * model.hidden_units
    return branch + question + embedding + hidden + (model.hidden_units + 1) * model.num_answers


def _num_differences(model: ModelConfig) -> int:
    """Return how many differences the model sets beside the features of a frame."""
    from videoqa.models.feature_columns import feature_columns

    if not model.sees_video or model.motion not in ("difference", "both"):
        return 0
    return feature_columns(model).backbone


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
        pooling=model.pooling,
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
    from videoqa.models.feature_columns import feature_columns

    if model.train_backbone and model.frame_size is not None:
        return prod(model.frame_size) * 3
    return feature_columns(model).total


def forecast_step(
    model: ModelConfig,
    batch_size: int,
    num_frames: int,
    precision: str,
    *,
    replicas: Replicas = ONE_REPLICA,
    prefetch_batches: int = PREFETCHED_BATCHES,
    num_kept: int = 0,
) -> dict[str, int]:
    """Return the bytes of memory that training steps without a backbone need on one machine.

    Args:
        model: of an architecture without a backbone.
        batch_size: clips in a batch, of which each process makes all and takes its share.
        num_frames: frames of a clip; a step is over at most `segment_frames` of them.
        precision: one of `videoqa.config.PRECISIONS`; half precision is counted as float32, which it keeps
            its weights and many outputs in.
        replicas: that share the batches, and this machine's memory.
        prefetch_batches: batches of frames that each process has at hand besides the one in use.
        num_kept: copies of the weights that each process keeps beside.

    Returns:
        "weights", "activations", "batches" and "runtime" in bytes.
    """
    frames_at_once = min(num_frames, model.facts.segment_frames or num_frames)
    weights, largest_weight, outputs, largest_output = _sizes(model, frames_at_once)
    number_bytes = 8 if precision == "float64" else 4
    kept = outputs + GRADIENT_TEMPORARIES * largest_output
    each_copy = WEIGHT_COPIES * weights + OPTIMIZER_TEMPORARIES * largest_weight
    batch = batch_size * num_frames * prod(model.frame_size or ()) * 3
    return {
        "weights": (replicas.num_local * each_copy + replicas.num_local_workers * num_kept * weights)
        * number_bytes,
        "activations": replicas.local_rows(batch_size) * kept * number_bytes,
        "batches": replicas.num_local_workers * batch * (1 + prefetch_batches),
        "runtime": replicas.num_local_workers * RUNTIME_BYTES,
    }


@functools.lru_cache(maxsize=8)
def _sizes(model: ModelConfig, num_frames: int) -> tuple[int, int, int, int]:
    """Return the numbers in all weights and in the largest, in all outputs of one clip and in the largest
    with a gradient."""
    from videoqa.models.building import build_from_config

    network = build_from_config(model, num_frames, starts_from="clip")
    weights = [int(np.prod(weight.shape)) for weight in network.weights]
    outputs: list[int] = []
    with_gradient: list[int] = []
    examples = 1
    for layer in network.layers:
        kind = type(layer).__name__
        if kind in ("FoldFrames", "UnfoldFrames"):  # between these every frame is an example of its own
            examples = num_frames if kind == "FoldFrames" else 1
        if kind not in RESHAPING:
            output = layer.output[0] if isinstance(layer.output, (list, tuple)) else layer.output
            outputs.append(prod(output.shape[1:]) * examples)
            if layer.weights or with_gradient:
                with_gradient.append(outputs[-1])
    return sum(weights), max(weights), sum(outputs), max(with_gradient)


def check_memory(config: RunConfig, num_clips: int, *, available: int | None = None, **replicas: Any) -> None:
    """Raise `ValueError` when a run's forecast is more than the memory that is free.

    Args:
        config, num_clips: as for `forecast_run`, which also takes `replicas`.
        available: bytes; None: asked of the system (no check where it does not say).
    """
    available = available_bytes() if available is None else available
    forecast = forecast_run(config, num_clips, **replicas)
    needed = sum(forecast.values())
    if available is None or needed <= available:
        return
    parts = ", ".join(f"{name} {size / GIB:.1f} GiB" for name, size in forecast.items())
    largest = largest_batch_size(config, num_clips, available, **replicas)
    advice = f"`batch_size={largest}` fits" if largest else "Not even `batch_size=1` fits"
    raise Refusal(
        f"Training with batch_size={config.training.batch_size} needs about {needed / GIB:.1f} GiB of memory "
        f"({parts}); {available / GIB:.1f} GiB are free. {advice}; {_other_ways(config)} help too."
    )


def _other_ways(config: RunConfig) -> str:
    """Return what makes a run smaller besides its batch size.

    Half precision is not among it: on a processor a step of C3D took more memory in mixed_bfloat16 than in
    float32 (`benchmarks/README.md`).
    """
    ways = ["fewer `num_frames`", "fewer clips (`limit`)", "a larger machine"]
    if config.model.learns_from_frames or config.training.unfreeze_from is not None:
        ways.insert(0, "smaller frames (`frame_size`)")
    if config.training.precision == "float64" and not config.model.has_backbone:
        ways.insert(0, "`precision='float32'` (half as much)")
    return f"{', '.join(ways[:-1])} or {ways[-1]}"


def largest_batch_size(config: RunConfig, num_clips: int, available: int, **replicas: Any) -> int:
    """Return the largest batch size, at most the run's, whose forecast fits; 0 if none does."""
    fits, too_large = 0, config.training.batch_size + 1
    while too_large - fits > 1:
        middle = (fits + too_large) // 2
        training = dataclasses.replace(config.training, batch_size=middle)
        forecast = forecast_run(dataclasses.replace(config, training=training), num_clips, **replicas)
        if sum(forecast.values()) <= available:
            fits = middle
        else:
            too_large = middle
    return fits
