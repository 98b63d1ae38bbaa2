"""The rendezvous of all launchers of a run; every wait in it has a deadline.

Every worker listens on its own port from the start, so a port in use is found early. Each worker tells worker
0 that it is ready, with the fingerprint of what it will train. Worker 0 tells all workers to begin, or why
they cannot. Then the ports are closed so that TensorFlow can use them. The connections stay open for
failures, barriers and the end of the run. A worker whose connection closes or falls silent is lost.
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

    Both sides have two methods. `tell` sends what this worker has to say: "ready" with its fingerprint,
    "barrier" with a name, "done", or "failed" with a type and message. `poll` returns what the worker is
    told: "go" with the decision, "pass" with the name of a barrier, or "leave"; it raises the failure that
    ends the run.

    Args:
        cluster, decide, start_timeout, deadlines: as in `Coordinator`.

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
