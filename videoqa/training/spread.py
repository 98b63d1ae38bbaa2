"""How a run is spread over processes and devices, as far as memory and shares depend on it."""

from collections.abc import Sequence
from dataclasses import dataclass

from videoqa.launching.cluster import host_and_port


@dataclass(frozen=True)
class Spread:
    """How many share the work; by default one process on one device.

    Attributes:
        num_workers: processes that share each batch.
        num_local_workers: those of them on this machine, whose memory they share.
        num_replicas: of the model in each process, in the machine's memory.
    """

    num_workers: int = 1
    num_local_workers: int = 1
    num_replicas: int = 1

    @property
    def num_copies(self) -> int:
        """Replicas of the model on this machine."""
        return self.num_local_workers * self.num_replicas

    def local_rows(self, batch_size: int) -> int:
        """Return how many rows of a batch the replicas on this machine take, shares being equal."""
        return -(-batch_size // (self.num_workers * self.num_replicas)) * self.num_copies


ALONE = Spread()


def spread_of_workers(workers: Sequence[str], index: int) -> Spread:
    """Return the spread over `workers`, "host:port" each, as the one at `index` sees it."""
    hosts = [host_and_port(address)[0] for address in workers]
    return Spread(num_workers=len(hosts), num_local_workers=hosts.count(hosts[index]))
