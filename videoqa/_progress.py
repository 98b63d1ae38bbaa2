"""Prints messages and progress bars on stderr; nothing else prints while work goes on."""

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from tqdm import tqdm

DELAY_SECONDS = 2.0
USUAL_COLUMNS, USUAL_ROWS = 80, 24
"""Of a terminal that says it has none, as one of a container or of a serial line may."""
_terminal: bool | None = None
_notes: set[str] | None = None


def bars_reach_a_terminal(shown: bool) -> None:
    """Set whether this process's stderr is shown on a terminal, if another process forwards it."""
    global _terminal
    _terminal = shown


def say(message: str, *, progress: bool = True) -> None:
    """Print `message` to stderr without breaking a progress bar; silent when `progress` is False."""
    if progress:
        tqdm.write(message, file=sys.stderr)


def say_note(note: str, *, progress: bool = True) -> None:
    """Print what a reader needs to hear once: inside `each_note_once` a note is not printed again."""
    if _notes is not None and progress:
        if note in _notes:
            return
        _notes.add(note)
    say(note, progress=progress)


@contextlib.contextmanager
def each_note_once() -> Iterator[None]:
    """Let each note be printed once while the block runs, which may read the same table many times.

    Blocks inside the first one share its memory: a command is one block.
    """
    global _notes
    before = _notes
    _notes = set() if before is None else before
    try:
        yield
    finally:
        _notes = before


def print_result(text: str) -> None:
    """Print a line of a result to stdout at once, without breaking a progress bar."""
    tqdm.write(text, file=sys.stdout)
    sys.stdout.flush()


def progress_bar(iterable: Iterable[Any] | None = None, *, progress: bool = True, **options: Any) -> tqdm:
    """Return a tqdm bar that appears only on a terminal and only after `DELAY_SECONDS`."""
    terminal = sys.stderr.isatty() if _terminal is None else _terminal
    shown = progress and terminal
    columns, rows = _screen_shape(sys.stderr)
    bar = tqdm(
        iterable,
        disable=not shown,
        delay=DELAY_SECONDS,
        file=sys.stderr,
        ncols=columns,
        nrows=rows,
        **options,
    )
    bar.dynamic_ncols = _screen_shape  # tqdm's own, for a terminal that changes its size, shows nothing at 0
    return bar


def _screen_shape(file: Any) -> tuple[int | None, int | None]:
    """Return how many columns and rows a bar may fill, one less than the terminal has; None: unknown."""
    try:
        columns, rows = os.get_terminal_size(file.fileno())
    except (AttributeError, OSError, ValueError):
        return None, None
    return (columns or USUAL_COLUMNS) - 1, (rows or USUAL_ROWS) - 1
