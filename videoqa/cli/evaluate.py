"""`videoqa evaluate`: score a model on one split."""

import argparse
from typing import Any

from videoqa.cli.arguments import (
    THRESHOLDS,
    add_data,
    add_json,
    add_num_test_clips,
    add_out,
    add_progress,
    add_split,
    add_spreadsheet_safe,
    add_thresholds,
    keywords,
)
from videoqa.cli.flags import add_option_flags, typed_options
from videoqa.config import DataConfig, TrainingConfig, field_names

HELP = "score a model on one split, beside the answers that need no video"
EXAMPLE = """example:
  videoqa evaluate runs/mine --split test
  videoqa evaluate runs/mine --shuffle-frames --json
  videoqa evaluate runs/mine --reverse-frames
  videoqa evaluate runs/actions --num-test-clips 5
"""
KEYWORDS = ("split", "shuffle_frames", "single_frame", "reverse_frames", "num_test_clips", "out", "progress",
            *THRESHOLDS)  # fmt: skip
PARTS = (DataConfig, TrainingConfig)
FIELDS = (*(name for name in field_names(DataConfig) if name not in ("task", "mirror_labels")), "seed")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="the model folder")
    add_data(parser, "other annotations than the model's own; may be repeated")
    add_split(parser, "rows to score")
    parser.add_argument("--shuffle-frames", action="store_true", help="show the frames in random order")
    parser.add_argument("--single-frame", action="store_true", help="show only the middle frame")
    text = "show the frames in reverse order, and say how many answers depend on it"
    parser.add_argument("--reverse-frames", action="store_true", help=text)
    add_num_test_clips(parser)
    add_thresholds(parser)
    where = "folder for scores, predictions and pictures (default: evaluation/<split> in the model folder)"
    add_out(parser, where)
    add_progress(parser)
    add_spreadsheet_safe(parser)
    add_json(parser)
    add_option_flags(parser, PARTS, only=FIELDS)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    from videoqa import evaluate

    return evaluate(arguments.model, **typed_options(arguments, PARTS), **keywords(arguments, *KEYWORDS))


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    from videoqa.evaluation.scores import format_score_table

    print(format_score_table(result))
    print(f"Rows and scores are in {result['out']}.")
