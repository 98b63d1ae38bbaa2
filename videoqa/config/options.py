"""Declares an option of a dataclass."""

from collections.abc import Sequence
from dataclasses import field
from typing import Any


def option(default: Any, help: str) -> Any:
    """Return a dataclass field whose `help` text becomes the help of its command-line flag."""
    return field(default=default, metadata={"help": help})


def required_option(help: str) -> Any:
    """Return the same without a default: the flag must be typed."""
    return field(metadata={"help": help})


def as_tuple(value: Any) -> tuple[Any, ...]:
    """Return None, one value or a sequence of values as a tuple."""
    if value is None:
        return ()
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
