"""`videoqa label ask`: a model answers tasks as one more worker."""

import argparse
from typing import Any

from videoqa._counted import counted
from videoqa.cli.arguments import add_out, add_progress, keywords
from videoqa.cli.flags import add_option_flags, typed_options
from videoqa.config import EndpointConfig

HELP = "let a model answer tasks: any server of OpenAI's chat protocol that takes images"
EXAMPLE = """example:
  videoqa label ask --endpoint http://127.0.0.1:8000/v1 --model Qwen/Qwen2.5-VL-7B-Instruct \\
      --tasks tasks/ --videos clips/ --out answers.jsonl
  videoqa label import answers.jsonl --tasks tasks/ --out corrections.csv
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tasks", metavar="FILE", required=True, help="the tasks.json, or its folder")
    parser.add_argument(
        "--videos", metavar="DIR", help="folder of the videos (default: as the tasks name them)"
    )
    add_out(parser, "file of the answers, .jsonl; one that was begun is gone on with", "FILE", required=True)
    add_option_flags(parser, [EndpointConfig])
    add_progress(parser)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Ask the model."""
    config = EndpointConfig(**typed_options(arguments, [EndpointConfig]))
    from videoqa.labeling.ask_model import ask_model

    return ask_model(arguments.tasks, config, out=arguments.out, **keywords(arguments, "videos", "progress"))


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    """Print what became of the tasks."""
    outcomes = dict(result["outcomes"])
    before = f", {result['num_before']:,} were before" if result["num_before"] else ""
    number = outcomes.pop("answered", 0)
    print(f"{counted(number, 'task')} answered by {result['model']} to {result['out']}{before}.")
    for outcome, number in outcomes.items():
        print(f"  {number:>9,} {outcome} (first: {result['places'][outcome][0]})")
    if outcomes:
        print("These are asked again by the same command.")
    if result["left_out"]:
        print(f"The server took no {', '.join(result['left_out'])}, which was left out.")
    if result["num_before"] or "answered" in result["outcomes"]:
        words = f"{result['out']} --tasks {arguments.tasks} --out corrections.csv"
        print(f"Type next:\n  videoqa label import {words}")
