"""`videoqa watch`: ask questions about every window of a long video."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from videoqa._progress import print_result
from videoqa.cli.arguments import (
    THRESHOLDS,
    add_json,
    add_out,
    add_progress,
    add_segment,
    add_spreadsheet_safe,
    add_thresholds,
    keywords,
)

if TYPE_CHECKING:
    from videoqa.answering.watched import WatchedSegment, WatchedWindow

HELP = "ask questions about every window of a long video"
EXAMPLE = """example:
  videoqa watch film.mp4 "what is he doing" --window-seconds 4 --stride-seconds 2
  videoqa watch film.mp4 "what is he doing" "what colour is the box" --out film.csv --picture film.png
  videoqa watch film.mp4 "what is he doing" --out film.csv --resume
  videoqa watch film.mp4 --model runs/actions --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("video", metavar="VIDEO", help="the video file; after `--` it may start with a dash")
    parser.add_argument(
        "questions", metavar="QUESTION", nargs="*", help="one question or several; an action model needs none"
    )
    parser.add_argument(
        "--model",
        metavar="MODEL",
        help="the model folder (default: VIDEOQA_MODEL, else the small model in the package)",
    )
    parser.add_argument(
        "--window-seconds",
        type=float,
        metavar="X",
        help="length of a window: about that of the clips the model was trained on (default: 4)",
    )
    parser.add_argument(
        "--stride-seconds",
        type=float,
        metavar="X",
        help="from the start of one window to that of the next (default: 2)",
    )
    add_segment(parser)
    parser.add_argument(
        "--cuts",
        action=argparse.BooleanOptionalAction,
        help="let a window end at a hard cut of the film (default: yes)",
    )
    add_thresholds(parser)
    add_out(parser, "CSV file of the windows; kept as FILE.unfinished until the film ends", "FILE")
    parser.add_argument("--picture", metavar="FILE", help="PNG file of a time line")
    parser.add_argument(
        "--resume", action="store_true", help="go on where a stopped watch with the same --out ended"
    )
    parser.add_argument("--overwrite", action="store_true", help="write to --out and --picture anew")
    add_progress(parser)
    add_spreadsheet_safe(parser)
    add_json(parser, text="print a JSON object for each window and segment, one a line, all else on stderr")


def run(arguments: argparse.Namespace) -> Iterator["WatchedWindow | WatchedSegment"]:
    """Yield the windows, and each segment as soon as it ends."""
    from videoqa import watch

    options = keywords(
        arguments,
        *("questions", "window_seconds", "stride_seconds", "model", "start_seconds", "end_seconds", "cuts"),
        *THRESHOLDS,
        *("out", "picture", "resume", "overwrite", "progress"),
    )
    return _with_segments(watch(arguments.video, **options))


def _with_segments(windows: Iterator["WatchedWindow"]) -> Iterator["WatchedWindow | WatchedSegment"]:
    from videoqa.answering.watched import SegmentJoiner

    joiner = SegmentJoiner()
    for window in windows:
        yield from joiner.add(window)
        yield window
    yield from joiner.end()


def line(item: "WatchedWindow | WatchedSegment") -> dict[str, Any]:
    """Return the JSON object of what `run` yields; `kind` is "window" or "segment"."""
    kind = "window" if hasattr(item, "alternatives") else "segment"
    return {"kind": kind, **item.to_dict()}


def show(items: Iterator["WatchedWindow | WatchedSegment"], arguments: argparse.Namespace) -> None:
    """Print the segments as they end, with their question where there are several."""
    several = len(set(getattr(arguments, "questions", []))) > 1
    for item in items:
        if not hasattr(item, "alternatives"):
            print_result(f"{item}   [{item.question}]" if several else str(item))
    for name in ("out", "picture"):
        if hasattr(arguments, name):
            print(f"Written: {getattr(arguments, name)}")
