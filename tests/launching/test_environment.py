"""The environment of a worker process: its share of the GPUs, and no proxy between workers."""

import pytest

from videoqa.launching.cluster import Cluster
from videoqa.launching.environment import split_gpus, unused_gpus, visible_gpus, without_proxy

CLUSTER = Cluster(("a:1", "a:2", "[::1]:3"), 0)


@pytest.mark.parametrize(
    ("variable", "gpus"),
    [
        ("0,1", ["0", "1"]),
        ("3, GPU-8f,MIG-1", ["3", "GPU-8f", "MIG-1"]),
        ("0,-1,1", ["0"]),
        ("", []),
        ("-1", []),
        ("NoDevFiles", []),
    ],
)
def test_the_variable_says_which_are_visible(variable, gpus):
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": variable}) == gpus


def test_without_it_the_devices_are_counted(tmp_path):
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    assert visible_gpus({}, tmp_path) == ["0", "1"]


@pytest.mark.parametrize(
    ("gpus", "workers", "shares"),
    [
        (["0", "1", "2", "3"], 2, ["0,1", "2,3"]),
        (["0", "GPU-8f", "5"], 2, ["0", "GPU-8f"]),
        (["0"], 2, ["", ""]),
        ([], 3, ["", "", ""]),
    ],
)
def test_each_worker_has_as_many(gpus, workers, shares):
    assert split_gpus(gpus, workers) == shares


@pytest.mark.slow
def test_local_workers_get_their_share(launched, monkeypatch, tmp_path, capsys):
    code = f"Path({str(tmp_path)!r}, str(index)).write_text(os.environ['CUDA_VISIBLE_DEVICES'])"
    for variable, shares in (("4,7", ("4", "7")), ("4", ("", ""))):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", variable)
        launched({"train": code}, job={"progress": True})
        assert tuple((tmp_path / name).read_text() for name in ("0", "1")) == shares
        assert ("fewer than the 2 workers" in capsys.readouterr().err) == (variable == "4")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, {"no_proxy": "a,::1", "NO_PROXY": "a,::1", "no_grpc_proxy": "a,::1"}),
        (
            {"NO_PROXY": "inner, a"},
            {"no_proxy": "inner,a,::1", "NO_PROXY": "inner,a,::1", "no_grpc_proxy": "a,::1"},
        ),
        ({"no_proxy": "*", "no_grpc_proxy": "b"}, {"no_grpc_proxy": "b,a,::1"}),
    ],
)
def test_the_hosts_of_the_workers_are_excepted(environment, expected):
    assert without_proxy(environment, CLUSTER) == expected


def test_unused_ones_are_said_with_what_uses_them():
    assert unused_gpus(2, 1, "single") == (
        "2 GPUs visible, 1 used: add --strategy mirrored (with 'conv_lstm': --strategy multiworker "
        "--averaging-frequency K)."
    )
    assert unused_gpus(4, 2, "multiworker") == "4 GPUs visible, 2 used."
    assert unused_gpus(2, 2, "mirrored") == unused_gpus(0, 0, "single") == ""
