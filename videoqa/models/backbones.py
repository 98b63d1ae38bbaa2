"""Backbones: networks over single frames, with the weights they start from."""

import contextlib
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videoqa._checks import Refusal, check_choice
from videoqa.config import BACKBONES, POOLINGS
from videoqa.models.cells import num_cells, with_cells
from videoqa.models.tiny import TINY_FEATURE_DIM, TINY_FILTERS
from videoqa.models.weight_files import file_digest, load_weights_file, weights_file

if TYPE_CHECKING:
    import keras

INCEPTION_V3_CHANNELS = {
    "mixed0": 256, "mixed1": 288, "mixed2": 288, "mixed3": 768, "mixed4": 768, "mixed5": 768, "mixed6": 768,
    "mixed7": 768, "mixed8": 1280, "mixed9": 2048, "mixed10": 2048,
}  # fmt: skip
"""Layer at which InceptionV3 can be cut -> its channels; the last is the network's end."""
RANDOM_WEIGHTS_SEED = 0


def build_backbone(
    name: str | None,
    *,
    weights: str | os.PathLike[str] | None,
    layer: str | None = None,
    pooling: str = "mean",
    frame_size: tuple[int, int],
    trainable: bool = False,
) -> "keras.Model":
    """Build a network from one frame to one vector; scaling is its first layer.

    Args:
        name: one of `videoqa.config.BACKBONES`.
        weights: "imagenet" (inception_v3: Keras's own, downloaded once), "package" (tiny), a weights file
            in either of Keras's layouts, or None: random weights, always the same unless `trainable`.
        layer: cut after this layer (inception_v3: mixed0 to mixed10); None: its end.
        pooling: one of `videoqa.config.POOLINGS`: "mean", or a grid, whose cells' averages of the last map
            follow the usual features, row by row.
        frame_size: (height, width) in pixels.
        trainable: False freezes it. Batch norm always keeps its stored statistics, because those of a batch
            depend on how it is split over devices.

    Returns:
        A `keras.Model`: uint8-valued RGB `(batch, height, width, 3)`, 0-255 → `(batch, feature_dim)`.

    Raises:
        ConnectionError: the ImageNet weights are not here and cannot be downloaded.
        FileNotFoundError: no such weights file.
        ValueError: an unknown backbone, layer or pooling, or a file with other weights.
    """
    from videoqa.models.devices import let_gpu_memory_grow

    name = checked_name(name, layer, pooling)
    path = weights_file(name, weights)
    let_gpu_memory_grow()
    build = _BUILDERS[name]
    with _fixed_random_weights(unless=trainable and path is None):
        network = build(frame_size, layer, pooling, path)
    network.trainable = trainable
    for each in network.layers:
        if type(each).__name__ == "BatchNormalization":
            each.trainable = False
    return network


def freeze_before(network: "keras.Model", layer: str | None) -> None:
    """Freeze the layers of a trainable backbone up to `layer`, this one included.

    Raises:
        ValueError: a layer that the backbone does not have.
    """
    names = [each.name for each in network.layers]
    check_choice("unfreeze_from", layer, names)
    for each in network.layers[: names.index(str(layer)) + 1]:
        each.trainable = False


def feature_dim(name: str | None, layer: str | None = None, pooling: str = "mean") -> int:
    """Return the length of a backbone's feature vector, without building it.

    Raises:
        ValueError: an unknown backbone, layer or pooling.
    """
    name = checked_name(name, layer, pooling)
    if name == "tiny":
        return TINY_FEATURE_DIM + num_cells(pooling) * TINY_FILTERS[-1]
    return INCEPTION_V3_CHANNELS[layer or "mixed10"] * (1 + num_cells(pooling))


def checked_name(name: str | None, layer: str | None, pooling: str = "mean") -> str:
    """Return `name`; raise `ValueError` unless it is a backbone, `layer` is None or one to cut it at, and
    there is such a pooling.

    `name` is None in architectures without a backbone, which are refused here too.
    """
    check_choice("backbone", name, BACKBONES)
    check_choice("pooling", pooling, tuple(POOLINGS))
    assert name is not None
    if layer is None:
        return name
    if name != "inception_v3":
        raise Refusal("backbone_layer", f"be None with backbone={name!r}", layer)
    check_choice("backbone_layer", layer, tuple(INCEPTION_V3_CHANNELS))
    return name


def backbone_identity(
    name: str | None,
    weights: str | os.PathLike[str] | None,
    layer: str | None = None,
    pooling: str = "mean",
) -> dict[str, Any]:
    """Return {"backbone", "layer", "weights_sha256"}, on which features depend, without building anything.

    The hash is None for random weights. With a grid there is "pooling" too, which cache keys and model
    folders have not always had. Raises as `build_backbone`.
    """
    name = checked_name(name, layer, pooling)
    path = weights_file(name, weights)
    digest = None if path is None else file_digest(path, "sha256")
    grid = {} if pooling == "mean" else {"pooling": pooling}
    return {"backbone": name, "layer": layer, "weights_sha256": digest, **grid}


def _build_inception_v3(
    frame_size: tuple[int, int], layer: str | None, pooling: str, path: Path | None
) -> "keras.Model":
    """Szegedy et al. 2016, arXiv:1512.00567, as in `keras.applications`, average-pooled."""
    import keras

    frames = keras.Input((*frame_size, 3), dtype="uint8", name="frame")
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scaling")(frames)
    whole = keras.applications.InceptionV3(include_top=False, weights=None, input_tensor=scaled)
    pool = keras.layers.GlobalAveragePooling2D(name="pool")
    last_map = whole.get_layer(layer or "mixed10").output
    network = keras.Model(frames, with_cells(pool(last_map), last_map, pooling), name="inception_v3")
    if path is not None:
        wanted = f"inception_v3 without top, whole or up to {layer or 'mixed10'}"
        load_weights_file(path, [network, whole], wanted, lambda number: _cut_advice(frames, whole, number))
    return network


def _cut_advice(frames: Any, whole: "keras.Model", num_arrays: int) -> str:
    """Return which option fits a file of so many weight arrays; "" if none does."""
    import keras

    for name in INCEPTION_V3_CHANNELS:
        if len(keras.Model(frames, whole.get_layer(name).output).weights) == num_arrays:
            option = f"--backbone-layer {name} (in Python: backbone_layer={name!r})"
            return f"InceptionV3 up to {name} has as many: give {option}."
    return ""


def _build_tiny(
    frame_size: tuple[int, int], layer: str | None, pooling: str, path: Path | None
) -> "keras.Model":
    from videoqa.models.tiny import build_tiny_network

    network = build_tiny_network(frame_size, pooling)
    if path is not None:
        load_weights_file(path, [network], "tiny")
    return network


_BUILDERS: dict[str, Callable[..., "keras.Model"]] = {
    "inception_v3": _build_inception_v3,
    "tiny": _build_tiny,
}


@contextlib.contextmanager
def _fixed_random_weights(*, unless: bool) -> Iterator[None]:
    """Draw initial weights from a fixed seed and restore the caller's random state."""
    if unless:
        yield
        return
    # Keras initializers take their seeds from Python's generator when they are made.
    state = random.getstate()
    random.seed(RANDOM_WEIGHTS_SEED)
    try:
        yield
    finally:
        random.setstate(state)
