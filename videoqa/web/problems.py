"""`Problem`: an answer that is an error; every exception becomes one, and none shows its traceback."""

import sys
import traceback
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from videoqa._checks import UserError
from videoqa._counted import counted
from videoqa._files import DISK_FULL
from videoqa.video.errors import DecodingError
from videoqa.web.errors import Busy, Stopping, TookTooLong, UnknownClip

RETRY_SECONDS = 2
"""What a caller is asked to wait before it comes again, if nothing better is known."""
INTERFACE = "/openapi.json"
"""Where the requests are described that `videoqa serve` takes."""


class Problem(Exception):
    """A request that cannot be carried out.

    Attributes:
        status: HTTP status.
        code: what is wrong, as one word for programs.
        message: what is wrong, as a sentence.
        what_to_do: what helps, as a sentence.
        headers: further headers of the response.
    """

    def __init__(
        self, status: int, code: str, message: str, what_to_do: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.what_to_do = status, code, message, what_to_do
        self.headers = headers or {}

    def response(self, interface: str = INTERFACE) -> JSONResponse:
        """Return it as `{"error": {"code", "message", "what_to_do"}}`, with what describes the interface."""
        what_to_do = self.what_to_do.replace(INTERFACE, interface)
        content = {"code": self.code, "message": self.message, "what_to_do": what_to_do}
        return JSONResponse({"error": content}, status_code=self.status, headers=self.headers)


def bad_request(message: str, what_to_do: str = f"Send what {INTERFACE} describes.") -> Problem:
    """Return the problem of a request with wrong fields."""
    return Problem(400, "bad_request", message, what_to_do)


def bad_json(message: str) -> Problem:
    """Return the problem of a body that should be JSON and is not."""
    return Problem(400, "bad_json", message, "Send one JSON object in UTF-8.")


def too_large(what: str, most_bytes: int) -> Problem:
    """Return the problem of a body with more bytes than are taken."""
    message = f"{what} has more than {most_bytes:,} bytes."
    return Problem(413, "too_large", message, "Send a shorter or smaller one.")


def busy(message: str, seconds: int = RETRY_SECONDS) -> Problem:
    """Return the problem of a full queue, in which there may be room again after some seconds."""
    what_to_do = f"Send the same again in {counted(seconds, 'second')}."
    return Problem(429, "busy", message, what_to_do, {"Retry-After": str(seconds)})


def send_clip_again() -> Problem:
    """Return the problem of a clip that is not known here."""
    message = "This server does not have this clip: it was deleted, or another server has it."
    return Problem(409, "send_clip_again", message, "Send its bytes again to /api/clips, then ask again.")


def not_found() -> Problem:
    """Return the problem of an address where nothing is."""
    return Problem(404, "not_found", "Nothing is at this address.", f"See {INTERFACE} for the addresses.")


def stopping() -> Problem:
    """Return the problem of a server that takes no new work."""
    what_to_do = "Send it again in a moment, perhaps to another server."
    headers = {"Retry-After": str(RETRY_SECONDS)}
    return Problem(503, "stopping", "This server is being stopped.", what_to_do, headers)


def problem_of(error: Exception, request_line: str) -> Problem:
    """Return what a caller is told of an exception; one that is a bug goes to stderr with its traceback.

    Args:
        error: what was raised while a request was carried out.
        request_line: the program, and method and path of the request.
    """
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        return _http_problem(error)
    if isinstance(error, Busy):
        return busy(str(error), error.seconds)
    if isinstance(error, Stopping):
        return stopping()
    if isinstance(error, UnknownClip):
        return send_clip_again()
    if isinstance(error, TookTooLong):
        return Problem(504, "took_too_long", str(error), "Send a shorter or smaller clip.")
    if isinstance(error, DecodingError):
        message = f"This is no video that can be read: {error.cause}."
        return Problem(422, "not_a_video", message, "Send a video file, such as .mp4 or .webm.")
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        print(f"{request_line} failed: {error}", file=sys.stderr, flush=True)
        message = "The disk of the server is full."
        return Problem(507, "disk_full", message, "Try again later, or tell who runs the server.")
    if isinstance(error, UserError):
        return Problem(422, "refused", str(error), "Change the request.")
    _log(error, request_line)
    message = "The server failed; its log has the cause."
    return Problem(500, "failed", message, "Tell who runs the server.")


def _http_problem(error: HTTPException) -> Problem:
    if error.status_code == 405:
        allowed = dict(error.headers or {}).get("Allow", "")
        message = f"This address takes {allowed}." if allowed else "This address does not take this method."
        return Problem(405, "method_not_allowed", message, f"See {INTERFACE}.", dict(error.headers or {}))
    if error.status_code == 404:
        return not_found()
    headers: dict[str, Any] = dict(error.headers or {})
    return Problem(error.status_code, "bad_request", error.detail, f"See {INTERFACE}.", headers)


def _log(error: Exception, request_line: str) -> None:
    print(f"{request_line} failed:", file=sys.stderr)
    traceback.print_exception(error, file=sys.stderr)
    sys.stderr.flush()
