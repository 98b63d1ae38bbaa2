"""`DecodingError`, the one exception for videos that cannot be decoded."""

from videoqa._checks import UserError


class DecodingError(UserError):
    """A video file that cannot be decoded, or that gives far fewer frames than it announces.

    Attributes:
        path: the file.
        cause: what is wrong, in words.
        frames_read: frames the decoder gave; None: decoding did not start.
        frames_announced: frames by the file's header; None: it does not say.
    """

    def __init__(
        self, path: str, cause: str, frames_read: int | None = None, frames_announced: int | None = None
    ) -> None:
        super().__init__(path, cause, frames_read, frames_announced)
        self.path = path
        self.cause = cause
        self.frames_read = frames_read
        self.frames_announced = frames_announced

    def __str__(self) -> str:
        text = f"Cannot decode {self.path!r}: {self.cause}"
        if self.frames_read is not None:
            announced = "an unknown number" if self.frames_announced is None else self.frames_announced
            text += f" (frames read: {self.frames_read} of {announced} announced)"
        return f"{text}."
