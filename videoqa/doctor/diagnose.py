"""All checks in their order."""

import importlib
from collections.abc import Iterator

from videoqa.doctor.check import Check

GROUPS = (
    ("packages", "package_checks"),
    ("probes", "device_checks"),
    ("probes", "decoder_checks"),
    ("machine", "machine_checks"),
)
"""Modules of this room and their functions; imported one by one, so that a broken package hides no other."""


def diagnose() -> Iterator[Check]:
    """Yield one check after the other, as they are done; nothing is changed on the machine."""
    for module, function in GROUPS:
        try:
            checks = getattr(importlib.import_module(f"videoqa.doctor.{module}"), function)
        except ImportError as error:
            found = f"{function.replace('_', ' ')} cannot be made: {error}"
            yield Check(module, "problem", found, "pip install --force-reinstall videoqa")
        else:
            yield from checks()
