"""Builds the parser, runs the chosen command, and returns the exit code."""

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Any

from videoqa._collector import leave_out_tensorflow
from videoqa._keras_plots import leave_out_plots
from videoqa._progress import each_note_once
from videoqa._tables import spreadsheet_safe
from videoqa._version import __version__
from videoqa.cli import (
    ask,
    audit,
    cache,
    compare,
    data,
    demo,
    doctor,
    encode,
    evaluate,
    export,
    extract_frames,
    label,
    predict,
    report,
    serve,
    sheet,
    summary,
    train,
    watch,
)
from videoqa.cli.arguments import LAYOUT, add_command
from videoqa.cli.completion import complete
from videoqa.cli.exit_codes import DONE, StopSignals
from videoqa.cli.exit_codes import report as report_error
from videoqa.cli.output import json_text, only_json_on_stdout
from videoqa.cli.parser import Parser

COMMANDS = {
    "demo": demo,
    "audit": audit,
    "extract-frames": extract_frames,
    "encode": encode,
    "train": train,
    "evaluate": evaluate,
    "report": report,
    "compare": compare,
    "ask": ask,
    "predict": predict,
    "watch": watch,
    "serve": serve,
    "export": export,
    "sheet": sheet,
    "summary": summary,
    "data": data,
    "label": label,
    "cache": cache,
    "doctor": doctor,
}
"""Command -> module with `HELP`, `EXAMPLE`, `add_arguments`, `run`, `show` and perhaps `exit_code`; also with
`line` if `run` yields what `--json` prints line by line. With `ACTIONS` instead of `run` and `show`: such a
module for each word after the command."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command of `videoqa` and return the exit code.

    Args:
        argv: the words after the program's name; None: those of this process.
    """
    _prepare_process()
    if argv is None:
        _load_less()
        complete(build_parser())
    stop = StopSignals()
    try:
        with stop.caught():
            return _run(sys.argv[1:] if argv is None else list(argv))
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else DONE
    except BaseException as error:
        code = report_error(error, stop)
        if isinstance(error, BrokenPipeError):
            _forget_stdout()
        return code


def main_train() -> int:
    """Run `videoqa train` with the words of this process: the program `videoqa-train`."""
    _load_less()
    complete(build_parser(), command="train")
    return main(["train", *sys.argv[1:]])


def _load_less() -> None:
    """Make a process that is ours alone load TensorFlow and Keras sooner."""
    leave_out_tensorflow()
    leave_out_plots()


def build_parser() -> Parser:
    """Return the parser of all commands."""
    parser = Parser(
        prog="videoqa",
        description="Answer questions about short video clips.",
        epilog="Start with:\n  videoqa demo\nEach command has its own help:\n  videoqa train --help",
        allow_abbrev=False,
        **LAYOUT,
    )
    parser.add_argument("--version", action="version", version=f"videoqa {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, module in COMMANDS.items():
        module.add_arguments(add_command(commands, name, module))
    return parser


def _run(argv: list[str]) -> int:
    arguments = build_parser().parse_args(argv)
    command = COMMANDS[arguments.command]
    command = getattr(command, "ACTIONS", {}).get(getattr(arguments, "action", None), command)
    with spreadsheet_safe(getattr(arguments, "spreadsheet_safe", False)), each_note_once():
        return _carry_out(command, arguments)


def _carry_out(command: Any, arguments: argparse.Namespace) -> int:
    """Run a command, print its result and return the exit code."""
    if getattr(arguments, "json", False):
        with only_json_on_stdout() as stdout:
            result = command.run(arguments)
            for line in map(command.line, result) if hasattr(command, "line") else [result]:
                print(json_text(line), file=stdout, flush=True)
    else:
        result = command.run(arguments)
        command.show(result, arguments)
    sys.stdout.flush()
    return command.exit_code(result) if hasattr(command, "exit_code") else DONE


def _prepare_process() -> None:
    """Let any character be printed on any terminal."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _forget_stdout() -> None:
    """Send stdout to nowhere, so that the interpreter's last flush does not fail again."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
