"""`videoqa doctor`: whether this machine is fit, and what to do where it is not."""

import argparse
from typing import Any

from videoqa.cli.arguments import add_json
from videoqa.cli.exit_codes import DONE, FAILED

HELP = "look at versions, devices, decoders, folders and weights, and say what to do where something is wrong"
EXAMPLE = """example:
  videoqa doctor
  videoqa doctor --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_json(parser)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return every check; as text each is printed as soon as it is known."""
    from videoqa.doctor.diagnose import LEVELS, Check, diagnose

    checks: list[Check] = []
    for check in diagnose():
        checks.append(check)
        if not arguments.json:
            print(f"{check.level:<8} {check.name:<24} {check.found}", flush=True)
            if check.advice:
                print(f"{'':<8} {'':<24} → {check.advice}", flush=True)
    counts = {level: sum(check.level == level for check in checks) for level in LEVELS}
    return {**counts, "checks": checks}


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    """Print the totals."""
    print(f"{result['ok']} ok, {result['warning']} warnings, {result['problem']} problems.")


def exit_code(result: dict[str, Any]) -> int:
    """Return 1 where there is a problem."""
    return FAILED if result["problem"] else DONE
