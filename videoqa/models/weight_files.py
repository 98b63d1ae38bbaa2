"""Finds, fetches, recognises and loads the weights files of backbones, and gives the bytes of new ones."""

import contextlib
import functools
import hashlib
import io
import os
import shutil
import socket
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from videoqa._checks import Refusal, check_file
from videoqa.config import DEFAULT_BACKBONE_WEIGHTS

if TYPE_CHECKING:
    import keras

IMAGENET_FILE = "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
IMAGENET_URL = f"https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/{IMAGENET_FILE}"
IMAGENET_MD5 = "bcbd6486424b2319ff4ef7d526e38f63"
"""Name, address and hash of Keras's own ImageNet weights without top (`keras.applications`)."""
TINY_WEIGHTS_FILE = Path(__file__).with_name("weights") / "tiny.weights.h5"
DOWNLOAD_TIMEOUT_SECONDS = 30


def weights_file(name: str, weights: str | os.PathLike[str] | None) -> Path | None:
    """Return a backbone's weights file, downloaded if necessary; None: random. Raises as `build_backbone`."""
    if weights is None:
        return None
    if weights == "imagenet" and name == "inception_v3":
        return _imagenet_file()
    if weights == "package" and name == "tiny":
        return check_file(
            "backbone_weights", TINY_WEIGHTS_FILE, "The package is incomplete: install it again."
        )
    own = DEFAULT_BACKBONE_WEIGHTS[name]
    if weights in DEFAULT_BACKBONE_WEIGHTS.values():
        raise Refusal("backbone_weights", f"be {own!r}, a file or None with backbone={name!r}", weights)
    return check_file("backbone_weights", weights, f"Or give {own!r}.")


def keras_models_folder() -> Path:
    """Return the folder where Keras keeps weights: `$KERAS_HOME/models`, else `~/.keras/models`."""
    return Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "models"


def _imagenet_file() -> Path:
    path = keras_models_folder() / IMAGENET_FILE
    if not path.exists():
        _download_imagenet_weights(path)
    elif file_digest(path, "md5") != IMAGENET_MD5:
        raise Refusal(
            f"{path} must be Keras's ImageNet weights, md5 {IMAGENET_MD5}. Received: a file with md5 "
            f"{file_digest(path, 'md5')}. Remove it to have it downloaded, or bring it from {IMAGENET_URL}."
        )
    return path


def _download_imagenet_weights(path: Path) -> None:
    """Download beside `path`, check the hash and rename, so that a killed download leaves no broken file."""
    import keras

    path.parent.mkdir(parents=True, exist_ok=True)
    timeout = socket.getdefaulttimeout()
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, contextlib.redirect_stdout(sys.stderr):
        try:
            socket.setdefaulttimeout(DOWNLOAD_TIMEOUT_SECONDS)
            found = keras.utils.get_file(
                path.name, IMAGENET_URL, cache_dir=folder, cache_subdir="", file_hash=IMAGENET_MD5
            )
        except Exception as error:
            raise ConnectionError(
                f"InceptionV3's ImageNet weights are not on this machine and cannot be downloaded: {error}. "
                f"Bring the file {IMAGENET_FILE} from {IMAGENET_URL} and put it into the folder "
                f"{path.parent}, or take the backbone that ships with the package: --backbone tiny."
            ) from error
        finally:
            socket.setdefaulttimeout(timeout)
        os.replace(found, path)


def file_digest(path: Path, algorithm: str) -> str:
    """Return the hex digest of a file, remembered until the file changes."""
    stat = path.stat()
    return _digest_of_version(str(path), algorithm, (stat.st_size, stat.st_mtime_ns, stat.st_ino))


