"""One worker process: what goes in and out of it, what it prints, and its end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from videoqa.launching.child import ChildProcess, worker_command

BEGIN = """
import os, signal, sys, time
from videoqa.launching.reporting import connect
reporter, start = connect()
"""


def child(code, start=None, **options):
    command = (sys.executable, "-c", BEGIN + code)
    return ChildProcess(start or {}, **{"environment": os.environ, "command": command, **options})


def until(condition, seconds=120.0):
    """Wait for what is true, and return it."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)
    return value


def await_message(process, kind):
    """Wait for a message of this kind, and return it; those before it are passed over."""
    return until(lambda: next((each for each in arriving(process) if each["kind"] == kind), None))


def arriving(process):
    """Yield the messages one by one; who stops in between finds the rest next time."""
    UNREAD.setdefault(process, []).extend(process.messages())
    while UNREAD[process]:
        yield UNREAD[process].pop(0)


UNREAD: dict[ChildProcess, list[dict]] = {}


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"


def test_what_is_sent_arrives_both_ways():
    code = """
reporter.tell("got", start=start, stdin=sys.stdin.read(), variable=os.environ["VARIABLE"])
reporter.barrier("first")
while reporter.stop_signal is None: time.sleep(0.01)
reporter.tell("stopped", signal=reporter.stop_signal)
reporter.wait_for_leave()
"""
    data = {"numbers": list(range(1_000_000))}  # more than a pipe holds
    with child(code, data, environment={**os.environ, "VARIABLE": "set"}) as process:
        assert await_message(process, "got") == {"kind": "got", "start": data, "stdin": "", "variable": "set"}
        assert await_message(process, "barrier")["name"] == "first"
        process.tell("pass", name="first")
        process.tell("stop", signal=15)
        assert await_message(process, "stopped")["signal"] == 15
        assert process.exit_code is None and not process.has_loaded
        process.tell("leave")
        assert process.wait(15) == 0
        process.tell("too late")


@pytest.mark.slow
def test_signs_of_life_come_by_themselves_and_end_when_it_freezes():
    with child("time.sleep(60)") as process:
        until(process.messages)
        until(lambda: process.seconds_since_heartbeat > 0.5)
        until(lambda: process.seconds_since_heartbeat < 0.5)
        os.kill(process.pid, signal.SIGSTOP)
        until(lambda: process.seconds_since_heartbeat > 1.5)
        assert process.exit_code is None
    assert process.exit_code == -signal.SIGKILL


def test_signals_are_the_launchers_business():
    with child("time.sleep(0.5); reporter.tell('unharmed')") as process:
        until(process.messages)
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(process.pid, number)
        assert await_message(process, "unharmed")


def test_the_last_message_is_here_when_the_exit_code_is():
    with child("for number in range(2000): reporter.tell('number', number=number)") as process:
        assert until(lambda: process.exit_code is not None)
        numbers = [each["number"] for each in process.messages() if each["kind"] == "number"]
        assert (process.exit_code, numbers) == (0, list(range(2000)))


def test_what_it_prints_goes_to_its_log_and_to_stderr(tmp_path, capsys):
    code = """
print("from stdout", flush=True)
os.write(1, b"from C\\n")
sys.stderr.write("\\r 10%\\r 50%\\r100%\\nstrange \\udcff\\n")
os.write(2, b"\\xff no newline")
"""
    log = tmp_path / "logs" / "worker-0.log"
    with child(code, echo=True) as process:
        until(lambda: process.exit_code is not None)
        assert not log.exists()
        process.log_to(log)
    expected = ["from stdout", "from C", "100%", "strange \\udcff", "\ufffd no newline"]
    assert log.read_text("utf-8").splitlines() == expected
    assert "\r 10%\r 50%\r100%\n" in capsys.readouterr().err
    with child("print('again')", log_path=log) as process:
        until(lambda: process.exit_code is not None)
    assert log.read_text("utf-8").splitlines() == [*expected, "again"]
    assert process.last_line == "again"


def test_a_flood_of_output_blocks_nobody(tmp_path):
    code = """
os.write(1, b"this is no message\\n")
for _ in range(300): os.write(2, b"x" * 100_000 + b"\\r")
for _ in range(100_000): os.write(2, b"line\\n")
os.write(2, b"the end\\n")
reporter.tell("done")
time.sleep(60)
"""
    with child(code) as process:
        assert await_message(process, "done")
        until(lambda: process.last_line == "the end")  # what is in the pipe by then may still be unread
        process.log_to(tmp_path / "log")
    assert (tmp_path / "log").read_text().splitlines() == ["line"] * 999 + ["the end"]


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    with child("print('hello'); reporter.tell('done')", log_path=tmp_path / "file" / "log") as process:
        assert await_message(process, "done")
    assert "The log of a worker cannot be written" in capsys.readouterr().err
    with child("print('hello'); reporter.tell('done')", log_path=Path("/dev/full")) as process:
        assert await_message(process, "done")


def test_its_own_children_end_with_it():
    code = """
import subprocess
kept = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
reporter.tell("started", pid=kept.pid)
{then}
"""
    for then in ("time.sleep(60)", "os._exit(3)"):
        with child(code.format(then=then)) as process:
            pid = await_message(process, "started")["pid"]
            if then == "os._exit(3)":
                assert until(lambda process=process: process.exit_code) == 3
            else:
                assert is_alive(pid)
        until(lambda pid=pid: not is_alive(pid))


STATES = {
    "running": BEGIN + "time.sleep(60)",
    "frozen": BEGIN + "time.sleep(60)",
    "not yet connected": "import time; time.sleep(1)" + BEGIN + "time.sleep(60)",
    "letting no other thread run": BEGIN + "sum(range(10 ** 12))",
}


@pytest.mark.slow
@pytest.mark.parametrize("state", STATES)
def test_it_ends_with_its_launcher(state):
    launcher = f"""
import os, sys, time
from videoqa.launching.child import ChildProcess
process = ChildProcess({{}}, environment=os.environ, command=[sys.executable, "-c", {STATES[state]!r}])
print(process.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", launcher], stdout=subprocess.PIPE, text=True) as process:
        pid = int(process.stdout.readline())
        time.sleep(0.5)
        assert is_alive(pid)
        if state == "frozen":
            os.kill(pid, signal.SIGSTOP)
        process.kill()
    until(lambda: not is_alive(pid))


def test_what_cannot_be_sent_is_refused():
    with pytest.raises(ValueError, match="`callbacks` must be objects that can be pickled.*lambda"):
        child("", {"job": lambda: None})


def test_what_the_process_cannot_load_is_refused():
    class_of_main = type("OnlyHere", (), {"__module__": "__main__"})
    sys.modules["__main__"].OnlyHere = class_of_main
    try:
        with child("", {"job": class_of_main()}) as process:
            failed = await_message(process, "failed")
    finally:
        del sys.modules["__main__"].OnlyHere
    assert failed["type"] == "refused"
    assert "`callbacks` must be of classes in modules that a worker process can import" in failed["message"]


def test_the_command_of_a_worker_finds_the_same_modules():
    code = "import runpy; runpy.run_module = lambda name, run_name: print(sys.path, name)"
    *program, text = worker_command()
    text = text.replace("import runpy;", code + ";")
    done = subprocess.run([*program, text], capture_output=True, text=True, check=True)
    assert done.stdout == f"{sys.path} videoqa.training.worker\n"
