"""Which GPUs each of several workers on one machine has. Needs no TensorFlow."""

from collections.abc import Mapping, Sequence
from pathlib import Path

VARIABLE = "CUDA_VISIBLE_DEVICES"


def visible_gpus(environment: Mapping[str, str], devices: Path = Path("/dev")) -> list[str]:
    """Return CUDA's names of the GPUs a process may use: what `VARIABLE` lists, else all in `devices`."""
    if VARIABLE not in environment:
        return [str(place) for place, _ in enumerate(devices.glob("nvidia[0-9]*"))]
    names = [name.strip() for name in environment[VARIABLE].split(",")]
    valid = [bool(name) and not name.startswith("-") and name != "NoDevFiles" for name in names]
    return names[: [*valid, False].index(False)]  # CUDA ignores what follows an invalid name


def split_gpus(gpus: Sequence[str], num_workers: int) -> list[str]:
    """Return `VARIABLE` for each worker: as many GPUs for each, none twice; "" where there are too few."""
    share = len(gpus) // num_workers
    return [",".join(gpus[place * share : (place + 1) * share]) for place in range(num_workers)]
