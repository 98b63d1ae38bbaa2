"""`videoqa export`: write a model for other runtimes."""

import argparse
from typing import Any

from videoqa._files import size_text
from videoqa.cli.arguments import add_json, add_out
from videoqa.config import EXPORT_FORMATS, EXPORT_STARTS

HELP = "write a model for other runtimes, proved equal: TensorFlow Serving, ONNX, LiteRT, Keras"
EXAMPLE = """example:
  videoqa export runs/mine --format onnx --out exported/mine
  videoqa export runs/mine --format saved_model onnx litert --out exported/mine --overwrite
  videoqa export runs/mine --format litert --from features --out exported/head
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="the model folder")
    parser.add_argument(
        "--format", nargs="+", choices=EXPORT_FORMATS, required=True, help="one format or several"
    )
    parser.add_argument(
        "--from",
        dest="starts_from",
        choices=EXPORT_STARTS,
        help="what goes in: frames, or the features of the backbone (default: frames; features if the model "
        "sees optical flow)",
    )
    add_out(parser, "new folder of the export", required=True)
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier export in --out")
    add_json(parser)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Export the model."""
    from videoqa import export

    return export(
        arguments.model,
        arguments.format,
        arguments.out,
        starts_from=getattr(arguments, "starts_from", None),
        overwrite=getattr(arguments, "overwrite", False),
    )


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    """Print what was written and how equal it is."""
    for name, found in result["formats"].items():
        for start, difference in found["largest_difference"].items():
            print(
                f"{name} from {start}: {found['file']}, {size_text(found['num_bytes'])}; "
                f"{found['num_clips']} clips answered as the model does, to {difference:.1e}."
            )
    print(f"Written to {result['out']}, with preprocessing.json: what goes in, and what comes out.")
    if "onnx" in result["formats"]:
        client = f"{result['out']}/client.py"
        print(f"Ask it without TensorFlow and without videoqa:\n  python {client} VIDEO QUESTION")
