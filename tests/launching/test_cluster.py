"""Which processes train together, from flags, `TF_CONFIG` and Slurm."""

import json
import socket

import pytest

from videoqa.config import LaunchConfig
from videoqa.launching.cluster import Cluster, find_cluster, host_and_port, local_cluster
from videoqa.launching.slurm import expand_nodes

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
        ('{"cluster": {"worker": ["a:1"]}, "task": {"index": 1}}', "`TF_CONFIG` must .* index from 0 to 0"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"index": -1}}', "`TF_CONFIG` must .* index from 0 to 0"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"index": true}}', "index True is no whole number"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"index": 0.5}}', "index 0.5 is no whole number"),
        (
            '{"cluster": {"worker": ["a:1"]}, "task": {"type": "chief"}}',
            "`TF_CONFIG` must .* role among the cluster's",
        ),
        (
            '{"cluster": {"chief": ["a:1"], "worker": ["b:1"]}, "task": {"type": "chief", "index": 1}}',
            "0 to 0",
        ),
        ('{"cluster": {"worker": []}}', "`TF_CONFIG` must be JSON.*worker is an empty list"),
        ("[" * 100_000, "`TF_CONFIG` must be JSON such as"),
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
    expected = Cluster(("gpu08:29405", "gpu08:29406", "gpu09:29405"), 2, "Slurm")
    assert find_cluster(environment) == expected
    del environment["SLURM_STEP_TASKS_PER_NODE"]
    assert find_cluster({**environment, "SLURM_TASKS_PER_NODE": "2,1"}) == expected


SLURM = {"SLURM_NTASKS": "2", "SLURM_PROCID": "1", "SLURM_JOB_NODELIST": "a,b"}


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"SLURM_NTASKS": ""}, "`SLURM_NTASKS` must be an integer from 1"),
        ({"SLURM_NTASKS": "two"}, "`SLURM_NTASKS` must be an integer from 1"),
        ({"SLURM_PROCID": ""}, "`SLURM_PROCID` must be an integer from 0 to 1"),
        ({"SLURM_PROCID": "2"}, "`SLURM_PROCID` must be an integer from 0 to 1"),
        ({"SLURM_JOB_ID": "x"}, "`SLURM_JOB_ID` must be an integer"),
        ({"SLURM_JOB_NODELIST": ""}, "`SLURM_JOB_NODELIST` must name the nodes of the 2 tasks"),
        ({"SLURM_JOB_NODELIST": "r[a-b]"}, "`SLURM_JOB_NODELIST` must be a list of nodes"),
        ({"SLURM_JOB_NODELIST": "r[1-2]n[1-2]"}, "`SLURM_JOB_NODELIST` must be a list of nodes"),
        ({"SLURM_STEP_NODELIST": "r[2-1]"}, "`SLURM_STEP_NODELIST` must be a list of nodes"),
        ({"SLURM_STEP_NODELIST": "r[1-2"}, "`SLURM_STEP_NODELIST` must be a list of nodes"),
        ({"SLURM_STEP_NODELIST": "r[1-999999999]"}, "`SLURM_STEP_NODELIST` must be a list of nodes"),
        ({"SLURM_JOB_NODELIST": "a,b,c"}, "`SLURM_TASKS_PER_NODE` must name 2 tasks"),
        ({"SLURM_TASKS_PER_NODE": "2(x2)"}, "`SLURM_TASKS_PER_NODE` must name 2 tasks"),
        ({"SLURM_STEP_TASKS_PER_NODE": "2"}, "`SLURM_STEP_TASKS_PER_NODE` must name 2 tasks .* on 2 nodes"),
        ({"SLURM_STEP_TASKS_PER_NODE": "x"}, "`SLURM_STEP_TASKS_PER_NODE` must be counts"),
    ],
)
def test_slurm_variables_that_do_not_fit_are_refused(variables, message):
    assert find_cluster(SLURM).index == 1
    with pytest.raises(ValueError, match=message):
        find_cluster({**SLURM, **variables})


def test_ray_chooses_the_machines():
    with pytest.raises(ValueError, match="`runner` must come without workers and worker_index"):
        LaunchConfig(runner="ray", workers=TWO, worker_index=0)


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
