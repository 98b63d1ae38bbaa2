"""`videoqa demo`: draw clips, train, evaluate and ask, offline."""

import argparse
from typing import Any

from videoqa.cli.arguments import MODEL_OUT, add_out, add_progress, keywords
from videoqa.cli.flags import add_option_flags, typed_options
from videoqa.config import PARTS, SAMPLE, SAMPLE_LANGUAGES, field_names, run_config_from_options

HELP = "draw clips, train a small model on them, evaluate it and ask it, all offline"
EXAMPLE = """example:
  videoqa demo
  videoqa demo --out runs/demo --seed 1
  videoqa demo --language zh
"""
FIELDS = (
    "limit",
    *(name for key, part in PARTS.items() for name in field_names(part) if key != "data" and name != "task"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--language", choices=tuple(SAMPLE_LANGUAGES), help="of the questions and answers (default: en)"
    )
    add_out(parser, MODEL_OUT)
    add_progress(parser)
    add_option_flags(parser, PARTS.values(), only=FIELDS)


def run(arguments: argparse.Namespace) -> Any:
    options = typed_options(arguments, PARTS.values())
    run_config_from_options({"data": (SAMPLE,), **options})  # refused before TensorFlow is loaded
    from videoqa.demo import run_demo

    return run_demo(**options, **keywords(arguments, "language", "out", "progress"))


def show(result: Any, arguments: argparse.Namespace) -> None:
    """Print nothing: the demo has told its own story."""
