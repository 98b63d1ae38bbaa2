"""What can go wrong between a request and its reply."""

from videoqa._checks import UserError


class ChatError(UserError):
    """A request has no usable reply; the message says why, and never holds the key."""


class ServerStops(ChatError):
    """No request to this server will be answered: not reached, a wrong key, a model that it has not."""


class CannotSee(ServerStops):
    """The server takes no pictures."""


class Rejected(ChatError):
    """The server took the request for a wrong one (HTTP 400 or 422)."""


class Busy(ChatError):
    """The server may answer later; `wait_seconds` is what it asks for, None: it does not say."""

    def __init__(self, message: str, wait_seconds: float | None = None) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds
