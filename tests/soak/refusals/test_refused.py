# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong in a cluster file is said before anything is made, all of it at once."""

from __future__ import annotations

import copy
import os
from typing import Any

import pytest
from support.machines import Machines
from support.playbooks import Playbooks, cluster_file

NAME = "test-refused"
# what is changed in a valid file, and parts of the message
CLUSTER: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "unknown key": ({"flavour": "big"}, ("csk_cluster.flavour", "there is no such option")),
    "misspelt key": ({"pod_cird": "172.20.0.0/16"}, ("csk_cluster.pod_cird", "did you mean pod_cidr?")),
    "number": ({"version": 1.36}, ("csk_cluster.version", "float", 'version: "1.36"')),
    "name": ({"name": "Demo_1"}, ("csk_cluster.name", "'Demo_1'", "lower-case")),
    "version": ({"version": "1.99"}, ("csk_cluster.version", "'1.99' doesn't exist", "1.36")),
    "old version": ({"version": "1.34"}, ("csk_cluster.version", "1.34.4 may not be created", "1.36, 1.37")),
    "masters": ({"masters": 4}, ("csk_cluster.masters", "is 4", "3 or 5")),
    "overlap": ({"service_cidr": "172.20.16.0/20"}, ("csk_cluster.pod_cidr", "overlaps", "csk_cluster.service_cidr")),
    "vpc overlap": ({"vpc_cidr": "172.21.1.0/24"}, ("csk_cluster.vpc_cidr", "overlaps", "csk_cluster.service_cidr")),
    "too few pods": ({"pod_cidr": "172.20.0.0/18"}, ("csk_cluster.pod_cidr", "32 nodes", "/17")),
    "no network": ({"pod_cidr": "172.20.0.1/16"}, ("csk_cluster.pod_cidr", "host bits set")),
    "netmask": ({"pod_cidr": "172.20.0.0/255.255.0.0"}, ("csk_cluster.pod_cidr", "isn't written as 172.20.0.0/16")),
    "number as a name": ({"zones": ["zone-a", 1.10]}, ("csk_cluster.zones[1]", "is the float 1.1", "in quotes")),
    "zones twice": ({"zones": ["zone-a", "zone-b", "zone-a"]}, ("csk_cluster.zones", "zone-a is there twice")),
    "cluster type": ({"cluster_type": "managed"}, ("csk_cluster", "cluster_type", "dedicated")),
}
POOL: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "foreign zone": ({"zones": ["zone-x"]}, ("csk_nodepools[0].zones", "zone-x", "csk_cluster.zones")),
    "zone twice": ({"zones": ["zone-a", "zone-a"]}, ("csk_nodepools[0].zones", "zone-a is there twice")),
    "no worker": ({"desired_size": 0}, ("csk_nodepools", "at least one worker")),
    "quota": ({"desired_size": 38}, ("csk_nodepools", "38 workers beside 3 masters", "40 nodes")),
    "reserved": ({"name": "master"}, ("csk_nodepools[0].name", "master is reserved")),
    "label": ({"labels": {"csk.dev/mine": "1"}}, ("csk_nodepools[0].labels.csk.dev/mine", "reserved prefix")),
    "too many pods": ({"instance": {"max_pods": 257}}, ("csk_nodepools[0].instance.max_pods", "256", "fixed")),
    "too large": ({"instance": {"cpus": 999, "memory": "900Gi"}}, ("instance.cpus", "instance.memory", "the host has")),
    "no quantity": ({"instance": {"memory": "2 GB"}}, ("csk_nodepools[0].instance.memory", "'2 GB'", "2Gi")),
    "drain": ({"drain": {"timeout": 0}}, ("csk_nodepools[0].drain.timeout", "is 0")),
    "unknown key of drain": ({"drain": {"time": 5}}, ("csk_nodepools[0].drain.time", "timeout")),
    "policy": ({"scale_in_policy": "random"}, ("csk_nodepools[0]", "scale_in_policy", "fifo, lifo")),
    "unknown key": ({"size": 3}, ("csk_nodepools[0].size", "there is no such option")),
}


