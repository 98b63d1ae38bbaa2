"""`videoqa extract-frames`: keep frames as JPEG files."""

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
from videoqa.config import DataConfig, ExtractionConfig, field_names

HELP = "keep frames of every clip as JPEG files, by class, with the lists that name them"
EXAMPLE = """example:
  videoqa extract-frames --data ucf101 --annotations lists/ --videos UCF-101/ --fps 4 --fold 1 --out frames/
  videoqa extract-frames --data my.csv --videos clips/ --short-side 240 --out frames/
  videoqa train --data frames/
"""
PARTS = (DataConfig, ExtractionConfig)
FIELDS = (*field_names(DataConfig)[1:], *field_names(ExtractionConfig))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    where = "folder for the frames: new, empty, or an earlier extraction to go on with"
    add_out(parser, where, required=True)
    parser.add_argument(
        "--decode-workers",
        type=int,
        metavar="N",
        help="threads that decode and write (default: one per processor)",
    )
    add_progress(parser)
    add_spreadsheet_safe(parser)
    add_json(parser)
    add_option_flags(parser, PARTS, only=FIELDS)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Extract the frames of every clip that the annotations name."""
    command = "videoqa extract-frames --data my.csv --videos clips/ --out frames/"
    check_data_given(arguments, command, "a file and a folder of yours")
    options = typed_options(arguments, PARTS)
    data = options.pop("data")
    DataConfig(**{name: options[name] for name in field_names(DataConfig) if name in options})
    ExtractionConfig(**{name: options[name] for name in field_names(ExtractionConfig) if name in options})
    from videoqa import extract_frames

    return extract_frames(
        data, **options, **keywords(arguments, "out", "decode_workers", "progress")
    ).to_dict()


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    """Print the counts and each clip that failed."""
    for failure in result["failures"]:
        print(f"failed: {failure['video']}: {failure['error']}")
    print(
        f"{counted(result['num_extracted'], 'clip')} extracted, {result['num_present']:,} there already, "
        f"{result['num_failed']:,} failed."
    )
    frames = f"{counted(result['num_frames'], 'frame')}, {result['num_bytes'] / 1e6:,.1f} MB"
    rate = result["num_repeated"]
    print(f"{frames}{f', {rate:,} of them shown again as their clip is slower' if rate else ''}.")
    counts = ", ".join(f"{split} {count:,}" for split, count in result["splits"].items())
    classes = counted(result["num_classes"], "class", "classes")
    print(f"{classes}; {counts or 'no clip'}: {result['out']}")
    if result["num_failed"]:
        print(f"Clips that failed: {result['out']}/failed.csv")
