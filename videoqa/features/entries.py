"""One entry of the cache as bytes: an array of features or frames, and the JSON that describes it."""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from videoqa._checks import Refusal


@dataclass(frozen=True)
class CacheEntry:
    """One clip's features, or its frames, with what is known about them.

    Attributes:
        features: float16 `(num_frames, feature_dim)`; or uint8 RGB frames `(num_frames, height, width, 3)`,
            mapped into memory, of which only what is looked at is read.
        metadata: content of the entry's `.json`.
        num_bytes: size of both files.
    """

    features: np.ndarray
    metadata: dict[str, Any]
    num_bytes: int


def serialized(features: np.ndarray, metadata: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """Return the bytes of the `.npy` and of the `.json`."""
    if not _is_kept(features):
        requirement = "be float16 (num_frames, feature_dim) or uint8 (num_frames, height, width, 3)"
        raise Refusal("features", requirement, f"{features.dtype} {features.shape}")
    if features.dtype == np.float16 and not np.isfinite(features).all():
        raise Refusal("The features hold values that are not finite in float16; nothing was cached.")
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(features), allow_pickle=False)
    data = buffer.getvalue()
    head = {"sha256": hashlib.sha256(data).hexdigest(), "shape": features.shape, "dtype": str(features.dtype)}
    return data, (json.dumps({**metadata, **head}, allow_nan=False) + "\n").encode()


def _is_kept(array: np.ndarray) -> bool:
    """Whether the cache keeps such arrays: features, or frames."""
    if array.dtype == np.uint8:
        return array.ndim == 4 and array.shape[-1] == 3
    return array.dtype == np.float16 and array.ndim == 2


def checked_entry(text: bytes, path: Path) -> CacheEntry:
    """Return the entry of a marker's bytes and an array's file; raise `ValueError` where they disagree."""
    metadata = json.loads(text)
    if isinstance(metadata, dict) and metadata.get("dtype") == "uint8":
        array, num_bytes = _mapped(path)
    else:
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != metadata["sha256"]:
            raise Refusal("its sha256 is another one than noted")
        array, num_bytes = np.load(io.BytesIO(data), allow_pickle=False), len(data)
    if not _is_kept(array) or list(array.shape) != metadata["shape"]:
        raise Refusal(f"it holds {array.dtype} {array.shape}, {metadata['shape']} was noted")
    return CacheEntry(array, metadata, len(text) + num_bytes)


def _mapped(path: Path) -> tuple[np.memmap, int]:
    """Return an array that is read as it is looked at, and its file's size, which must be the array's."""
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    size = path.stat().st_size
    if size != array.offset + array.nbytes:
        raise Refusal(f"its file has {size} bytes, the array takes {array.offset + array.nbytes}")
    return array, size
