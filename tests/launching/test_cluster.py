"""Which processes train together, from flags, `TF_CONFIG` and Slurm."""

import json
import socket

import pytest

from videoqa.launching.cluster import Cluster, expand_nodes, find_cluster, host_and_port, local_cluster

TWO = ("a:2222", "b:2223")


def tf_config(cluster: dict, role: str = "worker", index: object = 0) -> dict[str, str]:
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": role, "index": index}})}


def test_nobody_names_a_cluster():
    assert find_cluster({}) is None
    assert find_cluster({"TF_CONFIG": " "}) is None
    assert find_cluster({"SLURM_NTASKS": "1", "SLURM_PROCID": "0"}) is None
    assert find_cluster(tf_config({})) is None


def test_flags_come_before_the_environment():
    cluster = find_cluster(tf_config({"worker": ["c:1"]}), TWO, 1)
    assert cluster == Cluster(TWO, 1, "flags") and not cluster.is_chief


def test_tf_config_is_understood_and_given_on():
    cluster = find_cluster(tf_config({"worker": TWO}, index="1"))
    assert (cluster.workers, cluster.index, cluster.source) == (TWO, 1, "TF_CONFIG")
    assert find_cluster({"TF_CONFIG": cluster.tf_config()}) == cluster


@pytest.mark.parametrize(("role", "index", "place"), [("chief", 0, 0), ("worker", 0, 1), ("worker", 1, 2)])
def test_the_chief_is_worker_0(role, index, place):
    cluster = find_cluster(tf_config({"chief": ["c:1"], "worker": ["a:2", "b:3"]}, role, index))
    assert (cluster.workers, cluster.index) == (("c:1", "a:2", "b:3"), place)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "`TF_CONFIG` must be JSON such as .* Cause: "),
        ("[1]", "`TF_CONFIG` must be JSON such as"),
        ('{"cluster": {"worker": "a:1"}}', "`TF_CONFIG` must be JSON.*worker is no list of addresses"),
        ('{"cluster": {"worker": ["a:1", 5]}}', "worker is no list of addresses"),
        ('{"cluster": {"worker": ["a"]}}', "`workers` must be addresses such as host:2222.*'a'"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"index": "x"}}', "`TF_CONFIG` must be JSON such as"),
        ('{"cluster": {"worker": ["a:1"], "ps": ["b:1"]}}', "roles chief and worker only.*'ps'"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "evaluator"}}', "'evaluator'"),
        ('{"cluster": {"chief": ["a:1", "b:1"]}, "task": {"type": "chief"}}', "have one chief"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"index": 1}}', "`worker_index` must be from 0 to 0"),
    ],
)
def test_a_wrong_tf_config_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        find_cluster({"TF_CONFIG": text})


@pytest.mark.parametrize(
    ("workers", "index", "message"),
    [
        (TWO, None, "`workers` must come with worker_index"),
        ((), 0, "`workers` must come with worker_index"),
        (TWO, 2, "`worker_index` must be from 0 to 1"),
        (TWO, -1, "`worker_index` must be from 0 to 1"),
        (("a:1", "a:1"), 0, "`workers` must be different addresses.*'a:1'"),
        (("a", "b:1"), 0, "`workers` must be addresses such as host:2222.*'a'"),
        (("a:0",), 0, "host:2222.*'a:0'"),
        (("a:65536",), 0, "host:2222"),
    ],
)
def test_wrong_flags_are_refused(workers, index, message):
    with pytest.raises(ValueError, match=message):
        find_cluster({}, workers, index)


def test_local_workers_get_free_ports():
    clusters = local_cluster(3)
    assert [cluster.index for cluster in clusters] == [0, 1, 2]
    assert len({cluster.workers for cluster in clusters}) == 1
    for address in clusters[0].workers:
        socket.create_server(host_and_port(address)).close()


def test_names_for_messages():
    assert Cluster(TWO, 0).name(1) == "worker 1 (b:2223)"
    assert Cluster(TWO[:1], 0).name(0) == "the worker"


def test_addresses():
    assert host_and_port("node-1.local:22") == ("node-1.local", 22)
    assert host_and_port("[::1]:22") == ("::1", 22)


def test_slurm_tasks_become_workers():
    environment = {
        "SLURM_NTASKS": "3",
        "SLURM_PROCID": "2",
        "SLURM_STEP_NODELIST": "gpu[08-09]",
        "SLURM_STEP_TASKS_PER_NODE": "2,1",
        "SLURM_JOB_ID": "1005",
    }
    cluster = find_cluster(environment)
    assert cluster == Cluster(("gpu08:29405", "gpu08:29406", "gpu09:29405"), 2, "Slurm")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("one", ["one"]),
        ("one,two", ["one", "two"]),
        ("gpu[01-03,7],login", ["gpu01", "gpu02", "gpu03", "gpu7", "login"]),
        ("a[1-2]-ib", ["a1-ib", "a2-ib"]),
    ],
)
def test_slurm_node_lists(text, names):
    assert expand_nodes(text) == names
