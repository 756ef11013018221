# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a cluster file, each around its boundary."""

from __future__ import annotations

import copy
import ipaddress

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.render import pki
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules import spec
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import argspec

POOL = argspec.check({"name": "default", "desired_size": 2}, argspec.settings("csk_nodepool"), "csk_nodepool")[0]


@pytest.fixture(scope="module")
def valid():
    values = {"name": "demo", "version": "1.36", "zones": ["zone-a", "zone-b"]}
    cluster, problems = argspec.check(values, argspec.settings("csk_cluster"), "csk_cluster")
    assert problems == []
    return cluster


def wrong(valid, nodes=40, **settings):
    """Where a cluster with these settings is wrong."""
    return [problem.where for problem in spec.cluster_problems(copy.deepcopy(valid) | settings, nodes)]


def wrong_pools(*pools, zones=("zone-a", "zone-b"), masters=3, others=0):
    return [
        problem.where for problem in spec.pools_problems([POOL | pool for pool in pools], zones, masters, 40, others)
    ]


def test_the_defaults_are_right(valid):
    assert wrong(valid) == []
    assert wrong_pools({}) == []


@pytest.mark.parametrize("name", ["a", "demo", "demo-1", "a" * 30, "a1", "a--b"])
def test_a_name(valid, name):
    assert wrong(valid, name=name) == []


@pytest.mark.parametrize(
    "name", ["", "A", "Demo", "1demo", "-demo", "demo-", "de_mo", "de.mo", "a" * 31, "dé", "demo\n", "de mo", None, 5]
)
def test_a_bad_name(valid, name):
    assert wrong(valid, name=name) == ["csk_cluster.name"]


@pytest.mark.parametrize(("masters", "right"), [(1, False), (2, False), (3, True), (4, False), (5, True), (7, False)])
def test_masters(valid, masters, right):
    assert wrong(valid, masters=masters) == ([] if right else ["csk_cluster.masters"])


@pytest.mark.parametrize(
    ("zones", "number"),
    [
        (["a"], 0),
        (["a", "b", "c"], 0),
        ([], 1),
        (["a", "a"], 1),
        (["a", "b", "a", "b"], 2),
        (["A"], 1),
        (["a", "a", "B"], 2),
    ],
)
def test_zones(valid, zones, number):
    assert wrong(valid, zones=zones) == ["csk_cluster.zones"] * number


@pytest.mark.parametrize(
    ("key", "cidr", "right"),
    [
        ("pod_cidr", "172.20.0.0/16", True),
        ("pod_cidr", "10.0.0.0/8", True),
        ("pod_cidr", "172.20.0.0/17", True),  # 64 nodes of a /23
        ("pod_cidr", "172.20.0.0/18", False),  # 32 nodes, fewer than the quota
        ("pod_cidr", "172.20.0.0/23", False),
        ("pod_cidr", "172.20.0.0/24", False),
        ("pod_cidr", "172.20.0.1/16", False),  # host bits
        ("pod_cidr", "172.20.0.0/33", False),
        ("pod_cidr", "172.20.0.0", False),
        ("pod_cidr", "fd00::/48", False),
        ("pod_cidr", "pods", False),
        ("pod_cidr", "172.20.0.0/255.255.0.0", False),  # kubeadm doesn't read it
        ("pod_cidr", "172.20.0.0/0.0.255.255", False),
        ("pod_cidr", "172.20.0.0/016", False),
        ("pod_cidr", "172.020.0.0/16", False),
        ("pod_cidr", " 172.20.0.0/16", False),
        ("pod_cidr", "172.20.0.0/16\n", False),
        ("pod_cidr", "172.20.0.0 /16", False),
        ("pod_cidr", "::ffff:172.20.0.0/112", False),
        ("pod_cidr", "2886729728", False),
        ("pod_cidr", "", False),
        ("pod_cidr", "127.0.0.0/8", False),
        ("pod_cidr", "169.254.0.0/16", False),
        ("pod_cidr", "224.0.0.0/8", False),
        ("pod_cidr", "0.0.0.0/0", False),
        ("pod_cidr", "100.64.0.0/10", True),
        ("service_cidr", "172.21.0.0/255.255.240.0", False),
        ("vpc_cidr", "172.30.5.0/255.255.255.0", False),
        ("service_cidr", "172.16.0.0/12", False),  # overlaps the pods'
        ("service_cidr", "10.0.0.0/12", True),
        ("service_cidr", "10.0.0.0/11", False),
        ("service_cidr", "10.0.0.0/26", True),
        ("service_cidr", "10.0.0.0/27", False),
        ("vpc_cidr", "10.0.0.0/26", True),  # 64 addresses
        ("vpc_cidr", "10.0.0.0/27", False),
        ("vpc_cidr", "10.0.0.0/16", True),
    ],
)
def test_a_network_by_itself(valid, key, cidr, right):
    assert wrong(valid, **{key: cidr}) in ([[]] if right else [[f"csk_cluster.{key}"], ["csk_cluster.pod_cidr"]])


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"pod_cidr": "10.0.0.0/16", "service_cidr": "10.1.0.0/16"}, []),
        ({"pod_cidr": "10.0.0.0/16", "service_cidr": "10.0.240.0/20"}, ["csk_cluster.pod_cidr"]),
        ({"pod_cidr": "10.0.0.0/16", "service_cidr": "10.0.0.0/16"}, ["csk_cluster.pod_cidr"]),
        ({"vpc_cidr": "172.20.255.0/24"}, ["csk_cluster.vpc_cidr"]),
        ({"vpc_cidr": "172.21.15.0/24"}, ["csk_cluster.vpc_cidr"]),
        ({"vpc_cidr": "172.21.16.0/24"}, []),  # the first address after the services'
        ({"vpc_cidr": "172.19.255.0/24"}, []),  # the last ones before the pods'
        ({"vpc_cidr": "172.16.0.0/12"}, ["csk_cluster.vpc_cidr"] * 2),
    ],
)
def test_networks_that_overlap(valid, settings, where):
    assert wrong(valid, **settings) == where


