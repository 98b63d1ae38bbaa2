"""Whether all workers are about to train the same thing."""

from videoqa.launching.cluster import Cluster


def difference(cluster: Cluster, fingerprints: list[dict[str, str]]) -> str:
    """Return in words what some worker has other than worker 0; "" where all agree."""
    ours = fingerprints[0]
    for index, said in enumerate(fingerprints):
        names = [name for name in sorted({*ours, *said}) if ours.get(name) != said.get(name)]
        if names:
            details = "; ".join(f"{name}: {ours.get(name)} and {said.get(name)}" for name in names)
            return (
                f"All workers must train the same thing. Of {cluster.name(0)} and {cluster.name(index)} "
                f"differ {details}."
            )
    return ""
