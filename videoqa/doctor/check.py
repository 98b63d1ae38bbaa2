"""One line of the diagnosis."""

from dataclasses import dataclass

LEVELS = ("ok", "warning", "problem")
"""Fit; works, with something to know; something here cannot work."""


@dataclass(frozen=True)
class Check:
    """One thing looked at.

    Attributes:
        name: what was looked at.
        level: one of `LEVELS`.
        found: what there is.
        advice: what to do; "" where nothing has to be done.
    """

    name: str
    level: str
    found: str
    advice: str = ""
