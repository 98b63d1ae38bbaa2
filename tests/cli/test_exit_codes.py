"""Exit codes: 0 done, 2 refused, 1 failure inside, 130 after Ctrl-C, 143 after SIGTERM."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from videoqa._checks import Refusal, check_file, check_integer, is_refusal
from videoqa.cli.exit_codes import StopSignals, _worded, report
from videoqa.cli.flags import _converter
from videoqa.features.cache import FeatureCache
from videoqa.launching import errors

WINDOWS = os.name == "nt"


def caught(function, *arguments):
    try:
        function(*arguments)
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def test_a_check_of_ours_is_a_refusal(capsys):
    error = caught(lambda: check_integer("epochs", "three", minimum=1))
    assert is_refusal(error)
    assert report(error, StopSignals()) == 2
    printed = capsys.readouterr().err
    assert printed == "videoqa: `epochs` must be an integer of at least 1. Received: epochs='three'.\n"


def test_a_refusal_comes_back_from_another_process_as_it_was():
    one = Refusal("epochs", "be 1", lambda: None, "Say 1.")  # what was received need not be picklable
    two = pickle.loads(pickle.dumps(one))
    assert type(two) is Refusal and str(two) == str(one) and "Say 1." in str(two)
    assert is_refusal(two) and isinstance(two, ValueError)


@pytest.mark.parametrize(("kind", "code"), [("StartError", 2), ("WorkerAbsent", 1), ("WorkerLost", 1)])
def test_what_goes_wrong_between_workers_has_no_traceback(kind, code, capsys):
    error = caught(fail, getattr(errors, kind)("Lost worker 1 (b:2222): it was killed."))
    assert report(error, StopSignals()) == code
    assert capsys.readouterr().err == "videoqa: Lost worker 1 (b:2222): it was killed.\n"


def fail(error):
    raise error


@pytest.mark.parametrize(
    "function",
    [
        lambda: fail(ValueError("from a library, raised again here")),
        lambda: np.zeros(3).reshape(2),  # raised in another library
        lambda: _converter("epochs", int, False, None)("three"),  # raised by C code that ours called
        lambda: np.load("missing.npy"),
        lambda: json.loads("{"),  # raised in the standard library
        lambda: {}["missing"],
        lambda: check_integer(),  # a wrong call is a TypeError
    ],
)
def test_everything_else_is_a_failure_inside(function, capsys):
    error = caught(function)
    assert not is_refusal(error)
    assert report(error, StopSignals()) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(28, os.strerror(28), "/d/a.csv"), "/d/a.csv could not be written: No space left on device."),
        (OSError(28, os.strerror(28)), "The output could not be written: No space left on device."),
        (OSError(28, "The cache /c is full."), "The cache /c is full."),
    ],
)
def test_a_full_disk_is_told_with_what_could_not_be_written(error, message):
    assert _worded(error).startswith(message)


def run(program, **options):
    """Run Python code in a process of its own."""
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, **options)


COMMAND = """
import sys
from videoqa.cli import main as module
class Command:
    HELP, EXAMPLE = "help", "example"
    def add_arguments(parser): parser.add_argument("--json", action="store_true")
    def run(arguments):
{body}
    def show(result, arguments): print(result)
module.COMMANDS["try"] = Command
sys.exit(module.main(["try", *sys.argv[1:]]))
"""


def program(body):
    return COMMAND.format(body="\n".join(f"        {line}" for line in body.splitlines()))


def test_a_failure_inside_a_command_keeps_its_traceback():
    done = run(program("return 1 / 0"))
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert done.stdout == ""


def test_a_folder_that_cannot_be_written_is_a_refusal(tmp_path):
    (tmp_path / "file").write_text("")
    cache = FeatureCache(tmp_path / "file")
    assert is_refusal(caught(cache.check_writable))
    assert is_refusal(caught(check_file, "data", tmp_path / "missing"))


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"]
)
@pytest.mark.skipif(WINDOWS, reason="POSIX signals")
@pytest.mark.parametrize("swallow", [False, True], ids=["plain", "swallowed"])
def test_stopping_has_its_own_code(number, code, swallow):
    body = "import time\nprint('ready', file=sys.stderr, flush=True)\n"
    if swallow:  # a library that turns the interrupt into an error of its own
        body += "try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    raise RuntimeError('lost')"
    else:
        body += "try:\n    time.sleep(60)\nfinally:\n    print('tidied', file=sys.stderr)"
    # a shell that starts background jobs may have left SIGINT ignored
    fresh = f"import signal\nsignal.signal({int(number)}, signal.default_int_handler)\n"
    process = subprocess.Popen(
        [sys.executable, "-c", fresh + program(body)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stderr.readline() == "ready\n"
    time.sleep(0.1)
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == code, errors
    assert "Traceback" not in errors
    assert swallow or "tidied" in errors


@pytest.mark.skipif(WINDOWS, reason="POSIX pipes")
def test_a_reader_that_goes_away_leaves_no_traceback():
    process = subprocess.Popen(
        [sys.executable, "-c", program("return 'x' * 10_000_000")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.read(1)
    process.stdout.close()
    assert process.wait(timeout=20) == 141
    assert process.stderr.read() == b""
    process.stderr.close()


def test_json_is_alone_on_stdout_even_when_c_code_prints():
    body = (
        "import os\nprint('from python')\nos.write(1, b'from c\\n')\n"
        "return {'accuracy': float('nan'), 'rows': [1, 2], 'answer': 'blå'}"
    )
    done = run(program(body).replace('["try",', '["try", "--json",'), encoding="utf-8")
    assert done.returncode == 0
    assert json.loads(done.stdout) == {"accuracy": None, "rows": [1, 2], "answer": "blå"}
    assert done.stdout.count("\n") == 1
    assert "from python" in done.stderr
    assert "from c" in done.stderr
