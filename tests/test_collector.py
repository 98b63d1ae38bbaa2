"""The garbage collector leaves out what TensorFlow loads in a process of ours; later objects it collects."""

import subprocess
import sys
from pathlib import Path

import pytest

BEGIN = "import contextlib, gc, sys; sys.path.insert(0, {folder!r})"
LOOK = """
import tensorflow
class Later: pass
later = Later()
later.itself = later
del later
print(gc.isenabled(), gc.get_freeze_count() > 1000, gc.collect() > 0, file=sys.stderr)
"""
LEAVE_OUT = "from videoqa._collector import leave_out_tensorflow as leave_out; leave_out()"
ROADS = {
    "a command": "sys.argv[1:] = ['--version']; from videoqa.cli.main import main; main()",
    "the program that trains": "sys.argv[1:] = ['-h']; from videoqa.cli.main import main_train; main_train()",
    "the doctor's look at devices": (
        "from videoqa.doctor.probes import tensorflow_devices as look\n"
        "with contextlib.suppress(AttributeError): look()"
    ),
    "a worker of Ray": (
        "from videoqa.features.ray_encoding import ClipWorker\n"
        "with contextlib.suppress(AttributeError): ClipWorker(None, None)"
    ),
    "switched off before": f"gc.disable(); {LEAVE_OUT}",
    "as a library": "import videoqa",
    "a command called by others": "from videoqa.cli.main import main; main(['--version'])",
}
ENABLED_LEFT_OUT_COLLECTED = dict.fromkeys(ROADS, "True True True") | {
    "switched off before": "False True True",
    "as a library": "True False True",
    "a command called by others": "True False True",
}


def run(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", f"{BEGIN.format(folder=str(folder))}\n{program}"]
    return subprocess.run(command, input="", capture_output=True, text=True, check=True)


@pytest.mark.parametrize("road", ROADS)
def test_collections_leave_out_tensorflow_in_processes_of_ours_alone(tmp_path: Path, road: str) -> None:
    (tmp_path / "tensorflow.py").write_text("objects = [[] for _ in range(2000)]")  # it loads at once
    shown = run(tmp_path, ROADS[road] + LOOK).stderr
    assert shown.splitlines()[-1] == ENABLED_LEFT_OUT_COLLECTED[road], shown


def test_a_tensorflow_that_fails_to_load_leaves_the_collector_on(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text("raise ImportError('broken')")
    program = f"{LEAVE_OUT}\nwith contextlib.suppress(ImportError): import tensorflow\nprint(gc.isenabled())"
    assert run(tmp_path, program).stdout == "True\n"
