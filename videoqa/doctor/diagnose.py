"""All checks of `videoqa doctor` in their order, and what one of them says."""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass

LEVELS = ("ok", "warning", "problem")
"""Fit; works, with something to know; something here cannot work."""
GROUPS = (
    ("packages", "package_checks"),
    ("probes", "device_checks"),
    ("probes", "decoder_checks"),
    ("machine", "machine_checks"),
)
"""Modules of this room and their functions; imported one by one, so that a broken package hides no other."""


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


def diagnose() -> Iterator[Check]:
    """Yield one check after the other, as they are done; nothing is changed on the machine."""
    for module, function in GROUPS:
        try:
            yield from getattr(importlib.import_module(f"videoqa.doctor.{module}"), function)()
        except OSError as error:
            advice = "Run it in another folder, one that exists and that you may read."
            yield _failure(module, function, error, advice)
        except Exception as error:  # a half-installed package may raise whatever it likes
            yield _failure(module, function, error, "pip install --force-reinstall videoqa")


def _failure(module: str, function: str, error: Exception, advice: str) -> Check:
    found = f"{function.replace('_', ' ')} cannot be made: {type(error).__name__}: {error}"
    return Check(module, "problem", found, advice)
