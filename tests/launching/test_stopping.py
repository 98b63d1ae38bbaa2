"""Ctrl-C and SIGTERM as a request, and given back to who handled them before."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from videoqa.launching import stopping
from videoqa.launching.stopping import StopRequest, graceful_stop, raise_again


@pytest.fixture(autouse=True)
def default_handlers():
    """Start as a program in the foreground does, and leave no handler behind."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_first_signal_is_recorded_and_given_back_later():
    with graceful_stop() as stop:
        assert stop.signal is None
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.signal == signal.SIGINT
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(KeyboardInterrupt):
        raise_again(stop)


def test_without_a_signal_nothing_is_given_back():
    with graceful_stop() as stop:
        pass
    raise_again(stop)


def test_the_second_signal_stops_at_once():
    got = []
    signal.signal(signal.SIGTERM, lambda number, frame: got.append(number))
    with graceful_stop() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert got == []
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)  # now the earlier handlers are there again
    assert (stop.signal, got) == (signal.SIGTERM, [signal.SIGTERM])
    raise_again(stop)
    assert got == [signal.SIGTERM] * 2


def test_the_same_signal_twice_in_a_moment_counts_once(monkeypatch):
    with graceful_stop() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)  # as of a wrapper that sends on what the terminal has sent
        monkeypatch.setattr(stopping, "ECHO_SECONDS", 0.0)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert stop.signal == signal.SIGINT


@pytest.mark.parametrize("speaks", [True, False])
def test_the_first_signal_is_answered(capsys, speaks):
    with graceful_stop(speaks=speaks):
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
    assert capsys.readouterr().err == speaks * f"{stopping.STOPPING}\n"


def test_an_ignored_signal_stays_ignored():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with graceful_stop() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.signal is None
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_in_another_thread_nobody_sets_the_request():
    handler = signal.getsignal(signal.SIGTERM)
    requests = []

    def work():
        with graceful_stop() as stop:
            requests.append((stop, signal.getsignal(signal.SIGTERM) == handler))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert requests[0][0].signal is None and requests[0][1]


def test_a_stop_of_another_machine_is_noted_once():
    stop = StopRequest()
    stop.note(None)
    raise_again(stop)
    stop.note(signal.SIGTERM)
    stop.note(signal.SIGINT)
    assert stop.signal == signal.SIGTERM
    with pytest.raises(KeyboardInterrupt):
        raise_again(stop)


PROGRAM = """
import os, signal, sys, time
from videoqa.launching.stopping import graceful_stop, raise_again
def work():
    with graceful_stop() as stop:
        for number in {numbers}:
            os.kill(os.getpid(), number)
        print("saved", flush=True)
    raise_again(stop)
"""
COMMAND = """
from videoqa.cli import main as module
class Command:
    HELP, EXAMPLE = "help", "example"
    def add_arguments(parser): pass
    def run(arguments): work()
    def show(result, arguments): print(result)
module.COMMANDS["try"] = Command
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(module.main(["try"]))
"""


@pytest.mark.parametrize(
    ("numbers", "then", "code", "printed"),
    [
        ([15], "work()", -15, "saved\n"),
        ([15, 15], "work()", -15, "saved\n"),
        ([2, 15], "work()", -15, ""),
        ([15], COMMAND, 143, "saved\n"),
        ([2], COMMAND, 130, "saved\n"),
        ([2, 15], COMMAND, 143, ""),
    ],
)
def test_the_process_ends_as_the_signal_ends_it(numbers, then, code, printed):
    program = PROGRAM.format(numbers=numbers) + then
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout) == (code, printed)
    assert "Traceback" not in done.stderr
