"""`videoqa doctor`: check this machine, and say what to do about problems."""

import argparse
from typing import Any

from videoqa._counted import counted
from videoqa.cli.arguments import add_json
from videoqa.cli.exit_codes import DONE, FAILED

HELP = "look at versions, devices, decoders, folders and weights, and say what to do where something is wrong"
EXAMPLE = """example:
  videoqa doctor
  videoqa doctor --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_json(parser)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return all checks; without `--json` print each as soon as it is known."""
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
    bad = f"{counted(result['warning'], 'warning')}, {counted(result['problem'], 'problem')}"
    print(f"{result['ok']} ok, {bad}.")


def exit_code(result: dict[str, Any]) -> int:
    """Return 1 if there is a problem."""
    return FAILED if result["problem"] else DONE
