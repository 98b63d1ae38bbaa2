"""`videoqa label import`: people's answers as annotations."""

import argparse
from typing import Any

from videoqa._counted import counted
from videoqa.cli.arguments import add_out, keywords
from videoqa.cli.flags import add_option_flags, typed_options
from videoqa.cli.label_results import show_names, show_rows_added, show_rows_read
from videoqa.config import LabelImportConfig

HELP = "read people's answers, and join them to one for each task"
EXAMPLE = """example:
  videoqa label import results.csv --tasks tasks/ --out corrections.csv --report seen/
  videoqa label import page_corrections.csv --out corrections.csv
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    text = (
        "file of results: Mechanical Turk, Label Studio, a filled-in tasks.csv, a folder of label serve, "
        "a model's answers, or a page's corrections"
    )
    parser.add_argument("results", metavar="RESULTS", nargs="+", help=text)
    text = "the tasks.json that the answers are to, or its folder"
    parser.add_argument("--tasks", metavar="FILE", help=text)
    add_out(parser, "CSV file that the rows are added to", "FILE", required=True)
    parser.add_argument("--report", metavar="DIR", help="folder for tables of all tasks and all workers")
    text = "new CSV file for the tasks that stay unlabelled, as annotations to give out again"
    parser.add_argument("--rest", metavar="FILE", help=text)
    add_option_flags(parser, [LabelImportConfig])


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Read and join the answers."""
    options = typed_options(arguments, [LabelImportConfig])
    LabelImportConfig(**options)
    from videoqa.labeling.import_answers import import_answers

    return import_answers(
        arguments.results, **keywords(arguments, "out", "tasks", "report", "rest"), **options
    )


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    """Print what was read, what people agree on, whom to look at, and what was added."""
    show_rows_read(result)
    if number := result["num_files_read_before"]:
        print(f"{counted(number, 'file was', 'files were')} given twice, and read once.")
    if result["states"]:
        states = ", ".join(f"{number:,} {state}" for state, number in result["states"].items())
        print(f"Tasks with answers: {states}; {result['num_tasks']:,} were given out.")
    for name, alpha in result["agreement"].items():
        print(f"  agreement (Krippendorff's alpha), {name}: {'-' if alpha is None else f'{alpha:.3f}'}")
    _show_trust(result)
    show_names("Workers to look at", result["look_at_workers"])
    show_names("Tasks to look at", result["look_at_tasks"])
    show_rows_added(result)
    rest = getattr(arguments, "rest", None)
    if rest is not None:
        print(
            f"{counted(result['num_rest'], 'task stays', 'tasks stay')} unlabelled, written to {rest}.\n"
            f"For people:\n  videoqa label export --data {rest} --select random --kind verify --out more/ ..."
        )
    if result["changed_since"]:
        print(
            f"{counted(result['changed_since'], 'row')} of these would say otherwise now, and stay. "
            "To have them anew, import all results into a new file."
        )


def _show_trust(result: dict[str, Any]) -> None:
    """Print how often each model was right on known tasks when it was so sure."""
    for row in result["trust"].to_dict("records"):
        shares = f"{row['share']:.1%}; {row['low']:.1%} to {row['high']:.1%}"
        print(
            f"  {row['worker']}: when it says at least {row['at_least']:.2f} it was right "
            f"{row['num_right']:,} of {row['num_answers']:,} times ({shares})"
        )
    if result["untested"]:
        names = ", ".join(result["untested"])
        print(
            f"No known task was answered by {names}: nothing says when to trust it (--known of label export)."
        )
