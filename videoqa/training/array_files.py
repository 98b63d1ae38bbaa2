"""Lists of arrays in .npz files, every dtype of numbers bit for bit; nothing is pickled."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from videoqa._checks import refusal

DTYPES = "dtypes"
"""Member of the file that names the dtype of each array."""


def save_arrays(path: Path, arrays: Sequence[np.ndarray]) -> None:
    """Write `arrays` to `path`, uncompressed.

    Args:
        path: ends in .npz.
        arrays: of numbers, those of `ml_dtypes` (such as bfloat16) included.

    Raises:
        ValueError: an array of something else.
    """
    given = [np.asarray(array) for array in arrays]
    members = {str(number): _storable(array) for number, array in enumerate(given)}
    members[DTYPES] = np.array([array.dtype.name for array in given], dtype=np.str_)
    with open(path, "wb") as file:
        np.savez(file, **members)  # type: ignore[arg-type]


def load_arrays(path: Path) -> list[np.ndarray]:
    """Return the arrays in `path`, in their order."""
    with np.load(path, allow_pickle=False) as members:
        names = members[DTYPES].tolist()
        return [_with_dtype(members[str(number)], name) for number, name in enumerate(names)]


def _storable(array: np.ndarray) -> np.ndarray:
    """Return the array, or its bytes as unsigned integers where .npy files do not know its dtype."""
    if array.dtype.isbuiltin == 2:
        return array.view(f"u{array.dtype.itemsize}")
    if array.dtype.kind not in "biufc":
        raise ValueError(refusal("arrays", "hold numbers", array.dtype.name))
    return array


def _with_dtype(stored: np.ndarray, name: str) -> np.ndarray:
    """Undo `_storable`."""
    if stored.dtype.name == name:
        return stored
    # TensorFlow brings this package; a file without such numbers is read without it.
    import ml_dtypes

    return stored.view(getattr(ml_dtypes, name))
