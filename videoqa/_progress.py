"""The one place that writes to the terminal while work goes on: messages and bars, all on stderr."""

import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm


def say(message: str, *, progress: bool = True) -> None:
    """Print `message` to stderr without breaking a progress bar; silent when `progress` is False."""
    if progress:
        tqdm.write(message, file=sys.stderr)


def progress_bar(iterable: Iterable[Any] | None = None, *, progress: bool = True, **options: Any) -> tqdm:
    """Return a tqdm bar that shows itself only on a terminal and only after two seconds."""
    shown = progress and sys.stderr.isatty()
    return tqdm(iterable, disable=not shown, delay=2, file=sys.stderr, dynamic_ncols=True, **options)
