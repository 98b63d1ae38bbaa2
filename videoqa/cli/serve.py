"""`videoqa serve`: a page and a JSON interface to ask a model."""

import argparse

from videoqa.cli.flags import add_option_flags, typed_options
from videoqa.config.serve import ServeConfig
from videoqa.web.installed import check_web_installed

HELP = "serve a model: a page to ask in, and a JSON interface"
EXAMPLE = """example:
  videoqa serve
  videoqa serve --model runs/mine --corrections wrong.csv
  videoqa serve --model runs/mine --host 0.0.0.0 --allow-host clips.example.org --token-file token.txt
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_option_flags(parser, [ServeConfig])


def run(arguments: argparse.Namespace) -> None:
    config = ServeConfig(**typed_options(arguments, [ServeConfig]))
    check_web_installed()
    from videoqa.web.serve import serve

    serve(config)


def show(result: None, arguments: argparse.Namespace) -> None:
    """Print that the server was stopped as it was asked to."""
    print("Stopped.")