# Every option has a bad value here: of a wrong type or choice, or else of a wrong content.
TYPES: dict[str, dict[str, Any]] = {
    "csk_cluster": {
        "cluster_type": "managed", "version": 1.36, "provider": "vm", "container": "x", "zones": {"a": 1},
        "masters": "three", "network_plugin": "calico", "flannel_backend": "ipip", "proxy_mode": "userspace",
        "endpoint_sans": {"a": 1},
        "registry_mirrors": "x", "proxy": "x", "dns_servers": {"a": 1}, "tags": "x", "deletion_protection": "maybe",
    },
    "csk_nodepools[0]": {
        "state": "gone", "desired_size": "many", "provider": "vm", "unschedulable": "maybe", "kubelet": "x",
        "scale_in_policy": "random", "nodes": {"a": 1}, "drain": "x", "instance": "x", "zones": {"a": 1}, "labels": "x",
        "taints": "x",
    },
}  # fmt: skip
VALUES: dict[str, dict[str, Any]] = {
    "csk_cluster": {
        "name": "Demo_1", "version": "1.99", "container": {"data_root": "data"}, "zones": ["Zone A"], "masters": 4,
        "vpc_cidr": "172.30.0.1/24", "pod_cidr": "172.20.0.1/16", "service_cidr": "172.21.0.1/20",
        "endpoint_sans": ["not a name"], "registry_mirrors": [{"registry": "x y", "endpoints": ["ftp://x"]}],
        "proxy": {"https_proxy": "x y"}, "dns_servers": ["one"],
    },
    "csk_nodepools[0]": {
        "name": "Pool_1", "desired_size": -1, "drain": {"timeout": 0}, "instance": {"memory": "2 GB"},
        "zones": ["zone-x"], "kubelet": {"containerLogMaxSize": "ten"}, "labels": {"a b": "c"},
        "taints": [{"key": "a b", "effect": "NoSchedule"}],
    },
}  # fmt: skip


def nothing_made(playbooks: Playbooks, name: str = NAME) -> None:
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import Ledger

    assert Machines(name).left() == []
    assert Ledger.open(str(playbooks.home)).cluster(name) is None
    assert not (playbooks.home / "clusters" / name).exists()


def plan_refuses(playbooks: Playbooks, file: dict[str, Any], parts: tuple[str, ...], **more: Any) -> None:
    playbooks.run("plan", file=file, **more).refused(*parts, "Rule:", "Do:")


@pytest.mark.parametrize("case", CLUSTER)
def test_a_wrong_cluster(playbooks: Playbooks, case: str) -> None:
    settings, parts = CLUSTER[case]
    plan_refuses(playbooks, cluster_file(NAME) | {"csk_cluster": cluster_file(NAME)["csk_cluster"] | settings}, parts)


@pytest.mark.parametrize("case", POOL)
def test_a_wrong_pool(playbooks: Playbooks, case: str) -> None:
    settings, parts = POOL[case]
    file = cluster_file(NAME)
    file["csk_nodepools"][0] |= settings
    plan_refuses(playbooks, file, parts)


@pytest.mark.parametrize("bad", [TYPES, VALUES], ids=["types", "values"])
def test_every_option_is_refused_by_its_name(playbooks: Playbooks, bad: dict[str, dict[str, Any]]) -> None:
    file = cluster_file(NAME)
    file["csk_cluster"] |= bad["csk_cluster"]
    file["csk_nodepools"][0] |= bad["csk_nodepools[0]"]
    playbooks.run("create", file=file).refused(*(f"{place}.{name}" for place in bad for name in bad[place]))
    nothing_made(playbooks)


def test_every_option_has_a_bad_value() -> None:
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import argspec

    for place, module in (("csk_cluster", "csk_cluster"), ("csk_nodepools[0]", "csk_nodepool")):
        assert set(TYPES[place]) | set(VALUES[place]) == set(argspec.settings(module))


def test_a_number_where_text_is_meant(playbooks: Playbooks) -> None:
    refused = playbooks.run("plan", file={"csk_name": NAME, "csk_upgrade_to": 1.40})
    refused.refused("csk_upgrade_to: is the float 1.4.", 'write it in quotes: csk_upgrade_to: "1.4"')
    playbooks.run("load_image", file={"csk_name": NAME, "csk_image": 1.2}).refused("csk_image: is the float 1.2.")


