"""`videoqa label questions`: what people wrote and checked as a table of questions."""

import argparse
from typing import Any

from videoqa._counted import counted
from videoqa.cli.arguments import add_out, keywords
from videoqa.cli.flags import add_option_flags, typed_options
from videoqa.cli.label_results import SHOWN, listed, show_names, show_rows_added, show_rows_read
from videoqa.config import LabelImportConfig

HELP = "make a table of the questions that people wrote, and that others checked"
EXAMPLE = """example:
  videoqa label questions written.csv --tasks writing/ --out candidates.csv
  videoqa label export --select random --kind verify --data candidates.csv --videos clips/ \\
      --format csv --out checking/
  videoqa label questions written.csv checked.csv --tasks writing/ --tasks checking/ --out questions.csv
  videoqa-train --data questions.csv --videos clips/
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    text = "files of results: Mechanical Turk, Label Studio, filled-in tables, answers of a model"
    parser.add_argument("results", metavar="RESULTS", nargs="+", help=text)
    text = "a tasks.json that results are to, or its folder, of kind write or verify; may be repeated"
    parser.add_argument("--tasks", metavar="FILE", action="append", required=True, help=text)
    add_out(parser, "CSV file that the rows are added to", "FILE", required=True)
    text = "folder for tables of all questions, of who wrote and of who checked"
    parser.add_argument("--report", metavar="DIR", help=text)
    add_option_flags(parser, [LabelImportConfig])


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Join what was written and checked."""
    options = typed_options(arguments, [LabelImportConfig])
    LabelImportConfig(**options)
    from videoqa.labeling.make_questions import make_questions

    return make_questions(arguments.results, **keywords(arguments, "tasks", "out", "report"), **options)


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    """Print what became of the results and the questions, and which questions need no video."""
    show_rows_read(result)
    print(f"Questions: {listed(result['states']) or 'none'}.")
    for each in result["contradictions"][:SHOWN]:
        print(f"  several answers: {each['video']}: {each['question']} {' | '.join(each['answers'])}")
    if len(result["contradictions"]) > SHOWN:
        print(f"  and {len(result['contradictions']) - SHOWN:,} more with several answers")
    show_rows_added(result)
    if result["changed_since"]:
        number = counted(result["changed_since"], "row of it", "rows of it")
        print(f"{number} would not be added now, and stay. To leave them out, name a new file.")
    if result["remarks"]:
        print(f"To look at: {listed(result['remarks'])}.")
    _show_audit(result["audit"])
    show_names("Writers to look at", result["look_at_writers"])
    show_names("Checkers to look at", result["look_at_workers"])
    if not result["is_checked"]:
        print("Nobody has checked these answers. Give them out: videoqa label export --kind verify "
              f"--data {result['out']} ...")  # fmt: skip


def _show_audit(audit: dict[str, Any]) -> None:
    if audit["too_few"]:
        print(f"Too few questions to say which need no video: {audit['too_few']}.")
        return
    both = audit["both"]
    if both["of"]:
        print(f"Answered rightly without the video, by what other videos' questions teach, of "
              f"{both['of']:,} rows:")  # fmt: skip
        for name, what in (
            ("both", "both of these, and so worth nothing"),
            ("blind", "a blind model, from the question alone"),
            ("prior", "the prefix prior, from how the question begins"),
        ):
            low, high = (f"{end:.0%}" for end in audit[name]["interval"])
            share = f"{audit[name]['share']:.0%} ({low} to {high})"
            print(f"  {audit[name]['num']:>9,} {share} {what}")
    if audit["num_untold"]:
        print(f"  {audit['num_untold']:>9,} more cannot be told: no other video has their answer")
    beginnings = audit["beginnings"]
    for each in beginnings[beginnings["num_both"] * 2 >= beginnings["num_judged"]].head(SHOWN).itertuples():
        print(f"  {each.num_both} of {each.num_judged} that begin with {each.beginning!r} "
              f"(most often: {each.answer})")  # fmt: skip
