"""Workers on a real local Ray instance, with small programs in the place of worker processes."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict

import pytest

from videoqa.config import LaunchConfig
from videoqa.launching.errors import StartError, WorkerLost
from videoqa.launching.job import Job
from videoqa.launching.ray_runner import launch_on_ray
from videoqa.launching.stopping import StopRequest

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'videoqa[ray]'")
pytestmark = pytest.mark.slow

TF_CONFIG = "result['tf_config'] = os.environ.get('TF_CONFIG'); result['folder'] = os.getcwd()"


@pytest.fixture(scope="module")
def local_ray():
    """A cluster of two processors on this machine; its processes know this file's functions by value."""
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR, "include_dashboard": False}
    ray.init(address="local", num_cpus=2, **quiet)
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield
    ray.cloudpickle.unregister_pickle_by_value(sys.modules[__name__])
    ray.shutdown()


class Decide:
    """Names the folder of the run, and notes that it was asked."""

    def __init__(self, out: str) -> None:
        self.out = out

    def __call__(self, job: Job) -> dict[str, str]:
        """Return what all workers have to know."""
        return {"out": self.out}


@pytest.fixture
def launched(local_ray, tmp_path, worker_command, quick):
    """Return a function that launches workers that do what the options say."""

    def run(options=None, workers=2, *, progress=False, **fields):
        return launch_on_ray(
            Job((), options or {}, LaunchConfig(local_workers=workers, **fields), progress=progress),
            decide=Decide(str(tmp_path / "out")),
            stop=StopRequest(),
            command=worker_command,
            deadlines=quick,
        )

    return run


def test_every_worker_has_its_place_and_the_result_is_that_of_worker_0(launched, capfd):
    options = {"train": f"print('I am', index, file=sys.stderr); {TF_CONFIG}"}
    outcome = launched(options, progress=True)
    tf_config = json.loads(outcome.result["tf_config"])
    assert tf_config["task"] == {"type": "worker", "index": 0} and outcome.stopped_by is None
    addresses = tf_config["cluster"]["worker"]
    assert len(set(addresses)) == 2 and outcome.result["folder"] == os.getcwd()
    printed = capfd.readouterr().err
    assert f"2 workers on the Ray cluster: {', '.join(addresses)}." in printed
    assert "I am 0" in printed and "I am 1" not in printed


def test_logs_lie_in_the_folder_that_was_decided(launched, tmp_path):
    launched({"train": "print('I am', index, file=sys.stderr)"})
    for index in (0, 1):
        assert f"I am {index}" in (tmp_path / "out" / "logs" / f"worker-{index}.log").read_text()


def test_one_machine_is_one_worker_without_tf_config(launched):
    assert launched({"train": TF_CONFIG}, workers=None).result["tf_config"] is None


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"prepare 1": "fingerprint = {'data': 'y'}"}, StartError, "data"),
        ({"train 1": "os.kill(os.getpid(), signal.SIGKILL)"}, WorkerLost, "[Ww]orker 1 .*SIGKILL"),
        (
            {"train 1": "reporter.tell('failed', type='refused', message='no such clip'); time.sleep(9)"},
            ValueError,
            "no such clip",
        ),
    ],
    ids=["differs", "killed", "refused"],
)
def test_failures_are_those_of_the_launchers(launched, options, kind, message):
    with pytest.raises(kind, match=message):
        launched(options)


def test_a_lost_worker_is_started_again(launched, tmp_path):
    die_once = f"mark = Path({str(tmp_path)!r}, 'died'); first = not mark.exists(); mark.touch(); "
    die_once += "first and os.kill(os.getpid(), signal.SIGKILL)"
    outcome = launched({"train 1": die_once, "train": "result['resume'] = job.resume"}, max_restarts=1)
    assert outcome.result["resume"] is True