def test_networks_that_overlap_what_is_there():
    own = {"csk_cluster.pod_cidr": ipaddress.IPv4Network("172.20.0.0/16")}
    others = {"the host's": ipaddress.IPv4Network("172.20.9.0/24"), "far": ipaddress.IPv4Network("10.0.0.0/8")}
    (problem,) = spec.overlap_problems(own, others)
    assert problem.where == "csk_cluster.pod_cidr"
    assert "the host's (172.20.9.0/24)" in problem.what


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"endpoint_sans": ["api.example", "10.0.0.1", "*.example"]}, []),
        ({"endpoint_sans": ["api example"]}, ["csk_cluster.endpoint_sans"]),
        ({"dns_servers": ["192.0.2.53", "192.0.2.300"]}, ["csk_cluster.dns_servers"]),
        ({"dns_servers": ["ns.example"]}, ["csk_cluster.dns_servers"]),
        (
            {"registry_mirrors": [{"registry": "docker.io/x", "endpoints": ["https://mirror:5000"]}]},
            ["csk_cluster.registry_mirrors[0].registry"],
        ),
        (
            {"registry_mirrors": [{"registry": "docker.io", "endpoints": ["mirror:5000", "http://m"]}]},
            ["csk_cluster.registry_mirrors[0].endpoints"],
        ),
        ({"proxy": {"http_proxy": "http://proxy:3128", "no_proxy": []}}, []),
        ({"proxy": {"http_proxy": "proxy:3128", "no_proxy": []}}, ["csk_cluster.proxy.http_proxy"]),
        ({"proxy": {"no_proxy": ['x"\nExecStartPre=/bin/sh']}}, ["csk_cluster.proxy.no_proxy"]),
        ({"proxy": {"no_proxy": [".example", "10.0.0.0/8", "*.example.org", "host:80"]}}, []),
        ({"endpoint_sans": ["host:6443", "a..b"]}, ["csk_cluster.endpoint_sans"] * 2),
        (
            {"registry_mirrors": [{"registry": "a", "endpoints": ["https://me:word@mirror"]}]},
            ["csk_cluster.registry_mirrors[0].endpoints"],
        ),
        (
            {"registry_mirrors": [{"registry": "a", "endpoints": ["https://m"]}, {"registry": "a", "endpoints": []}]},
            ["csk_cluster.registry_mirrors[1].registry", "csk_cluster.registry_mirrors[1].endpoints"],
        ),
        ({"proxy": {"https_proxy": "http://me:word@proxy:1", "no_proxy": []}}, ["csk_cluster.proxy.https_proxy"]),
        ({"proxy": {"no_proxy": ["10.0.0.0/255.0.0.0", "10.0.0.1/8", "a/b"]}}, ["csk_cluster.proxy.no_proxy"] * 3),
        ({"proxy": {"http_proxy": "http://proxy:70000", "no_proxy": []}}, ["csk_cluster.proxy.http_proxy"]),
        ({"proxy": {"http_proxy": "http://Proxy.Example:1", "no_proxy": []}}, []),
        ({"proxy": {"http_proxy": "http://-.-/", "no_proxy": []}}, ["csk_cluster.proxy.http_proxy"]),
        ({"proxy": {"http_proxy": "http://10.0.0.300:3128", "no_proxy": []}}, ["csk_cluster.proxy.http_proxy"]),
        ({"endpoint_sans": ["10.0.0.999", "010.0.0.1", "API.example"]}, ["csk_cluster.endpoint_sans"] * 3),
        ({"endpoint_sans": ["::ffff:10.0.0.1", "a" * 64, "\u0661.2.3.4"]}, ["csk_cluster.endpoint_sans"] * 3),
        ({"dns_servers": ["8.8.8.08", "127.0.0.53", "224.0.0.1", "::1", "8.8.8"]}, ["csk_cluster.dns_servers"] * 5),
        ({"registry_mirrors": [{"registry": "localhost:5000", "endpoints": ["http://10.0.0.1:5000/v2"]}]}, []),
        (
            {"registry_mirrors": [{"registry": "a:0", "endpoints": ["http://m:0", "http://m:70000"]}]},
            ["csk_cluster.registry_mirrors[0].registry"] + ["csk_cluster.registry_mirrors[0].endpoints"] * 2,
        ),
        (
            {"registry_mirrors": [{"registry": "a", "endpoints": ["https://m"], "ca": "/etc/ssl/ca.crt"}]},
            ["csk_cluster.registry_mirrors[0].ca"],
        ),
    ],
)
def test_what_ends_up_in_configuration_files(valid, settings, where):
    assert wrong(valid, **settings) == where


