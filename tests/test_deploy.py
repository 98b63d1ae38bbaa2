"""What `deploy/` gives to cluster managers: its shell runs here, and its commands are ours."""

import configparser
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from videoqa.cli.flags import typed_options
from videoqa.cli.main import build_parser
from videoqa.config import LaunchConfig, ServeConfig, TrainingConfig
from videoqa.launching.cluster import find_cluster

SHOW = """#!/bin/sh
printf '%s\\n' "${TF_CONFIG:-}" "$(basename "$0") $*"
exit ${CODE:-0}
"""
"""A program in the place of one of the cluster: it prints TF_CONFIG and the words it was called with."""


@pytest.fixture
def deploy(checkout) -> Path:
    return checkout / "deploy"


@pytest.fixture
def run_with(tmp_path):
    """Return a function that runs a command where the named programs only show how they were called."""

    def run(*command: str, programs: tuple[str, ...], expect: int = 0, **environment: str) -> list[str]:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        for name in programs:
            (folder / name).write_text(SHOW)
            (folder / name).chmod(0o755)
        path = {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(
            command, env={**path, **environment}, capture_output=True, text=True, cwd=tmp_path
        )
        assert (done.returncode, done.stderr) == (expect, "")
        return done.stdout.splitlines()

    return run


def options_of(line: str) -> dict[str, object]:
    """Return what our own parser makes of a `videoqa-train` command line."""
    program, *words = shlex.split(line)
    assert program == "videoqa-train"
    arguments = build_parser().parse_args(["train", *words])
    options = typed_options(arguments, (LaunchConfig, TrainingConfig))
    return {**options, "resume": arguments.resume, "out": arguments.out}


@pytest.fixture
def job(deploy) -> dict:
    """The Job of kubernetes.yaml, whose Service must be the one its pods name."""
    service, job = yaml.safe_load_all((deploy / "kubernetes.yaml").read_text())
    assert (service["kind"], job["kind"], job["spec"]["completionMode"]) == ("Service", "Job", "Indexed")
    assert service["spec"]["clusterIP"] == "None"
    assert service["metadata"]["name"] == job["spec"]["template"]["spec"]["subdomain"]
    assert service["spec"]["selector"] == {"job-name": job["metadata"]["name"]}
    return job


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_pod_finds_its_place_in_the_cluster(job, run_with, tmp_path, index):
    (container,) = job["spec"]["template"]["spec"]["containers"]
    places = {"NUM_WORKERS": "3", "JOB_COMPLETION_INDEX": str(index), "OUT": str(tmp_path / "out")}
    command = [*container["command"], *container["args"]]
    tf_config, line = run_with(*command, programs=("videoqa-train",), **places)
    cluster = find_cluster({"TF_CONFIG": tf_config})
    assert cluster.workers == tuple(f"videoqa-train-{place}.videoqa-train:2222" for place in range(3))
    assert (cluster.index, cluster.source) == (index, "TF_CONFIG")
    options = options_of(line)
    assert (options["strategy"], options["resume"]) == ("multiworker", False)


def test_a_pod_that_comes_back_goes_on_from_the_checkpoint(job, run_with, tmp_path):
    (container,) = job["spec"]["template"]["spec"]["containers"]
    (tmp_path / "out" / "checkpoints" / "step-200").mkdir(parents=True)
    places = {"NUM_WORKERS": "2", "JOB_COMPLETION_INDEX": "0", "OUT": str(tmp_path / "out")}
    _, line = run_with(*container["command"], *container["args"], programs=("videoqa-train",), **places)
    assert options_of(line)["resume"] is True


def test_the_parts_of_the_job_agree(job):
    spec = job["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    values = {each["name"]: each["value"] for each in container["env"]}
    assert int(values["NUM_WORKERS"]) == spec["completions"] == spec["parallelism"] == 2
    assert container["ports"] == [{"containerPort": 2222}]
    name = f"{job['metadata']['name']}-$index.{spec['template']['spec']['subdomain']}:2222"
    assert name in container["args"][0]
    codes = {
        rule["action"]: rule["onExitCodes"]["values"]
        for rule in spec["podFailurePolicy"]["rules"]
        if "onExitCodes" in rule
    }
    assert codes == {"Ignore": [143], "FailJob": [2]}


def test_the_slurm_script_is_shell(deploy):
    subprocess.run(["bash", "-n", str(deploy / "slurm.sh")], check=True)
    comments = re.findall(r"(?m)^#SBATCH --([a-z-]+)", (deploy / "slurm.sh").read_text())
    assert {"nodes", "ntasks-per-node", "signal", "requeue"} <= set(comments)


@pytest.mark.parametrize("resumed", [False, True])
def test_slurm_starts_our_command(deploy, run_with, tmp_path, resumed):
    if resumed:
        (tmp_path / "out" / "checkpoints" / "step-200").mkdir(parents=True)
    _, line = run_with("bash", str(deploy / "slurm.sh"), programs=("srun",), OUT=str(tmp_path / "out"))
    options = options_of(line.removeprefix("srun --kill-on-bad-exit=0 "))
    assert options["strategy"] == "multiworker"
    assert (options["resume"], options["out"]) == (resumed, str(tmp_path / "out"))


def test_a_stopped_slurm_job_goes_back_into_the_queue(deploy, run_with):
    words = {"CODE": "143", "SLURM_JOB_ID": "77"}
    lines = run_with("bash", str(deploy / "slurm.sh"), programs=("srun", "scontrol"), expect=143, **words)
    assert lines[-1] == "scontrol requeue 77"
    lines = run_with("bash", str(deploy / "slurm.sh"), programs=("srun", "scontrol"), expect=2, CODE="2")
    assert "scontrol" not in lines[-1]


@pytest.fixture
def instructions(deploy) -> list[list[str]]:
    """The Dockerfile's instructions as words."""
    text = re.sub(r"(?m)^#.*\n", "", (deploy / "Dockerfile").read_text()).replace("\\\n", " ")
    return [line.split() for line in text.splitlines() if line]


def test_the_image_holds_what_an_installation_needs_and_the_context_has_it(checkout, instructions):
    copied = [word for name, *words in instructions if name == "COPY" for word in words[:-1]]
    assert all((checkout / path).exists() for path in copied)
    assert {"setup.cfg", "pyproject.toml", "videoqa", "data_specs", "README.md", "LICENSE"} == set(copied)
    kept = re.findall(r"(?m)^!(.+)$", (checkout / ".dockerignore").read_text())
    assert set(kept) == set(copied)


def test_the_image_runs_one_of_our_programs_as_an_ordinary_user(checkout, instructions):
    setup = configparser.ConfigParser()
    setup.read(checkout / "setup.cfg")
    programs = re.findall(r"(?m)^(\S+) =", setup["options.entry_points"]["console_scripts"])
    named = {name: words for name, *words in instructions}
    assert shlex.split(" ".join(named["ENTRYPOINT"]).strip("[]"))[0] in programs
    assert named["USER"] != ["root"]
    assert f"VIDEOQA_HOME={named['VOLUME'][0]}" in named["ENV"]
    python = named["FROM"][0].removeprefix("python:").removesuffix("-slim")
    assert f"Programming Language :: Python :: {python}" in setup["metadata"]["classifiers"]


VARIANTS = [("", "/source"), ("gpu", "/source[gpu]"), ("web", "/source[web]")]


@pytest.mark.parametrize(("extra", "target"), VARIANTS)
def test_each_variant_installs_what_setup_cfg_calls_so(checkout, instructions, run_with, extra, target):
    setup = configparser.ConfigParser()
    setup.read(checkout / "setup.cfg")
    assert extra in ("", *setup["options.extras_require"])
    (line,) = (" ".join(words) for name, *words in instructions if name == "RUN" and words[0] == "pip")
    lines = run_with("sh", "-c", line.partition("&&")[0], programs=("pip",), EXTRA=extra)
    assert lines[-1] == f"pip install --no-cache-dir {target}"


@pytest.fixture
def services(deploy) -> dict[str, dict]:
    """The services of compose.yaml by name."""
    return yaml.safe_load((deploy / "compose.yaml").read_text())["services"]


@pytest.fixture
def nginx(deploy) -> str:
    """The text of nginx.conf without comments."""
    return re.sub(r"(?m)\s*#.*$", "", (deploy / "nginx.conf").read_text())


def test_nginx_and_compose_name_the_same_instances(services, nginx):
    instances = {name for name, service in services.items() if "videoqa" in service["image"]}
    assert len(instances) == 2 and set(services) == {*instances, "nginx"}
    port = typed_options(build_parser().parse_args(["serve"]), (ServeConfig,)).get("port", ServeConfig().port)
    assert set(re.findall(r"server (\S+) max_fails", nginx)) == {f"{name}:{port}" for name in instances}
    assert set(services["nginx"]["depends_on"]) == instances
    (mapping,) = services["nginx"]["ports"]
    assert mapping.startswith("127.0.0.1:") and f"listen {mapping.rpartition(':')[2]};" in nginx
    (mounted,) = services["nginx"]["volumes"]
    assert mounted == "./nginx.conf:/etc/nginx/nginx.conf:ro"


def test_each_instance_is_our_command_and_takes_what_nginx_lets_through(services, nginx, instructions):
    (volume,) = next(words for name, *words in instructions if name == "VOLUME")
    (limit,) = re.findall(r"client_max_body_size (\d+);", nginx)
    (wait,) = re.findall(r"proxy_read_timeout (\d+)s;\s*}", nginx)
    for name in ("videoqa-1", "videoqa-2"):
        service = services[name]
        options = typed_options(build_parser().parse_args(service["command"]), (ServeConfig,))
        config = ServeConfig(**options)
        assert config.max_clip_bytes == ServeConfig().max_clip_bytes == int(limit)
        assert config.clip_seconds < int(wait)
        assert config.cache == volume and service["volumes"] == [f"features:{volume}"]
        assert service["build"]["args"] == {"EXTRA": "web"}
        assert service["networks"] == ["inside"] and "ports" not in service


def test_nothing_of_compose_is_writable_that_need_not_be(services, deploy):
    for service in services.values():
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
        assert [each.partition(":")[0] for each in service["tmpfs"]] == ["/tmp"]
    conf = (deploy / "nginx.conf").read_text()
    written = re.findall(r"(?m)^\s*(?:pid|\w+_temp_path) (\S+);", conf)
    assert len(written) == 6 and all(path.startswith("/tmp/") for path in written)
