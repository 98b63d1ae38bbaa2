"""Workers are reached without the proxy of the environment."""

import pytest

from videoqa.launching.cluster import Cluster
from videoqa.launching.proxies import without_proxy

CLUSTER = Cluster(("a:1", "a:2", "[::1]:3"), 0)


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
