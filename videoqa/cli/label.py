"""`videoqa label`: people's answers, by its actions; a file for each."""

import argparse

from videoqa.cli import label_ask, label_export, label_import, label_questions, label_serve
from videoqa.cli.arguments import add_command, add_json

HELP = "have people answer, and turn their answers into annotations"
EXAMPLE = """example:
  videoqa label export predictions.csv --select uncertain --limit 200 --format mturk \\
      --video-url-prefix https://example.org/clips/ --out tasks/
  videoqa label serve tasks/ --data-dir answers/ --videos clips/
  videoqa label import results.csv --tasks tasks/ --out corrections.csv
  videoqa-train --data my.csv --data corrections.csv --videos clips/
"""
ACTIONS = {
    "export": label_export,
    "ask": label_ask,
    "serve": label_serve,
    "import": label_import,
    "questions": label_questions,
}
"""Action -> module as those of `COMMANDS` in `main.py`."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add each action as a command of its own."""
    add_json(parser)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, module in ACTIONS.items():
        action = add_command(actions, name, module)
        module.add_arguments(action)
        add_json(action, argparse.SUPPRESS)
