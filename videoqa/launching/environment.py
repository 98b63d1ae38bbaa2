"""Sets environment variables of worker processes: their GPUs, and no proxy between them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from videoqa.config.architectures import architectures_with
from videoqa.launching.cluster import Cluster, host_and_port

GPUS_VARIABLE = "CUDA_VISIBLE_DEVICES"


def visible_gpus(environment: Mapping[str, str], devices: Path = Path("/dev")) -> list[str]:
    """Return CUDA's names of the GPUs this process may use: those in the variable, else all in `devices`."""
    if GPUS_VARIABLE not in environment:
        return [str(place) for place, _ in enumerate(devices.glob("nvidia[0-9]*"))]
    names = [name.strip() for name in environment[GPUS_VARIABLE].split(",")]
    valid = [bool(name) and not name.startswith("-") and name != "NoDevFiles" for name in names]
    return names[: [*valid, False].index(False)]  # CUDA ignores what follows an invalid name


def split_gpus(gpus: Sequence[str], num_workers: int) -> list[str]:
    """Return `CUDA_VISIBLE_DEVICES` for each worker: equal shares without overlap; "" if too few GPUs."""
    share = len(gpus) // num_workers
    return [",".join(gpus[place * share : (place + 1) * share]) for place in range(num_workers)]


def without_proxy(environment: Mapping[str, str], cluster: Cluster) -> dict[str, str]:
    """Return variables that stop gRPC from using an HTTP proxy for the hosts of `cluster`.

    Earlier exceptions are kept. gRPC reads `no_grpc_proxy` alone if it is set, and does not understand "*".
    """
    hosts = list(dict.fromkeys(host_and_port(address)[0] for address in cluster.workers))
    excepted = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    variables = {"no_grpc_proxy": _joined(environment.get("no_grpc_proxy", ""), hosts)}
    if excepted.strip() != "*":
        variables |= dict.fromkeys(("no_proxy", "NO_PROXY"), _joined(excepted, hosts))
    return variables


def _joined(text: str, hosts: list[str]) -> str:
    names = [name.strip() for name in text.split(",") if name.strip()]
    return ",".join([*names, *(host for host in hosts if host not in names)])


def unused_gpus(num_visible: int, num_used: int, strategy: str) -> str:
    """Return a message about GPUs that a training leaves unused; "" if it uses all."""
    if num_visible <= num_used:
        return ""
    advice = ""
    if strategy == "single":
        averaged = architectures_with("segment_frames")
        advice = (
            f": add --strategy mirrored (with {averaged}: --strategy multiworker --averaging-frequency K)"
        )
    return f"{num_visible} GPUs visible, {num_used} used{advice}."
