"""`videoqa cache`: look at the feature cache, shrink it, empty it."""

import argparse
import sys
from typing import Any

from videoqa._checks import Refusal
from videoqa.cli.arguments import LAYOUT

HELP = "look at the feature cache, shrink it, or empty it"
EXAMPLE = """example:
  videoqa cache info
  videoqa cache prune --max-gb 5
  videoqa cache clear --yes
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    style = {"epilog": EXAMPLE, **LAYOUT}
    actions.add_parser("info", help="show where the cache is, its entries and its size", **style)
    prune = actions.add_parser(
        "prune", help="remove the entries unused for longest until the cache is small enough", **style
    )
    prune.add_argument("--max-gb", type=float, metavar="X", required=True, help="the size to come down to")
    clear = actions.add_parser("clear", help="remove every entry", **style)
    clear.add_argument("--yes", action="store_true", default=False, help="do not ask first")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    if arguments.action == "clear" and not arguments.yes and not _confirmed():
        raise Refusal("The cache was not cleared. Without a question asked:\n  videoqa cache clear --yes")
    from videoqa.features.cache import FeatureCache

    cache = FeatureCache()
    if arguments.action == "info":
        return cache.info()
    return cache.clear() if arguments.action == "clear" else cache.prune(arguments.max_gb)


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    for name, value in result.items():
        print(f"{name}: {value:.3f}" if isinstance(value, float) else f"{name}: {value}")


def _confirmed() -> bool:
    if not (sys.stdin and sys.stdin.isatty()):
        return False
    return input("Remove every entry of the feature cache? [y/N] ").strip().lower() in ("y", "yes")
