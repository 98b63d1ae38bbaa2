"""Bounds how much of the machine one video may take; environment variables raise them."""

import os
from dataclasses import dataclass

import numpy as np

from videoqa._checks import Refusal
from videoqa.video.errors import DecodingError

MOST_DIGITS = 18
"""Of a limit; Python itself reads at most 4,300."""


@dataclass(frozen=True)
class Limit:
    """The most that one video may have of something.

    Attributes:
        variable: environment variable that sets another limit.
        usual: the limit without it.
        phrase: says what a video has, with a place for the number.
    """

    variable: str
    usual: int
    phrase: str

    @property
    def value(self) -> int:
        """The limit now.

        Raises:
            ValueError: the environment variable is no whole number above 0.
        """
        text = os.environ.get(self.variable, "").strip()
        if not text:
            return self.usual
        if not text.isdecimal() or len(text) > MOST_DIGITS or int(text) < 1:
            requirement = f"be a whole number of at least 1, with at most {MOST_DIGITS} digits"
            raise Refusal(self.variable, requirement, text[:40])
        return int(text)


PIXELS = Limit("VIDEOQA_MAX_PIXELS", 8192 * 8192, "its frames have {} pixels each")
BYTES = Limit("VIDEOQA_MAX_BYTES", 64 * 2**30, "the file has {} bytes")
FRAMES = Limit("VIDEOQA_MAX_FRAMES", 10_000_000, "it has {} frames or more")
STREAMS = Limit("VIDEOQA_MAX_STREAMS", 256, "the file holds {} streams")
SECONDS = Limit("VIDEOQA_MAX_SECONDS", 7 * 24 * 3600, "it lasts {} seconds")
LIMITS = (PIXELS, BYTES, FRAMES, STREAMS, SECONDS)


def limits_now() -> tuple[int, ...]:
    """Return the value of each limit, in the order of `LIMITS`; `ValueError` for one that is no number."""
    return tuple(limit.value for limit in LIMITS)


def check_limit(limit: Limit, path: str, number: float) -> None:
    """Raise `DecodingError`, naming the limit and its environment variable, if a video has more than it."""
    if number <= limit.value:
        return
    found = limit.phrase.format(told_apart(number, limit.value))
    cause = f"{found}, more than the limit of {limit.value:,}; set {limit.variable} to raise it"
    raise DecodingError(path, cause)


def told_apart(number: float, other: float, digits: int = 0) -> str:
    """Return a number as text, with the digits that show on which side of `other` it lies.

    Args:
        number: to be shown.
        other: what it is compared with.
        digits: behind the point, at least.
    """
    if isinstance(number, int):
        return f"{number:,}"
    for places in range(digits, MOST_DIGITS):
        shown = round(number, places)
        if (shown > other) == (number > other) and (shown < other) == (number < other):
            return f"{shown:,.{places}f}"
    return repr(number)


def check_seconds(path: str, timestamps_seconds: np.ndarray) -> None:
    """Raise `DecodingError` if the frames of a video, at increasing times in seconds, span too long."""
    if len(timestamps_seconds):
        check_limit(SECONDS, path, float(timestamps_seconds[-1]))
