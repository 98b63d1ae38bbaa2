"""Arguments that several commands share. An argument that is not typed sets no attribute."""

import argparse
from types import ModuleType
from typing import Any

from videoqa._checks import Refusal
from videoqa.config import OTHER_SPLIT_NAMES, SPLITS

DATA_HELP = (
    "a CSV or JSONL file (.tsv, .txt and .xlsx too), a name from `videoqa data list` ('sample': the built-in "
    "set), a folder of `videoqa extract-frames`, or a description of your own set, .toml; may be repeated"
)
SPLIT_CHOICES = (*SPLITS, *OTHER_SPLIT_NAMES)
MODEL_OUT = "new folder of the model (default: runs/<date-time>)"
LAYOUT: dict[str, Any] = {
    "formatter_class": argparse.RawDescriptionHelpFormatter,
    "argument_default": argparse.SUPPRESS,
}
"""Keywords of every parser here."""


def add_command(commands: Any, name: str, module: ModuleType) -> argparse.ArgumentParser:
    """Return the parser of a new command, with the help of its module.

    Args:
        commands: what `add_subparsers` returned.
        name: of the command.
        module: with `HELP` and `EXAMPLE`.
    """
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=module.HELP,
        description=module.HELP[0].upper() + module.HELP[1:] + ".",
        epilog=module.EXAMPLE,
        allow_abbrev=False,
        **LAYOUT,
    )
    return parser


def add_data(parser: argparse.ArgumentParser, text: str = DATA_HELP) -> None:
    """Add `--data`."""
    parser.add_argument("--data", action="append", metavar="FILE", help=text)


def check_data_given(arguments: argparse.Namespace, command: str, kind: str) -> None:
    """Refuse a command without `--data`, and show a `command` to type next, for data of this `kind`."""
    if not hasattr(arguments, "data"):
        raise Refusal(f"`--data` is missing. Type next, for {kind}:\n  {command}")


def add_split(parser: argparse.ArgumentParser, text: str) -> None:
    """Add `--split`; `text` says what the rows are for."""
    parser.add_argument("--split", choices=SPLIT_CHOICES, help=f"{text} (default: test)")


def add_progress(parser: argparse.ArgumentParser) -> None:
    """Add `--progress` and `--no-progress`."""
    parser.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        help="show progress bars (default: on a terminal)",
    )


def add_out(parser: argparse.ArgumentParser, text: str, metavar: str = "DIR", **options: Any) -> None:
    """Add `--out`; `text` says what is written."""
    parser.add_argument("--out", metavar=metavar, help=text, **options)


def add_json(
    parser: argparse.ArgumentParser,
    default: Any = False,
    text: str = "print one JSON object on stdout, all else on stderr",
) -> None:
    """Add `--json`; with `argparse.SUPPRESS` to an action of a command that has it, which may come first."""
    parser.add_argument("--json", action="store_true", default=default, help=text)


def add_spreadsheet_safe(parser: argparse.ArgumentParser) -> None:
    """Add `--spreadsheet-safe`."""
    parser.add_argument(
        "--spreadsheet-safe",
        action="store_true",
        help="put ' before texts in CSV files that a spreadsheet would take for a formula",
    )


def add_num_test_clips(parser: argparse.ArgumentParser) -> None:
    """Add `--num-test-clips`."""
    parser.add_argument(
        "--num-test-clips",
        type=int,
        metavar="K",
        help="evenly spaced windows of each clip that are averaged (default: as the model was configured)",
    )


def add_segment(parser: argparse.ArgumentParser) -> None:
    """Add `--start-seconds` and `--end-seconds`."""
    for name, text in (("start", "use the video from this second on"), ("end", "and up to this second")):
        parser.add_argument(f"--{name}-seconds", type=float, metavar="X", help=text)


THRESHOLDS = ("min_familiarity", "min_probability")


def add_thresholds(parser: argparse.ArgumentParser) -> None:
    """Add `--min-familiarity` and `--min-probability`."""
    parser.add_argument(
        "--min-familiarity",
        type=float,
        metavar="P",
        help='of a clip less familiar than this, from 0 to 1, say "I don\'t know" (default: 0.01)',
    )
    parser.add_argument(
        "--min-probability",
        type=float,
        metavar="P",
        help="and of an answer less probable than this (default: 0.5; 0 if the model is not calibrated)",
    )


def keywords(arguments: argparse.Namespace, *names: str) -> dict:
    """Return the arguments among `names` that the user typed, as keywords."""
    return {name: value for name, value in vars(arguments).items() if name in names}
