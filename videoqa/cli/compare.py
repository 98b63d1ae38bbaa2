"""`videoqa compare`: two runs on the same rows."""

import argparse
from typing import Any

from videoqa.cli.arguments import add_json, add_progress, add_split, keywords

HELP = "compare two runs on the same rows: the difference, its interval by video, McNemar's test"
EXAMPLE = """example:
  videoqa compare runs/lstm runs/mean
  videoqa compare runs/a runs/b --split validation --json
  videoqa compare runs/a runs/a/evaluation/test-shuffled
"""
KEYWORDS = ("split", "common", "progress")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    for name in ("run_a", "run_b"):
        parser.add_argument(
            name, metavar=name.upper(), help="a model folder, or a folder that `videoqa evaluate` wrote"
        )
    add_split(parser, "rows to compare on")
    parser.add_argument("--common", action="store_true", help="leave out the rows that only one run has")
    add_progress(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    from videoqa import compare

    return compare(arguments.run_a, arguments.run_b, **keywords(arguments, *KEYWORDS))


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    from videoqa.reporting.compare import format_comparison

    print(format_comparison(result))
