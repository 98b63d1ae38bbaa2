"""`videoqa label export`: tasks for people."""

import argparse
from typing import Any

from videoqa._counted import counted
from videoqa._progress import say
from videoqa.cli.arguments import add_out, keywords
from videoqa.cli.flags import add_option_flags, typed_options
from videoqa.config import LabelExportConfig

HELP = "write tasks for people, about the rows worth asking about"
EXAMPLE = """example:
  videoqa label export predictions.csv --select uncertain --limit 200 --known known.csv \\
      --video-url-prefix https://example.org/clips/ --out tasks/
  videoqa label export --data my.csv --videos clips/ --select unlabelled --format csv --out tasks/
  videoqa label export --videos clips/ --select random --kind write --format csv --out writing/
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    text = "model folder, or the CSV file that predict or evaluate wrote; none: rows chosen without a model"
    parser.add_argument("source", metavar="SOURCE", nargs="?", help=text)
    parser.add_argument("--data", metavar="FILE", help="annotations; their answers may be empty")
    parser.add_argument("--videos", metavar="DIR", help="folder of the videos (default: beside --data)")
    text = "annotations known to be right, to see who answers well; mixed among the others"
    parser.add_argument("--known", metavar="FILE", help=text)
    text = "tasks of an earlier export, or their folder, which are not asked again; may be repeated"
    parser.add_argument("--asked", metavar="FILE", action="append", help=text)
    add_out(parser, "folder for the tasks", required=True)
    add_option_flags(parser, [LabelExportConfig])


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Write the tasks."""
    options: Any = typed_options(arguments, [LabelExportConfig])
    LabelExportConfig(**options)
    from videoqa.labeling.export_tasks import export_tasks

    return export_tasks(**keywords(arguments, "source", "out", "data", "videos", "known", "asked"), **options)


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    """Print what was written, and what it costs."""
    for note in result["notes"]:
        say(note)
    known = f", {result['num_known']:,} of them of known answer" if result["num_known"] else ""
    videos = counted(result["num_videos"], "video")
    print(f"{counted(result['num_tasks'], 'task')} about {videos} written to {result['out']}{known}.")
    print(f"Files: {', '.join(result['files'])}. Keep tasks.json: the answers are read with it.")
    if result["cost"]:
        print(result["cost"])
