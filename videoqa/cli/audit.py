"""`videoqa audit`: look at every row and video before training."""

import argparse
from typing import Any

from videoqa._counted import counted
from videoqa.cli.arguments import (
    add_data,
    add_json,
    add_out,
    add_progress,
    add_spreadsheet_safe,
    check_data_given,
    keywords,
)
from videoqa.cli.flags import add_option_flags, typed_options
from videoqa.config import PARTS, DataConfig, SamplingConfig, field_names, run_config_from_options

HELP = "look at every row and every video before training, and list what is wrong with them"
EXAMPLE = """example:
  videoqa audit --data my.csv --videos clips/
  videoqa audit --data my.csv --videos clips/ --out audits/mine --decode-workers 4
"""
FIELDS = (*field_names(DataConfig)[1:], *field_names(SamplingConfig), "num_answers", "seed")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    add_out(parser, "folder for findings.csv, videos.csv and suspicious.png (default: audits/<date-time>)")
    parser.add_argument(
        "--decode-workers",
        type=int,
        metavar="N",
        help="processes that decode (default: one per processor, at most 8)",
    )
    add_progress(parser)
    add_spreadsheet_safe(parser)
    add_json(parser)
    add_option_flags(parser, PARTS.values(), only=FIELDS)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    command = "videoqa audit --data my.csv --videos clips/"
    check_data_given(arguments, command, "a file and a folder of yours")
    options = typed_options(arguments, PARTS.values())
    run_config_from_options(options)  # a bad option is refused before anything is loaded
    from videoqa import audit

    return audit(
        options.pop("data"), **options, **keywords(arguments, "out", "decode_workers", "progress")
    ).to_dict()


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    num_rows, num_videos = result["num_rows"], result["num_videos"]
    print(
        f"{counted(num_rows, 'row')}, {counted(num_videos, 'video')}; {result['num_decoded']:,} decoded now, "
        f"{result['num_known']:,} known from an earlier audit; {result['seconds']:.1f} s."
    )
    for line in result["archives"]:
        print(f"A packed archive lies where videos should be: {line}")
    if not result["findings"]:
        print("Nothing was found.")
    else:
        print(f"{'finding':<26} {'rows':>9} {'videos':>9}")
        for name, counts in result["findings"].items():
            print(f"{name:<26} {counts['rows']:>9,} {counts['videos']:>9,}")
        print(f"Rows with a finding: {result['num_rows_with_findings']:,} of {num_rows:,}.")
    print(f"Tables: {result['out']}/findings.csv, {result['out']}/videos.csv")
    if result["sheet"]:
        print(f"Look at the suspicious videos: {result['sheet']}")
