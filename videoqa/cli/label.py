"""`videoqa label`: tasks for people, and their answers as annotations."""

import argparse
from typing import Any

from videoqa._counted import counted
from videoqa._progress import say
from videoqa.cli.arguments import LAYOUT, add_json, add_out, keywords
from videoqa.config import LABEL_FORMATS, LABEL_KINDS, LABEL_SELECTIONS

HELP = "have people answer, and turn their answers into annotations"
EXAMPLE = """example:
  videoqa label export predictions.csv --select uncertain --limit 200 --format mturk \\
      --video-url-prefix https://example.org/clips/ --out tasks/
  videoqa label import results.csv --tasks tasks/ --out corrections.csv
  videoqa-train --data my.csv --data corrections.csv --videos clips/
"""
SHOWN = 5
EXPORT_KEYWORDS = (
    *("out", "select", "data", "videos", "limit", "kind", "format", "video_url_prefix", "known", "num_known"),
    *("num_choices", "num_questions", "num_assignments", "reward", "fee", "seed"),
)
IMPORT_KEYWORDS = ("out", "tasks", "min_certainty", "min_assignments", "report")
NUMBERS = (
    ("--limit", int, "N", "tasks at most, those of known answer not counted (default: all rows)"),
    ("--num-known", int, "N", "how many of --known (default: one for ten other tasks)"),
    ("--num-choices", int, "N", "answers to choose from (default: 4)"),
    ("--num-questions", int, "N", "questions to be written for each video, of kind write (default: 3)"),
    ("--num-assignments", int, "N", "people to ask about each task (default: 5)"),
    ("--reward", float, "DOLLARS", "for each assignment, for the cost (default: 0.10)"),
    ("--fee", float, "SHARE", "of the service, on top of the rewards (default: 0.2)"),
    ("--seed", int, "N", "of the choice and the order of tasks and choices (default: 0)"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_json(parser)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    style = {"epilog": EXAMPLE, **LAYOUT}
    _add_export(actions.add_parser("export", help="write tasks for people", **style))
    _add_import(actions.add_parser("import", help="read people's answers, and join them", **style))


def _add_export(parser: argparse.ArgumentParser) -> None:
    text = "model folder, or the CSV file that predict or evaluate wrote; none: rows chosen without a model"
    parser.add_argument("source", metavar="SOURCE", nargs="?", help=text)
    text = "which rows: without an answer, answered wrongly, least sure of their answer, of unfamiliar clips"
    parser.add_argument("--select", choices=LABEL_SELECTIONS, required=True, help=text)
    parser.add_argument("--data", metavar="FILE", help="annotations; their answers may be empty")
    parser.add_argument("--videos", metavar="DIR", help="folder of the videos (default: beside --data)")
    parser.add_argument(
        "--kind", choices=LABEL_KINDS, help="what is asked (default: answer, of actions label)"
    )
    parser.add_argument("--format", choices=LABEL_FORMATS, help="for whom (default: mturk)")
    text = "https:// address of the folder of the videos, for people's browsers"
    parser.add_argument("--video-url-prefix", metavar="URL", help=text)
    text = "annotations known to be right, to see who answers well; mixed among the others"
    parser.add_argument("--known", metavar="FILE", help=text)
    for flag, kind, metavar, text in NUMBERS:
        parser.add_argument(flag, type=kind, metavar=metavar, help=text)
    add_out(parser, "folder for the tasks", required=True)
    add_json(parser, argparse.SUPPRESS)


def _add_import(parser: argparse.ArgumentParser) -> None:
    text = "file of results: Mechanical Turk, Label Studio, a filled-in tasks.csv, or a page's corrections"
    parser.add_argument("results", metavar="RESULTS", nargs="+", help=text)
    parser.add_argument(
        "--tasks", metavar="FILE", help="the tasks.json that the answers are to, or its folder"
    )
    add_out(parser, "CSV file that the rows are added to", "FILE", required=True)
    parser.add_argument(
        "--min-certainty",
        type=float,
        metavar="P",
        help="probability below which a task stays unlabelled (default: 0.8)",
    )
    parser.add_argument(
        "--min-assignments",
        type=int,
        metavar="N",
        help="answers below which a task stays unlabelled (default: 1)",
    )
    parser.add_argument("--report", metavar="DIR", help="folder for tables of all tasks and all workers")
    add_json(parser, argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Write tasks, or read and join answers."""
    if arguments.action == "export":
        from videoqa.labeling.export_tasks import export_tasks

        source = getattr(arguments, "source", None)
        return {"action": "export", **export_tasks(source, **keywords(arguments, *EXPORT_KEYWORDS))}
    from videoqa.labeling.import_answers import import_answers

    return {"action": "import", **import_answers(arguments.results, **keywords(arguments, *IMPORT_KEYWORDS))}


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    """Print what was written, or what people say."""
    (_show_export if result["action"] == "export" else _show_import)(result)


def _show_export(result: dict[str, Any]) -> None:
    for note in result["notes"]:
        say(note)
    known = f", {result['num_known']:,} of them of known answer" if result["num_known"] else ""
    videos = counted(result["num_videos"], "video")
    print(f"{counted(result['num_tasks'], 'task')} about {videos} written to {result['out']}{known}.")
    print(f"Files: {', '.join(result['files'])}. Keep tasks.json: the answers are read with it.")
    if result["cost"]:
        print(result["cost"])


def _show_import(result: dict[str, Any]) -> None:
    """Print what was read, what people agree on, whom to look at, and what was added."""
    print(f"{counted(result['num_rows'], 'row')} read:")
    for outcome, number in sorted(result["outcomes"].items(), key=lambda item: -item[1]):
        places = result["places"].get(outcome, [])
        print(f"  {number:>9,} {outcome}{f' (first: {places[0]})' if places else ''}")
    if result["states"]:
        states = ", ".join(f"{number:,} {state}" for state, number in result["states"].items())
        print(f"Tasks with answers: {states}; {result['num_tasks']:,} were given out.")
    for name, alpha in result["agreement"].items():
        print(f"  agreement (Krippendorff's alpha), {name}: {'-' if alpha is None else f'{alpha:.3f}'}")
    _show_names("Workers to look at", result["look_at_workers"])
    _show_names("Tasks to look at", result["look_at_tasks"])
    already = f", {result['already_there']:,} were there already" if result["already_there"] else ""
    print(f"{counted(result['added'], 'row')} added to {result['out']}{already}.")
    if result["changed_since"]:
        print(
            f"{counted(result['changed_since'], 'row')} of these would say otherwise now, and stay. "
            "To have them anew, import all results into a new file."
        )


def _show_names(what: str, names: list[str]) -> None:
    if names:
        more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
        print(f"{what}: {', '.join(names[:SHOWN])}{more}.")
