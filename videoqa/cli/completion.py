"""Answers a shell that asks how a command goes on: the only argcomplete."""

import argparse
import contextlib
import os

ASKED = "_ARGCOMPLETE"
"""Set by the shell function that `register-python-argcomplete` defines."""


def complete(parser: argparse.ArgumentParser, *, command: str = "") -> None:
    """Print the words that may come next and end the process, if a shell asks; else return.

    Args:
        parser: of all commands.
        command: the one that the program stands for, as `videoqa-train` stands for `videoqa train`.
    """
    if ASKED not in os.environ:
        return
    with contextlib.suppress(ImportError):
        import argcomplete

        if command:
            _put_in_line(command)
        argcomplete.autocomplete(parser)


def _put_in_line(command: str) -> None:
    """Write the command behind the program's name in the line that the shell shows."""
    program, space, rest = os.environ["COMP_LINE"].partition(" ")
    os.environ["COMP_LINE"] = f"{program} {command}{space}{rest}"
    os.environ["COMP_POINT"] = str(int(os.environ["COMP_POINT"]) + len(command) + 1)
