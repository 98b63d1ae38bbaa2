"""A parser that answers a typo with what was probably meant, not with a page of options."""

import argparse
import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from videoqa.cli.exit_codes import REFUSED

_INVALID_CHOICE = re.compile(
    r"(?P<what>.*): invalid choice: '?(?P<typed>[^']*)'? \(choose from (?P<choices>.*)\)$"
)


class Parser(argparse.ArgumentParser):
    """`ArgumentParser` whose errors are one short paragraph; its commands' parsers are of this class too."""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong, first of all what was probably meant, and exit with code 2."""
        found = _INVALID_CHOICE.match(message)
        if found:
            near = nearest(found["typed"], re.split(r", ", found["choices"].replace("'", "")))
            message = f"{near}{message}"
        self.exit(REFUSED, f"{self.prog}: {message}\nMore: {self.prog} --help\n")

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """Return the arguments; refuse what no option is called, as the command's own parser would."""
        parsed, unknown = self.parse_known_args(args, namespace)
        if unknown:
            parser = self
            for name in ("command", "action"):
                parser = parser._parser_of(getattr(parsed, name, None))
            parser.error(parser.wording(unknown))
        return parsed

    def wording(self, unknown: Sequence[str]) -> str:
        """Return a message about words that are no options of this parser."""
        names = [name for action in self._actions for name in action.option_strings]
        typed = next((word for word in unknown if word.startswith("-")), "").partition("=")[0]
        return f"{nearest(typed, names)}unrecognized arguments: {' '.join(unknown)}"

    def _parser_of(self, command: str | None) -> "Parser":
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction) and command in action.choices:
                return action.choices[command]
        return self


def nearest(typed: str, names: Iterable[str]) -> str:
    """Return "Did you mean NAME? ", or "" if no name is like what was typed."""
    found = difflib.get_close_matches(typed, list(names), n=1)
    return f"Did you mean {found[0]}? " if found else ""