def test_a_ray_process_that_dies_ends_the_run_by_name(launched):
    kill_launcher = "index == 1 and os.kill(os.getppid(), signal.SIGKILL); time.sleep(1000)"
    with pytest.raises(WorkerLost, match=r"orker 1 \("):  # at once: the test has less time than its workers
        launched({"train": kill_launcher})


def test_without_room_the_cluster_is_described(local_ray, launched):
    occupied = ray.util.placement_group([{"CPU": 2}])
    try:
        assert occupied.wait(10)
        with pytest.raises(
            StartError, match=r"no room for 2 workers, each of which needs .*CPU.* Free are 0 processors"
        ):
            launched(start_timeout=2)
    finally:
        ray.util.remove_placement_group(occupied)


TWO_MACHINES = """
import json, sys
import ray
from ray.cluster_utils import Cluster
from videoqa.config import LaunchConfig
from videoqa.launching.job import Job
from videoqa.launching.ray_runner import launch_on_ray
from videoqa.launching.stopping import StopRequest

given = json.loads(sys.argv[1])

class Decide:
    def __call__(self, job):
        return {"out": given["out"]}

cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 3})
cluster.add_node(num_cpus=1)
ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
job = Job((), {"train": given["train"]}, LaunchConfig(), progress=False)
outcome = launch_on_ray(job, decide=Decide(), stop=StopRequest(), command=given["command"])
ray.shutdown()
cluster.shutdown()
print(json.dumps(outcome.result))
"""


def test_each_machine_of_a_cluster_has_one_worker(tmp_path, worker_command):
    given = {"out": str(tmp_path / "out"), "train": TF_CONFIG, "command": list(worker_command)}
    command = [sys.executable, "-c", TWO_MACHINES, json.dumps(given)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    tf_config = json.loads(json.loads(done.stdout.splitlines()[-1])["tf_config"])
    assert len(set(tf_config["cluster"]["worker"])) == 2


STOPPED = """
import json, os, signal, sys
from videoqa.config import LaunchConfig
from videoqa.launching.job import Job
from videoqa.launching.messages import Deadlines
from videoqa.launching.ray_runner import launch_on_ray
from videoqa.launching.stopping import graceful_stop

given = json.loads(sys.argv[1])
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background

class Decide:
    def __call__(self, job):
        return {"out": given["out"]}

with graceful_stop() as stop:
    outcome = launch_on_ray(
        Job((), {"train": given["train"]}, LaunchConfig(local_workers=2), progress=False),
        decide=Decide(), stop=stop, command=given["command"], deadlines=Deadlines(**given["deadlines"]),
    )
print(json.dumps([outcome.result, outcome.stopped_by, stop.signal]))
"""
TRAIN = """
Path({folder!r}, f"began-{{index}}").touch()
while reporter.stop_signal is None:
    time.sleep(0.05)
Path({folder!r}, f"saved-{{index}}").touch()
reporter.barrier("saved")
reporter.tell("stopped", signal=reporter.stop_signal, result={{"saved": True}})
reporter.wait_for_leave()
sys.exit()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_all_workers_save(local_ray, tmp_path, worker_command, quick, number):
    """SIGTERM on a cluster that is there; Ctrl-C with a Ray of the program's own, which must outlive it."""
    given = {
        "out": str(tmp_path / "out"),
        "train": TRAIN.format(folder=str(tmp_path)),
        "command": list(worker_command),
        "deadlines": asdict(quick),
    }
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    if number == signal.SIGTERM:
        environment["RAY_ADDRESS"] = ray.get_runtime_context().gcs_address
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPED, json.dumps(given)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    try:
        while not all((tmp_path / f"began-{index}").exists() for index in (0, 1)):
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as Ctrl-C in a terminal, which reaches the whole group
        else:
            process.send_signal(number)
        out, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0, errors
    assert json.loads(out) == [{"saved": True}, number, number]
    assert all((tmp_path / f"saved-{index}").exists() for index in (0, 1))
