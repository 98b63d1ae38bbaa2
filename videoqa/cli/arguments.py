"""Arguments that several commands share."""

import argparse

DATA_HELP = "a CSV or JSONL file, or 'sample' for the built-in set; may be repeated"


def add_data(parser: argparse.ArgumentParser, text: str = DATA_HELP) -> None:
    """Add `--data`, which leaves no attribute behind when it is not typed."""
    parser.add_argument("--data", action="append", metavar="FILE", default=argparse.SUPPRESS, help=text)


def add_progress(parser: argparse.ArgumentParser) -> None:
    """Add `--progress` and `--no-progress`."""
    parser.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        default=argparse.SUPPRESS,
        help="show progress bars (default: on a terminal)",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json`."""
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object on stdout, all else on stderr"
    )


def add_segment(parser: argparse.ArgumentParser) -> None:
    """Add `--start-seconds` and `--end-seconds`."""
    for name, text in (("start", "use the video from this second on"), ("end", "and up to this second")):
        parser.add_argument(
            f"--{name}-seconds", type=float, metavar="X", default=argparse.SUPPRESS, help=text
        )


def keywords(arguments: argparse.Namespace, *names: str) -> dict:
    """Return the arguments among `names` that the user typed, as keywords."""
    return {name: value for name, value in vars(arguments).items() if name in names}
