"""`videoqa summary`: the layers of a model as a table, and the memory its training needs."""

import argparse
from typing import Any

from videoqa.cli.arguments import add_json
from videoqa.cli.flags import add_option_flags, typed_options
from videoqa.config import (
    TASKS,
    ModelConfig,
    SamplingConfig,
    TrainingConfig,
    field_names,
    run_config_from_options,
)

HELP = "show the layers of a model with output shape and parameters, and the memory its training needs"
EXAMPLE = """example:
  videoqa summary --task open_ended
  videoqa summary --task action --num-answers 4 --backbone tiny
  videoqa summary --task action --architecture c3d --num-answers 101
"""
PARTS = [ModelConfig, SamplingConfig, TrainingConfig]
FIELDS = (*field_names(ModelConfig), "num_frames", "batch_size", "precision")
GIB, MIB = 2**30, 2**20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task", choices=TASKS, help="the task (default: open_ended)")
    add_json(parser)
    add_option_flags(parser, PARTS, only=FIELDS)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    options = typed_options(arguments, PARTS)
    config = run_config_from_options(options)  # a bad option is refused before TensorFlow is loaded
    from videoqa.training.memory import summarize

    return summarize(config, options.get("num_frames"))


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    rows = [[str(value) for value in row.values()] for row in result["layers"]]
    heads = ["layer", "type", "output shape", "parameters", "trained", "form"]
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    for row in [heads, *rows]:
        cells = [
            cell.rjust(width) if head in ("parameters", "trained") else cell.ljust(width)
            for head, cell, width in zip(heads, row, widths, strict=True)
        ]
        print("  ".join(cells).rstrip())
    print(f"{result['parameters']:,} parameters, of which training changes {result['trained_parameters']:,}.")
    memory = dict(result["memory_bytes"])
    total, each_clip = memory.pop("total"), memory.pop("each_clip", 0)
    parts = ", ".join(f"{name} {size / GIB:.2f}" for name, size in memory.items())
    clips = f", and {each_clip / MIB:.2f} MiB for each clip" if each_clip else ""
    print(
        f"Training with a batch size of {result['batch_size']} needs about {total / GIB:.2f} GiB of memory "
        f"({parts}){clips}."
    )
