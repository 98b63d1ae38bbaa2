"""Whether the port of another worker can be reached, before TensorFlow has to."""

import contextlib
import socket
import struct
import threading
import time

from videoqa.launching.cluster import host_and_port

RETRY_SECONDS = 0.2
_NO_LINGER = struct.pack("ii", 1, 0)  # leave no half-closed connection on a port that TensorFlow will bind


class Dial:
    """Calls an address in a thread, again and again until it answers or the time is over.

    Args:
        address: "host:port".
        seconds: how long to try.

    Attributes:
        problem: why it cannot be reached, in words; "": it can; None: not known yet.
    """

    def __init__(self, address: str, seconds: float) -> None:
        self.problem: str | None = None
        self._address, self._deadline = host_and_port(address), time.monotonic() + seconds
        threading.Thread(target=self._call, name="videoqa-dial", daemon=True).start()

    def _call(self) -> None:
        while True:
            try:
                seconds = max(RETRY_SECONDS, self._deadline - time.monotonic())
                with socket.create_connection(self._address, timeout=seconds) as connected:
                    with contextlib.suppress(OSError):
                        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
                self.problem = ""
                return
            except (OSError, UnicodeError) as error:  # UnicodeError: no host can have this name
                if time.monotonic() + RETRY_SECONDS > self._deadline:
                    self.problem = getattr(error, "strerror", None) or str(error)
                    return
            time.sleep(RETRY_SECONDS)
