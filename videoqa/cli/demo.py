"""`videoqa demo`: draw clips, train, evaluate and ask, offline."""

import argparse
from typing import Any

from videoqa.cli.arguments import add_progress, keywords
from videoqa.cli.flags import add_option_flags, typed_options
from videoqa.config import (
    SAMPLE,
    DataConfig,
    ModelConfig,
    SamplingConfig,
    TrainingConfig,
    field_names,
    run_config_from_options,
)

HELP = "draw clips, train a small model on them, evaluate it and ask it, all offline"
EXAMPLE = """example:
  videoqa demo
  videoqa demo --out runs/demo --seed 1
"""
PARTS = (DataConfig, SamplingConfig, ModelConfig, TrainingConfig)
FIELDS = ("limit", *(name for part in PARTS[1:] for name in field_names(part) if name != "task"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "--out",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="new folder of the model (default: runs/<date-time>)",
    )
    add_progress(parser)
    add_option_flags(parser, PARTS, only=FIELDS)


def run(arguments: argparse.Namespace) -> Any:
    """Run the demo, which prints as it goes."""
    options = typed_options(arguments, PARTS)
    run_config_from_options({"data": (SAMPLE,), **options})  # refused before TensorFlow is loaded
    from videoqa.demo import run_demo

    return run_demo(**options, **keywords(arguments, "out", "progress"))


def show(result: Any, arguments: argparse.Namespace) -> None:
    """Print nothing: the demo has told its own story."""