@functools.lru_cache
def _digest_of_version(path: str, algorithm: str, version: tuple[int, int, int]) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def load_weights_file(
    path: Path,
    networks: Sequence["keras.Model"],
    wanted: str,
    advice: Callable[[int], str] = lambda num_arrays: "",
) -> None:
    """Load a weights file into the first of `networks` that has as many weight arrays.

    Args:
        path: file in either of Keras's layouts, recognised by its content.
        networks: parts of one network, which share their layers.
        wanted: what the file should be, for the error.
        advice: returns what to do about a file of so many arrays, or "".

    Raises:
        ValueError: another kind of file, weights of another network, or weights that are not finite.
    """
    layout, num_arrays = _read_layout(path)
    expected = f"be the weights of {wanted}, in Keras's .weights.h5 or legacy .h5 layout"
    for network in networks:
        if len(network.weights) != num_arrays:
            continue
        cause = _load(network, path, layout)
        if cause:
            raise Refusal("backbone_weights", expected, str(path), f"Cause: {cause}")
        return
    counts = " or ".join(str(count) for count in sorted({len(network.weights) for network in networks}))
    found = f"Expected {counts} arrays; this file has {num_arrays or 'no readable ones'}."
    raise Refusal("backbone_weights", expected, str(path), f"{found} {advice(num_arrays)}".strip())


class _WeightsInMemory(io.BytesIO):
    """A file in memory, with the name whose ending Keras asks for."""

    def __str__(self) -> str:
        return "model.weights.h5"


def weights_bytes(model: "keras.Model") -> bytes:
    """Return the content of a `.weights.h5` file of the model's weights.

    HDF5 never gets a file on disk to write to: when a disk is full it cannot close the file, and ends the
    process at its exit.
    """
    file = _WeightsInMemory()
    model.save_weights(file)
    return file.getvalue()


def layer_not_finite(model: "keras.Model") -> str | None:
    """Return the name of the first layer with a weight, trained or not, that is infinite or NaN."""
    for layer in model.layers:
        if not all(np.isfinite(weight).all() for weight in layer.get_weights()):
            return str(layer.name)
    return None


def _load(network: "keras.Model", path: Path, layout: str) -> str:
    """Load a file into a network and return what went wrong; Keras only warns of some of it."""
    with _named_for_layout(path, layout) as readable, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("always", UserWarning)
        try:
            network.load_weights(readable)
        except (OSError, ValueError, KeyError) as error:
            return str(error)
    if not caught and (layer := layer_not_finite(network)):
        return f"weights of layer {layer!r} are not finite"
    return "; ".join(str(warning.message) for warning in caught)


def num_numbers(path: Path) -> int:
    """Return how many numbers a file of weights declares to hold, without reading them.

    Raises:
        ValueError: no HDF5 file, or one that was cut off.
    """
    import h5py  # type: ignore[import-untyped]

    sizes: list[int] = []
    try:
        with h5py.File(path, "r") as file:
            file.visititems(
                lambda _, item: sizes.append(item.size) if isinstance(item, h5py.Dataset) else None
            )
    except (OSError, RuntimeError) as error:
        raise Refusal(f"{path} is no whole file of weights: {error}. Copy the folder again.") from error
    return sum(size or 0 for size in sizes)


def _read_layout(path: Path) -> tuple[str, int]:
    """Return the suffix Keras wants for this file's layout and how many weight arrays it holds."""
    import h5py

    with open(path, "rb") as file:
        is_hdf5 = file.read(8) == b"\x89HDF\r\n\x1a\n"
    try:
        if is_hdf5:
            with h5py.File(path, "r") as file:
                root = file.get("model_weights", file)
                is_legacy = any(name.startswith("layer_names") for name in root.attrs)
                names: list[str] = []
                root.visititems(
                    lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None
                )
                arrays = [name for name in names if not name.startswith(("optimizer/", "optimizer_weights/"))]
                return (".h5" if is_legacy else ".weights.h5"), len(arrays)
    except OSError:
        pass  # a truncated file, refused like one of another kind
    return ".weights.h5", 0


@contextlib.contextmanager
def _named_for_layout(path: Path, suffix: str) -> Iterator[Path]:
    """Yield the file under a name whose suffix tells Keras the layout."""
    if path.name.endswith(".weights.h5") == (suffix == ".weights.h5") and path.suffix == ".h5":
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        renamed = Path(folder) / f"backbone{suffix}"
        try:
            renamed.symlink_to(path.resolve())
        except OSError:
            shutil.copyfile(path, renamed)
        yield renamed
