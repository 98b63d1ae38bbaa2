"""`videoqa ask`: ask one question about one clip."""

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

from videoqa._progress import say
from videoqa.cli.arguments import THRESHOLDS, add_json, add_segment, add_thresholds, keywords

if TYPE_CHECKING:
    from videoqa.answering.video_qa import VideoQA

HELP = "ask a question about a clip"
EXAMPLE = """example:
  videoqa ask clip.mp4 "what is he doing" --model runs/mine
  videoqa ask clip.mp4 --model runs/mine        (on a terminal: asks again and again, until an empty line)
  videoqa ask clip.mp4 --model runs/actions
  videoqa ask --top-k 3 -- -clip-.mp4 "what is he doing"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("video", metavar="VIDEO", help="the video file; after `--` it may start with a dash")
    parser.add_argument(
        "question",
        metavar="QUESTION",
        nargs="?",
        default="",
        help="not needed by an action model; of others, on a terminal, asked for again and again",
    )
    parser.add_argument(
        "--model",
        metavar="MODEL",
        help="the model folder (default: VIDEOQA_MODEL, else the small model in the package)",
    )
    parser.add_argument("--top-k", type=int, metavar="N", help="answers to show (default: 5)")
    add_segment(parser)
    add_thresholds(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the answer; {} after a conversation, whose answers are printed already."""
    from videoqa import ask, load

    options = keywords(arguments, "model", "top_k", "start_seconds", "end_seconds", *THRESHOLDS)
    if arguments.question or arguments.json or not sys.stdin.isatty():
        return ask(arguments.video, arguments.question, **options).to_dict()
    model = load(options.pop("model", None))
    if model.task != "action":
        _converse(model, arguments.video, options)
        return {}
    return ask(arguments.video, model=model, **options).to_dict()


def _converse(model: "VideoQA", video: str, options: dict[str, Any]) -> None:
    """Ask for questions about one clip and print their answers, until an empty line or the end of input."""
    from videoqa import ask
    from videoqa.data.file_names import find_video
    from videoqa.video.files import check_video_file, refuse_url

    refuse_url("video", video)
    video, notes = find_video(video)
    if not os.path.isdir(video):
        check_video_file(video)
    for note in notes:
        say(f"note: {note}")
    print("Questions about the clip; an empty line ends.")
    while question := _next_question():
        if model.folder.vocabulary is not None:
            try:
                model.folder.vocabulary.check_known(question)
            except ValueError as error:
                print(f"videoqa: {error}", file=sys.stderr)
                continue
        _show_answer(ask(video, question, model=model, **options).to_dict())


def _next_question() -> str:
    """Return the next line that is typed, "" at the end of input."""
    try:
        return input("? ").strip()
    except EOFError:
        print()
        return ""


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    """Print the best answer, then the ranked alternatives."""
    if result:
        _show_answer(result)


def _show_answer(result: dict[str, Any]) -> None:
    print(result["shown"])
    for each in result["alternatives"]:
        print(f"  {each['probability']:6.1%}  {each['answer']}")
