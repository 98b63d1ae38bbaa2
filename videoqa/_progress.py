"""Prints messages and progress bars on stderr; nothing else prints while work goes on."""

import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

DELAY_SECONDS = 2.0
_terminal: bool | None = None


def bars_reach_a_terminal(shown: bool) -> None:
    """Set whether this process's stderr is shown on a terminal, if another process forwards it."""
    global _terminal
    _terminal = shown


def say(message: str, *, progress: bool = True) -> None:
    """Print `message` to stderr without breaking a progress bar; silent when `progress` is False."""
    if progress:
        tqdm.write(message, file=sys.stderr)


def progress_bar(iterable: Iterable[Any] | None = None, *, progress: bool = True, **options: Any) -> tqdm:
    """Return a tqdm bar that appears only on a terminal and only after `DELAY_SECONDS`."""
    terminal = sys.stderr.isatty() if _terminal is None else _terminal
    shown = progress and terminal
    return tqdm(
        iterable, disable=not shown, delay=DELAY_SECONDS, file=sys.stderr, dynamic_ncols=True, **options
    )
