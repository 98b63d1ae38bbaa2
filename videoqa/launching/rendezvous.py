"""The meeting of all launchers of a run: nobody waits for another without a deadline. Needs no TensorFlow.

Every worker listens on its own port at once, which shows early that it is in use. Worker 0 hears from each
when it is ready and with what fingerprint, and answers all alike: go, or what stands against it. Then the
ports are free for TensorFlow, and the connections stay open: a failure, a point that all have to reach and
the end are told through them, and one that closes or falls silent is a worker that is lost.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from videoqa.launching.cluster import Cluster
from videoqa.launching.coordinator import Hub
from videoqa.launching.listening import Listener
from videoqa.launching.member import Spoke
from videoqa.launching.messages import Patience

Side = Hub | Spoke


@contextlib.contextmanager
def meeting(
    cluster: Cluster,
    settle: Callable[[], Mapping[str, Any]],
    start_timeout: float,
    patience: Patience,
) -> Iterator[Side]:
    """Open this worker's side of the meeting, and close it at the end of the block.

    Both sides have the methods `tell` (what this worker says: ready with its fingerprint, barrier with a
    name, done, failed with a type and message) and `poll` (what it is told: go with what was settled, pass
    with the name of a barrier, leave), which raises the failure that ends the run.

    Args:
        cluster: the workers and which of them this is.
        settle: called by worker 0 alone, once all are ready with one and the same fingerprint.
        start_timeout: seconds to wait for a worker that is not there.
        patience: the other waiting times.

    Raises:
        ValueError: this worker's port is in use.
    """
    listener = Listener(cluster, patience.welcome) if len(cluster.workers) > 1 else None
    side: Side
    if listener is None or cluster.is_chief:
        side = Hub(cluster, settle, start_timeout, patience, listener)
    else:
        side = Spoke(cluster, start_timeout, patience, listener)
    try:
        yield side
    finally:
        side.close()
