"""`videoqa ask`: ask one question about one clip."""

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

from videoqa._checks import Refusal, UserError
from videoqa._progress import say
from videoqa.cli.arguments import THRESHOLDS, add_json, add_segment, add_thresholds, keywords
from videoqa.cli.exit_codes import DONE, REFUSED

if TYPE_CHECKING:
    from videoqa.answering.video_qa import Answer, VideoQA

HELP = "ask a question about a clip"
EXAMPLE = """example:
  videoqa ask clip.mp4 "what is he doing" --model runs/mine
  videoqa ask clip.mp4 --model runs/mine        (on a terminal: asks again and again, until an empty line)
  videoqa ask clip.mp4 --model runs/actions
  videoqa ask clip.mp4 "what is he doing" --model runs/mine --explain why.png
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
    parser.add_argument(
        "--explain",
        metavar="FILE",
        help="write why as a picture, .png: what each moment, place and word contributes",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the answer; {} after a conversation, whose answers are printed already."""
    from videoqa import ask, load

    options = keywords(arguments, "model", "top_k", "start_seconds", "end_seconds", *THRESHOLDS)
    picture = getattr(arguments, "explain", None)
    if picture is not None:
        check_explain(picture, arguments.video)
    if arguments.question or arguments.json or not sys.stdin.isatty():
        return _with_picture(ask(arguments.video, arguments.question, **options), picture)
    model = load(options.pop("model", None))
    if model.task != "action":
        if picture is not None:
            advice = "Type it after the video: one picture explains one answer."
            raise Refusal("question", "be given with --explain", "", advice)
        _converse(model, arguments.video, options)
        return {}
    return _with_picture(ask(arguments.video, model=model, **options), picture)


def check_explain(picture: str, video: str) -> None:
    """Refuse a picture that cannot be written, before the model is loaded."""
    from videoqa.answering.explaining import check_picture

    check_picture("explain", picture, video)


def _with_picture(answer: "Answer", picture: str | None) -> dict[str, Any]:
    """Return the answer for printing, with its evidence if a picture is asked for, which is written.

    The answer is not lost where the picture fails: its result has the reason.
    """
    result = answer.to_dict()
    if picture is None:
        return result
    result |= {"explain": picture, "explain_error": None}
    try:
        result["evidence"] = answer.evidence.to_dict()
        answer.explain(picture)
    except (OSError, UserError) as error:
        result["explain_error"] = str(error)
    return result


def exit_code(result: dict[str, Any]) -> int:
    """Return 0, or that of a refusal if the picture could not be written."""
    return REFUSED if result.get("explain_error") else DONE


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
    if not result:
        return
    _show_answer(result)
    if result.get("explain_error"):
        print(f"videoqa: {result['explain_error']}", file=sys.stderr)
    elif "explain" in result:
        print(f"Why: {result['explain']}")


def _show_answer(result: dict[str, Any]) -> None:
    print(result["shown"])
    for each in result["alternatives"]:
        print(f"  {each['probability']:6.1%}  {each['answer']}")
