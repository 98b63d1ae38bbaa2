"""Where Ray is not installed, what needs it says how to install it."""

import subprocess
import sys

import pytest

ABSENT = "import sys; sys.modules['ray'] = None; "
PROGRAMS = {
    "Python": "import videoqa; videoqa.encode('sample', runner='ray')",
    "command": (
        "from videoqa.cli.main import main; sys.exit(main(['encode', '--data', 'sample', '--runner', 'ray']))"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_the_line_that_installs_it_is_given(program):
    done = subprocess.run([sys.executable, "-c", ABSENT + program], capture_output=True, text=True)
    assert done.returncode == (2 if "main" in program else 1)
    assert "runner='ray' needs Ray, which is not installed" in done.stderr
    assert 'pip install "videoqa[ray]"' in done.stderr
    assert "tensorflow" not in done.stderr
