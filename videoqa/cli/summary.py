"""`videoqa summary`: the layers of a model as a table."""

import argparse
from typing import Any

from videoqa._quiet import load_tensorflow
from videoqa.cli.flags import add_option_flags, typed_options
from videoqa.config import TASKS, ModelConfig, SamplingConfig, field_names

HELP = "show the layers of a model with output shape and parameters; loads no weights"
EXAMPLE = """example:
  videoqa summary --task open_ended
  videoqa summary --task action --num-answers 4 --backbone tiny
"""
FIELDS = (*field_names(ModelConfig), "num_frames")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "--task", choices=TASKS, default=argparse.SUPPRESS, help="the task (default: open_ended)"
    )
    add_option_flags(parser, [ModelConfig, SamplingConfig], only=FIELDS)


def run(arguments: argparse.Namespace) -> Any:
    """Return the table of layers."""
    model = ModelConfig(**typed_options(arguments, [ModelConfig]))
    load_tensorflow()
    from videoqa.models.summary import layer_table

    num_frames = getattr(arguments, "num_frames", None)
    return layer_table(model, num_frames)


def show(result: Any, arguments: argparse.Namespace) -> None:
    """Print the table and the number of parameters."""
    print(result.to_string(index=False))
