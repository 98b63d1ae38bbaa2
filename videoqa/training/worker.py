"""The program of a worker's processes, `python -m videoqa.training.worker`, which talks to its launcher."""

import sys
import traceback
from typing import TYPE_CHECKING, Any

from videoqa import _progress
from videoqa._checks import is_refusal
from videoqa._collector import leave_out_tensorflow
from videoqa._keras_plots import leave_out_plots
from videoqa.launching.reporting import Reporter, connect
from videoqa.training.control import RunControl, TrainingStopped

if TYPE_CHECKING:
    from videoqa.training.memory import Replicas

MAX_CAUSE = 300
"""Characters of the cause that go into the message; the log has all of it."""
_FRAMES_AND_ADVICE = (
    "Graph execution error:",
    "in user code:",
    "Detected at node",
    "<stack traces unavailable>",
    "Stack trace for op",
    "[[",
    "Additional",
    ":{",  # the details of a gRPC error, as JSON
    "The error could be",
    "Arguments received by",
    "•",
)


def main() -> int:
    """Do the task that the launcher asks for and report to it; return the exit code."""
    leave_out_tensorflow()
    leave_out_plots()
    reporter, start = connect()
    _progress.bars_reach_a_terminal(start["terminal"])
    try:
        _TASKS[start["task"]](start, reporter)
    except TrainingStopped as stopped:
        reporter.tell("stopped", signal=int(stopped.signal_number), result=_result(start))
    except BaseException as error:
        reporter.tell("failed", **described(error))
        return 1
    if start["task"] == "train":
        reporter.wait_for_leave()
    return 0


def described(error: BaseException) -> dict[str, str]:
    """Return the message of an error, and whether it refuses what was asked, or befell a collective."""
    if type(error).__module__.startswith("tensorflow"):
        print(error, file=sys.stderr)
        return {"type": "collective", "message": f"{type(error).__name__}: {cause_line(error)}"}
    if is_refusal(error):
        return {"type": "refused", "message": str(error)}
    traceback.print_exception(error)
    return {"type": "error", "message": f"{type(error).__name__}: {cause_line(error)}"}


def cause_line(error: BaseException) -> str:
    """Return the last line of an error's text that is about what went wrong, and not where or what else."""
    lines = [line.strip() for line in str(error).splitlines()]
    telling = [line for line in lines if line and not line.startswith(_FRAMES_AND_ADVICE)]
    return telling[-1][:MAX_CAUSE] if telling else ""


def _prepare(start: dict[str, Any], reporter: Reporter) -> None:
    from videoqa.training.fingerprint import fingerprint
    from videoqa.training.preparing import prepare_data
    from videoqa.training.request import read_request

    request = read_request(start["job"])
    data = prepare_data(request, _replicas(start), progress=request.job.progress)
    reporter.tell("ready", fingerprint=fingerprint(request, data))


def _train(start: dict[str, Any], reporter: Reporter) -> None:
    import tensorflow  # noqa: F401 - whoever watches is more patient until this is done

    from videoqa.training.request import read_request
    from videoqa.training.run import run_training

    reporter.tell("loaded")
    control = RunControl(index=start["cluster"]["index"], reporter=reporter)
    decided = start["decided"]
    run_training(
        read_request(start["job"]),
        out=decided["out"],
        resume=decided["resume"],
        control=control,
        replicas=_replicas(start),
    )
    reporter.tell("finished", result=_result(start))


def _replicas(start: dict[str, Any]) -> "Replicas":
    from videoqa.training.memory import replicas_of_workers

    return replicas_of_workers(start["cluster"]["workers"], start["cluster"]["index"])


def _result(start: dict[str, Any]) -> dict[str, Any]:
    return {"out": start["decided"]["out"], "is_chief": start["cluster"]["index"] == 0}


_TASKS = {"prepare": _prepare, "train": _train}


if __name__ == "__main__":
    raise SystemExit(main())