def test_a_mirrors_ca(valid):
    ca = pki.create_cas()["ca.crt"].decode()
    mirror = {"registry": "a", "endpoints": ["https://m"]}
    for text, right in ((ca, True), (ca + ca, True), (ca.replace("A", "B"), False), ("", False)):
        found = wrong(valid, registry_mirrors=[mirror | {"ca": text}])
        assert found == ([] if right else ["csk_cluster.registry_mirrors[0].ca"])


@pytest.mark.parametrize(
    ("pools", "where"),
    [
        ([{"desired_size": 1}], []),
        ([{"desired_size": 0}], ["csk_nodepools"]),
        ([{"desired_size": 0}, {"name": "b", "desired_size": 1}], []),
        ([], ["csk_nodepools"]),
        ([{"desired_size": -1}, {"name": "b", "desired_size": 2}], ["csk_nodepools[0].desired_size"]),
        ([{"desired_size": 37}], []),  # with three masters the quota of 40
        ([{"desired_size": 38}], ["csk_nodepools"]),
        ([{"desired_size": 30}, {"name": "b", "desired_size": 8}], ["csk_nodepools"]),
        ([{}, {}], ["csk_nodepools"]),
        ([{}, {}, {}], ["csk_nodepools"]),
        ([{"name": "master"}], ["csk_nodepools[0].name"]),
        ([{"name": "masters"}], []),
        ([{"name": "a" * 20}], []),
        ([{"name": "a" * 21}], ["csk_nodepools[0].name"]),
        ([{}, {"name": "B_1"}], ["csk_nodepools[1].name"]),
        ([{"zones": ["zone-a"]}], []),
        ([{"zones": ["zone-c", "zone-d"]}], ["csk_nodepools[0].zones"] * 2),
        ([{"zones": ["zone-a", "zone-a"]}], ["csk_nodepools[0].zones"]),
    ],
)
def test_pools(pools, where):
    assert wrong_pools(*pools) == where


def test_the_quota_counts_masters():
    assert wrong_pools({"desired_size": 35}, masters=5) == []
    assert wrong_pools({"desired_size": 36}, masters=5) == ["csk_nodepools"]


@pytest.mark.parametrize(
    ("key", "value", "number"),
    [
        ("tier", "web", 0),
        ("tier", "", 0),
        ("example.com/tier", "a.b_c-d", 0),
        ("a" * 63, "a" * 63, 0),
        ("a" * 64, "", 1),
        ("tier", "a" * 64, 1),
        ("tier", 5, 1),
        ("tier", True, 1),
        ("tier", "-web", 1),
        ("tier", "w b", 1),
        ("tier", "web\n", 1),
        ("/tier", "web", 1),
        ("a/b/c", "web", 1),
        ("Example.com/tier", "web", 1),
        ("csk.dev/nodepool", "x", 1),
        ("node-role.kubernetes.io/web", "", 1),
        ("sub.k8s.io/web", "", 1),
        ("", "", 1),
        ("a/b/c", "w b", 2),
    ],
)
def test_labels(key, value, number):
    assert wrong_pools({"labels": {key: value}}) == [f"csk_nodepools[0].labels.{key}"] * number


