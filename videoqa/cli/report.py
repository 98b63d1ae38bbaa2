"""`videoqa report`: one HTML file about a run."""

import argparse
from typing import Any

from videoqa.cli.arguments import add_json, add_out, add_progress, add_split, keywords

HELP = "write one HTML file about a run: scores, floors, pictures, the command that made it"
EXAMPLE = """example:
  videoqa report runs/mine
  videoqa report runs/mine --split validation --out mine.html
  videoqa report runs/mine/evaluation/test-shuffled
"""
KEYWORDS = ("split", "out", "progress")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run", metavar="RUN", help="a model folder, or a folder that `videoqa evaluate` wrote"
    )
    add_split(parser, "rows to report on")
    where = "the file to write (default: report.html beside the scores, in evaluation/<split>)"
    add_out(parser, where, "FILE")
    add_progress(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    from videoqa import report

    return {"out": str(report(arguments.run, **keywords(arguments, *KEYWORDS)))}


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    print(f"The report is in {result['out']}.")
