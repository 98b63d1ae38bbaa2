"""`videoqa data`: the data sets known by name."""

import argparse
import dataclasses
import shlex
from typing import Any

from videoqa.cli.arguments import LAYOUT, add_json

HELP = "list the data sets known by name, or show what is known about one (default: list)"
EXAMPLE = """example:
  videoqa data
  videoqa data show ucf101
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_json(parser)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=False)
    parser.set_defaults(action="list")
    style = {"epilog": EXAMPLE, **LAYOUT}
    add_json(actions.add_parser("list", help="one line for each data set", **style), argparse.SUPPRESS)
    show_one = actions.add_parser("show", help="everything known about one data set", **style)
    show_one.add_argument(
        "name", metavar="NAME", help="a name from the list, or a description of your own, .toml"
    )
    add_json(show_one, argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the description of one set, or of all by name."""
    from videoqa.data.specs import load_spec, spec_names

    if arguments.action == "show":
        return dataclasses.asdict(load_spec(arguments.name, argument="name"))
    return {name: dataclasses.asdict(load_spec(name)) for name in spec_names()}


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    """Print one line for each set, or for each thing known about one."""
    if arguments.action == "list":
        for name, spec in result.items():
            print(f"{name:<16} {spec['tasks'][0]:<11} {spec['title']}")
        return
    for field, value in result.items():
        if value not in ("", [], (), {}, None):
            print(f"{field}: {_shown(value)}")
    print(f"Type next:\n  {_command(result, arguments.name)}")


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"\n  {name}: {_shown(item)}" for name, item in value.items())
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _command(spec: dict[str, Any], name: str) -> str:
    """Return the command that trains on the set, under the name that the user typed."""
    files = " --annotations DIR" if spec["files"] else ""
    videos = "" if spec["format"] == "drawn" else " --videos DIR"
    return f"videoqa-train --data {shlex.quote(name)}{files}{videos}"
