"""Why a request is not carried out, besides what is wrong with the request itself."""


class Busy(Exception):
    """As much is waiting as may wait.

    Attributes:
        seconds: after how many the caller should come again.
    """

    def __init__(self, message: str, seconds: float = 1.0) -> None:
        super().__init__(message)
        self.seconds = max(round(seconds), 1)


class TookTooLong(Exception):
    """Decoding and encoding a clip took longer than one clip may take."""


class UnknownClip(Exception):
    """A clip that was never sent, or was deleted since: its bytes have to be sent again."""


class Stopping(Exception):
    """The service takes no more work, because it ends."""
