"""`videoqa ask`: ask one question about one clip."""

import argparse
from typing import Any

from videoqa.cli.arguments import add_json, add_segment, keywords

HELP = "ask a question about a clip"
EXAMPLE = """example:
  videoqa ask clip.mp4 "what is he doing" --model runs/mine
  videoqa ask clip.mp4 --model runs/actions
  videoqa ask --top-k 3 -- -clip-.mp4 "what is he doing"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("video", metavar="VIDEO", help="the video file; after `--` it may start with a dash")
    parser.add_argument(
        "question", metavar="QUESTION", nargs="?", default="", help="not needed by an action model"
    )
    parser.add_argument(
        "--model",
        metavar="MODEL",
        help="the model folder (default: VIDEOQA_MODEL, else the small model in the package)",
    )
    parser.add_argument("--top-k", type=int, metavar="N", help="answers to show (default: 5)")
    add_segment(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    from videoqa import ask

    options = keywords(arguments, "model", "top_k", "start_seconds", "end_seconds")
    return ask(arguments.video, arguments.question, **options).to_dict()


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    """Print the best answer, then the ranked alternatives."""
    print(result["text"])
    for each in result["alternatives"]:
        print(f"  {each['probability']:6.1%}  {each['answer']}")
