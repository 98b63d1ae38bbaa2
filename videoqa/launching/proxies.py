"""Workers talk to each other directly, whatever proxy leads to the rest of the world."""

from collections.abc import Mapping

from videoqa.launching.cluster import Cluster, host_and_port


def without_proxy(environment: Mapping[str, str], cluster: Cluster) -> dict[str, str]:
    """Return the variables that keep gRPC from reaching the hosts of `cluster` through an HTTP proxy.

    What is excepted already stays so. Where `no_grpc_proxy` is set gRPC reads no other; it knows no "*".
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
