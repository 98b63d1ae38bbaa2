"""Keras is loaded without matplotlib and IPython in a process of ours, which has them afterwards."""

import subprocess
import sys
from pathlib import Path

import pytest

KERAS = """
found = []
for name in ("matplotlib", "IPython"):
    try:
        found.append(__import__(name).__name__)
    except ImportError:
        pass
"""
BEGIN = """
import sys; sys.path.insert(0, {folder!r})
import videoqa._keras_layers as layers; layers.LAYER_MODULES = ()
"""
LOOK = (
    "\nimport keras, matplotlib, IPython\nprint('FOUND', *keras.found, matplotlib.__name__, IPython.__name__)"
)
ROADS = {
    "a command": "sys.argv[1:] = ['--version']; from videoqa.cli.main import main; main()",
    "the program that trains": "sys.argv[1:] = ['-h']; from videoqa.cli.main import main_train; main_train()",
    "already loaded": "import matplotlib; from videoqa._keras_plots import leave_out_plots as o; o()",
    "as a library": "import videoqa",
    "a command called by others": "from videoqa.cli.main import main; main(['--version'])",
}
FOUND = dict.fromkeys(ROADS, ["matplotlib", "IPython"]) | {
    "a command": [],
    "the program that trains": [],
    "already loaded": ["matplotlib"],
}


@pytest.mark.parametrize("road", ROADS)
def test_keras_finds_no_plots_in_processes_of_ours_alone(tmp_path: Path, road: str) -> None:
    for name, code in {"keras": KERAS, "matplotlib": "", "IPython": ""}.items():
        (tmp_path / f"{name}.py").write_text(code)  # they load at once
    program = BEGIN.format(folder=str(tmp_path)) + ROADS[road] + LOOK
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].split() == ["FOUND", *FOUND[road], "matplotlib", "IPython"]
