"""How much memory training steps of networks without a backbone need, from the sizes of their layers."""

import functools
from math import prod

import numpy as np

from videoqa.config import ModelConfig
from videoqa.input_pipeline import PREFETCHED_BATCHES
from videoqa.training.spread import ALONE, Spread

MIB = 2**20
WEIGHT_COPIES = 4
"""Weight, gradient and the two moments of Adam."""
OPTIMIZER_TEMPORARIES = 5
"""While the largest tensor is updated: of its size the penalty's gradient, the squared gradient, the changes
of both moments, and the step."""
GRADIENT_TEMPORARIES = 2
"""While the backward pass is at the largest output: its gradient, and the one that goes on from there. The
other outputs are kept once, and those before the first weights need no gradient."""
RUNTIME_BYTES = 320 * MIB
"""Compiled graph, convolution workspaces, threads: what TensorFlow takes whatever the network."""
RESHAPING = ("InputLayer", "FoldFrames", "UnfoldFrames", "Flatten")
"""Layers that hand on the numbers they get."""


def forecast_step(
    model: ModelConfig,
    batch_size: int,
    num_frames: int,
    precision: str,
    *,
    spread: Spread = ALONE,
    prefetch_batches: int = PREFETCHED_BATCHES,
) -> dict[str, int]:
    """Return the bytes of one machine that training steps of c3d or conv_lstm hold, by what holds them.

    Args:
        model: of an architecture without a backbone.
        batch_size: clips in a batch, of which each process makes all and takes its share.
        num_frames: frames of a clip; conv_lstm takes a step over at most `SEGMENT_FRAMES` of them.
        precision: one of `videoqa.config.PRECISIONS`; half precision is counted as float32, which it keeps
            its weights and many outputs in.
        spread: over the processes that share this machine's memory, and others.
        prefetch_batches: batches of frames that each process has at hand besides the one in use.

    Returns:
        "weights", "activations", "batches" and "runtime" in bytes.
    """
    from videoqa.models.conv_lstm import SEGMENT_FRAMES

    frames_at_once = min(num_frames, SEGMENT_FRAMES) if model.architecture == "conv_lstm" else num_frames
    weights, largest_weight, outputs, largest_output = _sizes(model, frames_at_once)
    number_bytes = 8 if precision == "float64" else 4
    kept = outputs + GRADIENT_TEMPORARIES * largest_output
    each_copy = WEIGHT_COPIES * weights + OPTIMIZER_TEMPORARIES * largest_weight
    batch = batch_size * num_frames * prod(model.frame_size or ()) * 3
    return {
        "weights": spread.num_copies * each_copy * number_bytes,
        "activations": spread.local_rows(batch_size) * kept * number_bytes,
        "batches": spread.num_local_workers * batch * (1 + prefetch_batches),
        "runtime": spread.num_local_workers * RUNTIME_BYTES,
    }


@functools.lru_cache(maxsize=8)
def _sizes(model: ModelConfig, num_frames: int) -> tuple[int, int, int, int]:
    """Return the numbers in all weights and in the largest, in all outputs of one clip and in the largest
    with a gradient."""
    from videoqa.models.building import build_from_config
    from videoqa.models.conv_lstm import ONE_FRAME_LAYERS

    # There a frame is an example: the shape is that of one frame.
    single_frame_layers = ONE_FRAME_LAYERS if model.architecture == "conv_lstm" else ()
    network = build_from_config(model, num_frames, starts_from="clip")
    weights = [int(np.prod(weight.shape)) for weight in network.weights]
    outputs: list[int] = []
    with_gradient: list[int] = []
    for layer in network.layers:
        if type(layer).__name__ not in RESHAPING:
            output = layer.output[0] if isinstance(layer.output, (list, tuple)) else layer.output
            frames = num_frames if layer.name in single_frame_layers else 1
            outputs.append(prod(output.shape[1:]) * frames)
            if layer.weights or with_gradient:
                with_gradient.append(outputs[-1])
    return sum(weights), max(weights), sum(outputs), max(with_gradient)
