"""A whole run of worker processes: its end, its faults, its restarts, its stop."""

import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from videoqa.config.launch import LaunchConfig
from videoqa.launching import stopping
from videoqa.launching.cluster import local_cluster
from videoqa.launching.errors import StartError, WorkerAbsent, WorkerLost
from videoqa.launching.job import Job, Outcome
from videoqa.launching.launcher import launch
from videoqa.launching.stopping import StopRequest, graceful_stop

ONCE = "flag = Path({flag!r}) / str(index)\nif not flag.exists():\n    flag.write_text('')\n    {code}"


def once(folder, code):
    """Code that a worker runs the first time only."""
    return ONCE.format(flag=str(folder), code=code)


@pytest.mark.parametrize("workers", [None, 1, 2])
def test_a_run_returns_what_worker_0_reports(launched, tmp_path, workers, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "of an earlier run")
    result = "result = {'decided': decided, 'tf_config': os.environ.get('TF_CONFIG', '')}"
    options = {
        "prepare": "print('preparing', os.environ.get('TF_CONFIG'))",
        "train": f"{result}\nprint('training')",
    }
    outcome = launched(options, workers)
    assert (outcome.result["index"], outcome.stopped_by) == (0, None)
    assert outcome.result["decided"] == {"out": str(tmp_path / "out")}
    assert ('"index": 0' in outcome.result["tf_config"]) == (workers == 2)
    logs = sorted((tmp_path / "out" / "logs").iterdir())
    assert [log.name for log in logs] == [f"worker-{index}.log" for index in range(workers or 1)]
    assert {log.read_text() for log in logs} == {"preparing None\ntraining\n"}


def test_one_worker_without_a_cluster_says_so(worker_command, tmp_path, capsys, quick):
    job = Job((), {"train": "print('echoed')"}, LaunchConfig())
    launch(
        job,
        decide=lambda job: {"out": str(tmp_path)},
        stop=StopRequest(),
        cluster=None,
        command=worker_command,
        deadlines=quick,
    )
    printed = capsys.readouterr().err
    assert "training as one worker" in printed and "echoed" in printed


def tell_failed(kind):
    return f"reporter.tell('failed', type={kind!r}, message='`data` must be there.')\ntime.sleep(60)"


