"""Prints what `label import` and `label questions` both say: what was read, and whom to look at."""

from collections.abc import Sequence
from typing import Any

from videoqa._counted import counted

SHOWN = 5
"""Names in a list that may be long."""


def show_rows_read(result: dict[str, Any]) -> None:
    """Print how many rows of results had which outcome, the most frequent first."""
    print(f"{counted(result['num_rows'], 'row')} read:")
    for outcome, number in sorted(result["outcomes"].items(), key=lambda item: -item[1]):
        places = result["places"].get(outcome, [])
        print(f"  {number:>9,} {outcome}{f' (first: {places[0]})' if places else ''}")
    if result["left_out"]:
        print(f"Questions left out: {listed(result['left_out'])}.")


def listed(counts: dict[str, int]) -> str:
    """Return counts in one line."""
    return ", ".join(f"{number:,} {what}" for what, number in counts.items())


def show_rows_added(result: dict[str, Any]) -> None:
    """Print how many rows were added to the table."""
    already = f", {result['already_there']:,} were there already" if result["already_there"] else ""
    print(f"{counted(result['added'], 'row')} added to {result['out']}{already}.")


def show_names(what: str, names: Sequence[str]) -> None:
    """Print the first names of a list, if there are any."""
    if names:
        more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
        print(f"{what}: {', '.join(names[:SHOWN])}{more}.")