def test_taints():
    taint = {"key": "kind", "value": "batch", "effect": "NoSchedule"}
    assert wrong_pools({"taints": [taint, taint | {"effect": "NoExecute"}]}) == []
    assert wrong_pools({"taints": [taint, taint | {"value": "other"}]}) == ["csk_nodepools[0].taints[1]"]
    assert wrong_pools({"taints": [taint | {"value": "a b"}]}) == ["csk_nodepools[0].taints[0].kind"]


@pytest.mark.parametrize(("zones", "masters"), [(["zone-a"], 1), (["zone-b", "zone-a"], 2), (["zone-a", "zone-a"], 2)])
def test_every_problem_of_a_cluster_is_found_at_once(valid, zones, masters):
    found = wrong(valid, name="Demo", zones=zones, masters=masters, pod_cidr="172.20.0.0/18", dns_servers=["ns"])
    assert {"csk_cluster.name", "csk_cluster.masters", "csk_cluster.pod_cidr", "csk_cluster.dns_servers"} <= set(found)
    assert ("csk_cluster.zones" in found) == (len(set(zones)) < len(zones))


@pytest.mark.parametrize(
    ("cidr", "nodes"), [("172.20.0.0/18", 32), ("172.20.0.0/19", 16), ("172.20.0.0/23", 1), ("172.20.0.0/24", 1)]
)
def test_a_small_pod_network_is_told_how_many_nodes_it_holds(valid, cidr, nodes):
    (problem,) = spec.cluster_problems(valid | {"pod_cidr": cidr}, 40)
    assert f"holds {nodes} nodes" in problem.what
    assert "/17" in problem.fix


@pytest.mark.parametrize(
    ("key", "good"),
    [
        ("mycsk.dev/x", True),
        ("notk8s.io/x", True),
        ("node.kubernetes.io/x", False),
        ("k8s.io/x", False),
        ("csk.dev/x", False),
        ("a..b/x", False),
        ("a-.b/x", False),
        (f"{'a.' * 126}b/x", True),
        (f"{'a.' * 127}b/x", False),
    ],
)
def test_the_prefix_of_a_label(key, good):
    assert (spec.label_problems(key, "value", "labels") == []) is good


@pytest.mark.parametrize(
    ("nodes", "pod_cidr", "vpc_cidr", "where"),
    [
        (64, "172.20.0.0/17", "172.30.0.0/24", []),
        (65, "172.20.0.0/17", "172.30.0.0/24", ["csk_cluster.pod_cidr"]),
        (65, "172.20.0.0/16", "172.30.0.0/24", []),
        (244, "172.16.0.0/14", "172.30.0.0/24", []),
        (245, "172.16.0.0/14", "172.30.0.0/24", ["csk_cluster.vpc_cidr"]),
        (245, "172.16.0.0/14", "172.30.0.0/23", []),
    ],
)
def test_networks_hold_the_quota_of_nodes(valid, nodes, pod_cidr, vpc_cidr, where):
    cidrs = {"pod_cidr": pod_cidr, "vpc_cidr": vpc_cidr, "service_cidr": "10.96.0.0/16"}
    assert wrong(valid, nodes, **cidrs) == where


def test_workers_of_other_pools_count():
    assert wrong_pools({"desired_size": 37}) == []
    assert wrong_pools({"desired_size": 37}, others=1) == ["csk_nodepools"]
    assert wrong_pools({"desired_size": 0}) == ["csk_nodepools"]
    assert wrong_pools({"desired_size": 0}, others=1) == []
    assert wrong_pools({"state": "absent", "desired_size": None}, others=1) == []
    assert wrong_pools({"state": "absent", "desired_size": None}) == ["csk_nodepools"]
    assert wrong_pools({"desired_size": None}, others=1) == ["csk_nodepools[0].desired_size"]


@pytest.mark.parametrize(
    ("drain", "where"),
    [
        ({"timeout": 1, "grace_period": 0}, []),
        ({"timeout": 0}, ["csk_nodepools[0].drain.timeout"]),
        ({"grace_period": -1}, ["csk_nodepools[0].drain.grace_period"]),
    ],
)
def test_how_workers_are_emptied(drain, where):
    assert wrong_pools({"drain": POOL["drain"] | drain}) == where


@pytest.mark.parametrize(
    ("tags", "where"),
    [
        ({}, []),
        ({"team": "shop", "cost-centre": ""}, []),
        ({"a" * 63: "b" * 255}, []),
        ({"a" * 64: ""}, ["csk_cluster.tags." + "a" * 64]),
        ({"team": "b" * 256}, ["csk_cluster.tags.team"]),
        ({"": "x"}, ["csk_cluster.tags."]),
        ({"number": 7}, ["csk_cluster.tags.number"]),
        ({7: "seven"}, ["csk_cluster.tags.7"]),
    ],
)
def test_tags(valid, tags, where):
    assert wrong(valid, tags=tags) == where