FAULTS = [
    ("prepare 1", tell_failed("refused"), ValueError, "^`data` must be there"),
    ("train 1", tell_failed("refused"), ValueError, "^`data` must be there"),
    ("train 1", tell_failed("error"), WorkerLost, "Lost worker 1 .*: `data` must be there"),
    ("prepare 1", "os.kill(os.getpid(), 9)", WorkerLost, "Lost worker 1 .*killed by SIGKILL"),
    ("train 0", "os.kill(os.getpid(), 9)", WorkerLost, "Lost worker 0 .*killed by SIGKILL"),
    ("train 1", "os.kill(os.getpid(), 19)", WorkerLost, "Lost worker 1 .*frozen for 2 seconds"),
    ("train 1", "sys.exit()", WorkerLost, "Lost worker 1 .*ended early with exit code 0"),
    ("train 1", "raise KeyError('lost')", WorkerLost, "exit code 1. The last line .* KeyError: 'lost'"),
    ("prepare 1", "fingerprint = {'data': 'y'}", StartError, "differ data: x and y"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("where", "code", "error", "message"), FAULTS)
def test_a_fault_ends_the_run_and_is_named(launched, where, code, error, message):
    with pytest.raises(error, match=message):
        launched({where: code})


@pytest.mark.slow
def test_the_cause_is_named_while_the_others_report_a_failed_collective(launched):
    options = {"train 0": tell_failed("collective"), "train 1": "os.kill(os.getpid(), 19)"}
    with pytest.raises(WorkerLost, match="Lost worker 1 .*frozen") as frozen:
        launched(options)
    assert "Lost worker 0" not in str(frozen.value)


def test_what_decide_raises_is_raised(launched):
    def decide(job):
        raise FileExistsError("`out` must be new")

    with pytest.raises(FileExistsError, match="`out` must be new"):
        launched(decide=decide)


def test_a_worker_that_ends_before_the_others_are_done_is_lost(launched):
    options = {"train 0": "time.sleep(60)", "train 1": "reporter.tell('finished', result={})\nos._exit(0)"}
    with pytest.raises(WorkerLost, match="Lost worker 1 .*ended early"):
        launched(options)


@pytest.mark.slow
def test_a_run_is_started_again_from_its_checkpoint(launched, tmp_path, capsys):
    seen = []
    options = {
        "prepare": "fingerprint = {'resume': str(job.resume), 'out': str(job.out)}",
        "train 1": once(tmp_path, "os.kill(os.getpid(), 9)"),
    }

    def decide(job):
        seen.append((job.resume, job.out))
        return {"out": job.out or str(tmp_path / "out")}

    assert launched(options, max_restarts=1, decide=decide).result == {"index": 0}
    assert seen == [(False, None), (True, str(tmp_path / "out"))]
    with pytest.raises(WorkerLost, match="Lost worker 1"):
        launched({"train 1": "os.kill(os.getpid(), 9)"}, max_restarts=1)


def test_what_is_lost_before_training_is_started_again_from_nothing(launched, tmp_path):
    options = {
        "prepare 1": once(tmp_path, "os.kill(os.getpid(), 9)"),
        "train": "result = {'resume': job.resume}",
    }
    assert launched(options, max_restarts=2).result == {"index": 0, "resume": False}


@pytest.mark.slow
def test_who_is_absent_is_waited_for_again(launched, capsys):
    with pytest.raises(WorkerAbsent, match="Absent: worker 1"):
        launched(workers=None, cluster=local_cluster(2)[0], start_timeout=1, max_restarts=1)
    assert "Starting again (1 of 1)." in capsys.readouterr().err


@pytest.mark.slow
def test_a_signal_to_one_preparing_worker_stops_the_other(launched, tmp_path):
    clusters = local_cluster(2)
    stops = [StopRequest(), StopRequest()]
    options = {"prepare": f"Path({str(tmp_path)!r}, str(index)).touch()\ntime.sleep(60)"}
    with ThreadPoolExecutor(2) as threads:
        running = [
            threads.submit(launched, options, None, cluster=cluster, stop=stop)
            for cluster, stop in zip(clusters, stops, strict=True)
        ]
        while not all((tmp_path / name).exists() for name in ("0", "1")):
            time.sleep(0.02)
        time.sleep(1)  # the two have met
        stops[1].note(signal.SIGTERM)
        assert [each.result(20) for each in running] == [Outcome({}, signal.SIGTERM)] * 2
    assert stops[0].signal == signal.SIGTERM


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("task", ["prepare", "train"])
def test_a_stop_ends_the_run_at_a_good_place(launched, tmp_path, workers, task):
    stop = StopRequest()
    stopping = """
Path({folder!r}, str(index)).write_text("")
while reporter.stop_signal is None: time.sleep(0.01)
reporter.tell("stopped", signal=reporter.stop_signal, result={{"index": index}})
reporter.wait_for_leave()
sys.exit()
"""
    with ThreadPoolExecutor(1) as threads:
        options = {task: stopping.format(folder=str(tmp_path))}
        running = threads.submit(launched, options, workers, stop=stop)
        while len([path for path in tmp_path.iterdir() if path.is_file()]) < workers:
            time.sleep(0.02)
        stop.note(signal.SIGTERM)
        expected = {} if task == "prepare" else {"index": 0}
        assert running.result(20) == Outcome(expected, signal.SIGTERM)


def test_a_stop_that_another_machine_was_asked_for_is_noted(launched):
    stop = StopRequest()
    stopped = "reporter.tell('stopped', signal=15, result={})\nreporter.wait_for_leave()\nsys.exit()"
    assert launched({"train": stopped}, stop=stop).stopped_by == signal.SIGTERM
    assert stop.signal == signal.SIGTERM


def test_the_second_ctrl_c_leaves_nothing_behind(launched, tmp_path, monkeypatch):
    options = {"train": f"Path({str(tmp_path)!r}, str(index)).write_text(str(os.getpid()))\ntime.sleep(60)"}
    pids = []

    def press():
        files = [tmp_path / "0", tmp_path / "1"]
        while not all(file.exists() and file.read_text() for file in files):
            time.sleep(0.02)
        pids.extend(int(file.read_text()) for file in files)
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.3)
            monkeypatch.setattr(stopping, "ECHO_SECONDS", 0.0)

    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        thread = threading.Thread(target=press)
        thread.start()
        with pytest.raises(KeyboardInterrupt), graceful_stop() as stop:
            launched(options, stop=stop)
        thread.join()
    finally:
        signal.signal(signal.SIGINT, earlier)
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_port_in_use_is_refused(launched):
    cluster = local_cluster(2)[0]
    port = int(cluster.workers[0].rpartition(":")[2])
    with socket.create_server(("", port)):
        with pytest.raises(ValueError, match="`workers` must have a free port"):
            launched(workers=None, cluster=cluster)
