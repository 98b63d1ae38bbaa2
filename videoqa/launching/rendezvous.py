"""The rendezvous of all launchers of a run; every wait in it has a deadline. Needs no TensorFlow.

Every worker listens on its own port from the start, so a port in use is found early. Each worker tells worker
0 that it is ready, with the fingerprint of what it will train. Worker 0 tells all of them to begin, or why
they cannot. Then the ports are closed for TensorFlow to use. The connections stay open: failures, barriers
and the end of the run go through them. A worker whose connection closes or falls silent is lost.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from videoqa.launching.cluster import Cluster
from videoqa.launching.coordinator import Coordinator
from videoqa.launching.listening import Listener
from videoqa.launching.member import Member
from videoqa.launching.messages import Deadlines

Side = Coordinator | Member


@contextlib.contextmanager
def rendezvous(
    cluster: Cluster, decide: Callable[[], Mapping[str, Any]], start_timeout: float, deadlines: Deadlines
) -> Iterator[Side]:
    """Open this worker's side of the rendezvous, and close it at the end of the block.

    Both sides have the methods `tell` (what this worker says: ready with its fingerprint, barrier with a
    name, done, failed with a type and message) and `poll` (what it is told: go with what was decided, pass
    with the name of a barrier, leave), which raises the failure that ends the run.

    Args:
        cluster: the workers and which of them this is.
        decide: called by worker 0 alone, once all are ready with one and the same fingerprint.
        start_timeout: seconds to wait for a worker that is not there.
        deadlines: the other waiting times.

    Raises:
        ValueError: this worker's port is in use.
    """
    listener = Listener(cluster, deadlines.welcome) if len(cluster.workers) > 1 else None
    side: Side
    if listener is None or cluster.is_chief:
        side = Coordinator(cluster, decide, start_timeout, deadlines, listener)
    else:
        side = Member(cluster, start_timeout, deadlines, listener)
    try:
        yield side
    finally:
        side.close()
