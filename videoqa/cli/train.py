"""`videoqa train`, which is also the program `videoqa-train`: train a model."""

import argparse
import shlex
from typing import Any

from videoqa._command import typed_command
from videoqa.cli.arguments import (
    MODEL_OUT,
    add_data,
    add_json,
    add_out,
    add_progress,
    add_spreadsheet_safe,
    check_data_given,
    keywords,
)
from videoqa.cli.flags import add_option_flags, typed_options
from videoqa.config import PARTS, LaunchConfig, field_names, run_config_from_options

HELP = "train a model from annotations and videos"
EXAMPLE = """example:
  videoqa-train --data sample
  videoqa-train --data my.csv --videos clips/ --out runs/mine
  videoqa-train --data my.csv --epochs 60 --no-blind --json
  videoqa-train --data my.csv --videos clips/ --cross-validate 5
"""
OPTION_PARTS = (*PARTS.values(), LaunchConfig)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    add_out(parser, MODEL_OUT)
    parser.add_argument("--initial-model", metavar="DIR", help="start from the weights of this model folder")
    parser.add_argument(
        "--resume",
        action="store_true",
        default=False,
        help="go on with the run that was stopped in --out; options not given are as they were",
    )
    parser.add_argument(
        "--finish",
        action="store_true",
        help="with --resume: train no further, and write the model that the stopped run has so far",
    )
    parser.add_argument(
        "--cross-validate",
        type=int,
        metavar="K",
        help="for few clips: score each by one of K models that never saw it, then train one on all",
    )
    add_progress(parser)
    add_spreadsheet_safe(parser)
    add_json(parser)
    add_option_flags(parser, OPTION_PARTS)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    options = typed_options(arguments, OPTION_PARTS)
    typed = options | keywords(arguments, "out", "initial_model", "cross_validate", "progress")
    if not arguments.resume:
        shown = {"data": "sample"} | ({"json": True} if arguments.json else {}) | typed
        check_data_given(arguments, typed_command(**shown), "the built-in clips")
    launch = set(field_names(LaunchConfig))
    LaunchConfig(**{name: value for name, value in options.items() if name in launch})
    run_config_from_options({name: value for name, value in options.items() if name not in launch})
    try:
        from videoqa import train
    except KeyboardInterrupt as stop:  # it takes some seconds on a machine that is busy
        flags = keywords(arguments, "resume", "finish")
        line = typed_command(**typed, **{name: True for name, value in flags.items() if value})
        stop.add_note(f"Nothing was begun yet. Type again:\n  {line}")
        raise

    data = options.pop("data", None)
    given = keywords(arguments, "out", "initial_model", "resume", "finish", "cross_validate", "progress")
    done = train(data, **options, **given)
    return done.to_dict()


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    """Print the validation scores, the folder, and what to type next."""
    from videoqa.evaluation.scores import format_score_table

    if pooled := result.get("cross_validation"):
        print(f"Cross-validation, {len(pooled['folds'])} folds:\n{format_score_table(pooled)}")
        shown = ", ".join(f"{100 * fold['accuracy']:.1f}" for fold in pooled["folds"])
        print(f"accuracy of each fold: {shown}\nRows and scores are in {pooled['out']}.")
        command = shlex.join(["videoqa", "report", result["out"]])
        print(f"Model on all rows: {result['out']}\nType next:\n  {command}")
        return
    if result.get("validation"):
        print(f"Validation:\n{format_score_table(result['validation'])}")
    if "num_train_rows" not in result:
        print(f"This worker is done; worker 0 has written {result['out']}.")
        return
    command = shlex.join(["videoqa", "evaluate", result["out"], "--split", "test"])
    print(f"Model: {result['out']}\nType next:\n  {command}")
