"""`videoqa predict`: answer for many clips."""

import argparse
import os
from typing import Any

from videoqa._counted import counted
from videoqa._tables import csv_text
from videoqa.cli.arguments import (
    THRESHOLDS,
    add_json,
    add_num_test_clips,
    add_out,
    add_progress,
    add_spreadsheet_safe,
    add_thresholds,
    keywords,
)

HELP = "label a folder of clips with an action model, or answer a file of questions"
EXAMPLE = """example:
  videoqa predict runs/actions clips/ --out labels.csv
  videoqa predict runs/actions new/*.mp4 --out labels.csv --overwrite
  videoqa predict runs/mine clips/ --data questions.csv --out answers.csv
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="the model folder")
    parser.add_argument("videos", metavar="VIDEOS", nargs="*", help="folder of the clips, or clips")
    parser.add_argument("--data", metavar="FILE", help="CSV or JSONL file of the questions")
    add_num_test_clips(parser)
    add_thresholds(parser)
    add_out(parser, "CSV file (default: print it)", "FILE")
    parser.add_argument("--overwrite", action="store_true", help="write to --out although it exists")
    add_progress(parser)
    add_spreadsheet_safe(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    from videoqa import predict

    videos = getattr(arguments, "videos", [])
    table = predict(
        arguments.model,
        videos if len(videos) > 1 else next(iter(videos), None),
        **keywords(arguments, "data", "num_test_clips", "out", "overwrite", "progress", *THRESHOLDS),
    )
    return {
        "num_rows": len(table),
        "num_reliable_rows": int(table["is_reliable"].sum()),
        "num_rows_with_unknown_words": int((table["unknown_words"] != "").sum()),
        "out": getattr(arguments, "out", None),
        "predictions": table,
    }


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    """Print the table as CSV, or where it was written."""
    if result["out"] is None:
        print(csv_text(result["predictions"], lineterminator="\n"), end="")
    else:
        print(f"{counted(result['num_rows'], 'row')} written to {os.fspath(result['out'])}.")
