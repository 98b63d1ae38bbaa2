"""What can go wrong between workers."""


class StartError(RuntimeError):
    """The workers did not come together; the message says who is absent, or what differs."""


class WorkerLost(RuntimeError):
    """A worker died, froze or vanished during the run; the message says which one and how."""
