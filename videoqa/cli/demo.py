"""`videoqa demo`: draw clips, train, evaluate and ask, offline."""

import argparse
from typing import Any

from videoqa.cli.arguments import add_progress, keywords
from videoqa.cli.quiet import load_tensorflow

HELP = "draw clips, train a small model on them, evaluate it and ask it, all offline"
EXAMPLE = """example:
  videoqa demo
  videoqa demo --out runs/demo --seed 1
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "--out",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="new folder of the model (default: runs/<date-time>)",
    )
    parser.add_argument(
        "--seed", type=int, metavar="N", default=argparse.SUPPRESS, help="seed of the training (default: 0)"
    )
    add_progress(parser)


def run(arguments: argparse.Namespace) -> Any:
    """Run the demo, which prints as it goes."""
    load_tensorflow()
    from videoqa.demo import run_demo

    return run_demo(**keywords(arguments, "out", "seed", "progress"))


def show(result: Any, arguments: argparse.Namespace) -> None:
    """Print nothing: the demo has told its own story."""
