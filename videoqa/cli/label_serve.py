"""`videoqa label serve`: a page in which colleagues answer tasks."""

import argparse
from typing import Any

from videoqa._counted import counted
from videoqa.cli.flags import add_option_flags, typed_options
from videoqa.config import LabelServeConfig
from videoqa.web.installed import check_web_installed

HELP = "show tasks in a page, and collect colleagues' answers"
EXAMPLE = """example:
  videoqa label serve tasks/ --data-dir answers/ --videos clips/
  videoqa label import answers/ --tasks tasks/ --out corrections.csv
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    text = "the tasks.json that label export wrote, or its folder"
    parser.add_argument("tasks", metavar="TASKS", help=text)
    text = "folder for the answers, made if it does not exist; label import reads it"
    parser.add_argument("--data-dir", metavar="DIR", required=True, help=text)
    add_option_flags(parser, [LabelServeConfig])


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Serve the page until it is stopped, and return what was collected."""
    config = LabelServeConfig(**typed_options(arguments, [LabelServeConfig]))
    check_web_installed("videoqa label serve")
    from videoqa.web.labeling_serve import serve_tasks

    return serve_tasks(config)


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    """Print what was collected."""
    answers, people = (
        counted(result["num_answers"], "answer"),
        counted(result["num_people"], "person", "people"),
    )
    print(f"Stopped. {answers} of {people} in {result['data_dir']}.")
