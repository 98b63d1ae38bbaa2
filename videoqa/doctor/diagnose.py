"""Runs all checks of `videoqa doctor` in order."""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass

LEVELS = ("ok", "warning", "problem")
"""All is well; it works, but read the advice; something cannot work."""
GROUPS = (
    ("packages", "package_checks"),
    ("probes", "device_checks"),
    ("probes", "decoder_checks"),
    ("machine", "machine_checks"),
)
"""Module of this room, function. Each is imported on its own, so a broken package hides no other check."""


@dataclass(frozen=True)
class Check:
    """The result of one check.

    Attributes:
        name: what was checked.
        level: one of `LEVELS`.
        found: what was found.
        advice: what to do; "" if nothing.
    """

    name: str
    level: str
    found: str
    advice: str = ""


def diagnose() -> Iterator[Check]:
    """Yield the result of each check as soon as it is known; nothing on the machine is changed."""
    for module, function in GROUPS:
        try:
            yield from getattr(importlib.import_module(f"videoqa.doctor.{module}"), function)()
        except OSError as error:
            advice = "Run it in another folder, one that exists and that you may read."
            yield _failure(module, function, error, advice)
        except Exception as error:  # a half-installed package may raise anything
            yield _failure(module, function, error, "pip install --force-reinstall videoqa")


def _failure(module: str, function: str, error: Exception, advice: str) -> Check:
    found = f"{function.replace('_', ' ')} cannot be made: {type(error).__name__}: {error}"
    return Check(module, "problem", found, advice)