def test_a_misspelt_variable(playbooks: Playbooks) -> None:
    file = cluster_file(NAME)
    file["csk_nodepool"] = file.pop("csk_nodepools")
    plan_refuses(playbooks, file, ("csk_nodepool", "did you mean csk_nodepools?", "csk_nodepools: isn't there"))


def test_create_says_all_errors_at_once_and_makes_nothing(playbooks: Playbooks) -> None:
    file = cluster_file(NAME, masters=2, pod_cidr="172.20.0.0/20", zones=["zone-a", "zone-a"], version="1.35")
    file["csk_nodepools"].append(copy.deepcopy(file["csk_nodepools"][0]) | {"zones": ["zone-q"]})
    refused = playbooks.run("create", file=file).refused(
        "csk_cluster.masters", "csk_cluster.pod_cidr", "csk_cluster.zones", "csk_cluster.version", "1.35.4",
        "csk_nodepools: default is there twice", "csk_nodepools[1].zones",
    )  # fmt: skip
    assert "changed=0" in refused.text
    nothing_made(playbooks)


@pytest.mark.parametrize(
    ("engine", "parts"),
    [
        ("unix:///nowhere/docker.sock", ("Docker Engine at unix:///nowhere/docker.sock: it doesn't answer",)),
        ("tcp://127.0.0.1:2375", ("tcp://127.0.0.1:2375", "local")),
    ],
)
def test_no_engine(playbooks: Playbooks, engine: str, parts: tuple[str, ...]) -> None:
    env = {"DOCKER_HOST": engine}
    refused = playbooks.run("create", file=cluster_file(NAME), env=env).refused(*parts, "Rule:", "Do:")
    assert "problems:" not in refused.text  # said once
    nothing_made(playbooks)


def test_a_release_that_is_not_there(playbooks: Playbooks, tmp_path: Any) -> None:
    file = cluster_file(NAME, version="1.36.1")
    if (playbooks.home / "artifacts" / "releases" / "1.36.1").exists():
        pytest.skip("the artifacts of 1.36.1 are there")
    playbooks.run("create", file=file).refused("1.36.1", "Do:")
    nothing_made(playbooks)


def test_immutable_settings(cluster: Any) -> None:
    before = cluster.machines.states()
    file = copy.deepcopy(cluster.file)
    file["csk_cluster"] |= {"pod_cidr": "10.200.0.0/16", "zones": ["zone-a"], "masters": 5, "version": "1.37"}
    cluster.playbooks.run("create", file=file).refused(
        "csk_cluster.pod_cidr", "csk_cluster.zones", "csk_cluster.masters", "immutable after creation",
        "csk_cluster.version", "csk.kubernetes.upgrade",
    )  # fmt: skip
    assert cluster.machines.states() == before


def test_fewer_workers(cluster: Any) -> None:
    file = copy.deepcopy(cluster.file)
    file["csk_nodepools"][0]["desired_size"] = 1
    cluster.playbooks.run("create", file=file).refused(
        "csk_nodepools[0].desired_size", "these 2 stay", "default-1 (create)"
    )
    assert len(cluster.kube.ready()) == 5


def test_delete_asks_for_the_name(cluster: Any) -> None:
    cluster.playbooks.run("delete", csk_name=cluster.name).refused("csk_confirm", f"csk_confirm={cluster.name}")
    cluster.playbooks.run("delete", csk_name=cluster.name, csk_confirm="test").refused("csk_confirm", "'test'")
    assert len(cluster.kube.ready()) == 5


def test_a_name_of_a_foreign_cluster(cluster: Any, tmp_path: Any) -> None:
    """A cluster of another csk_home is never touched, whatever its name."""
    (tmp_path / "artifacts").symlink_to(cluster.playbooks.home / "artifacts")
    env = {"CSK_HOME": str(tmp_path)}
    cluster.playbooks.run("create", file=cluster.file, env=env).refused("csk_cluster.name", "isn't in this ledger")
    cluster.playbooks.run("delete", csk_name=cluster.name, csk_confirm=cluster.name, env=env).good()
    assert len(cluster.machines.names()) == 5
    assert os.listdir(tmp_path)
