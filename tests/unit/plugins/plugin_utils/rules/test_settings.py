# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may not change after a cluster's creation."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.models import Pool
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules import settings

OLD = {
    "cluster_type": "dedicated", "provider": "container", "container": {"data_root": "/var/lib/csk"}, "masters": 3,
    "network_plugin": "flannel", "flannel_backend": "vxlan", "proxy_mode": "iptables", "vpc_cidr": "172.30.0.0/24",
    "pod_cidr": "172.20.0.0/16", "service_cidr": "172.21.0.0/20", "endpoint_sans": [], "registry_mirrors": [],
    "proxy": None, "dns_servers": [], "zones": ["a", "b"], "deletion_protection": False, "tags": {},
}  # fmt: skip
IMMUTABLE = [key for key, setting in settings.CLUSTER.items() if setting.change == "never"]


def test_the_same_settings():
    assert settings.immutable_problems(OLD, OLD) == []


@pytest.mark.parametrize("key", IMMUTABLE)
def test_an_immutable_setting(key):
    (problem,) = settings.immutable_problems(OLD, OLD | {key: "another"})
    assert problem.where == f"csk_cluster.{key}"
    assert "immutable after creation" in problem.rule
    assert "'another'" in problem.what


@pytest.mark.parametrize("key", IMMUTABLE)
def test_a_file_that_does_not_say(key):
    assert settings.immutable_problems(OLD, OLD | {key: None}) == []


def test_the_options_of_a_provider_that_is_new_to_the_cluster_are_recorded_and_stay():
    new = OLD | {"far": {"uri": "a"}}
    cluster = SimpleNamespace(spec=OLD)
    assert settings.immutable_problems(OLD, new, own=["container", "far"]) == []
    assert settings.changed_settings(cluster, new, ["container", "far"]) == ["far"]
    cluster.spec = new
    assert settings.changed_settings(cluster, new, ["container", "far"]) == []
    (problem,) = settings.immutable_problems(new, OLD | {"far": {"uri": "b"}}, own=["container", "far"])
    assert problem.where == "csk_cluster.far"


@pytest.mark.parametrize(
    ("old", "new", "refused"),
    [
        (["a"], ["a"], False),
        (["a"], ["b"], False),
        (["a"], ["a", "b"], True),
        (["a", "b"], ["a"], True),
        (["a", "b"], ["b", "a", "c"], False),
        (["a", "b", "c"], ["a", "b"], False),
    ],
)
def test_zones(old, new, refused):
    found = settings.immutable_problems(OLD | {"zones": old}, OLD | {"zones": new})
    assert [problem.where for problem in found] == (["csk_cluster.zones"] if refused else [])


def test_all_at_once():
    assert len(settings.immutable_problems(OLD, OLD | {"masters": 5, "zones": ["a"], "pod_cidr": "10.0.0.0/8"})) == 3


@pytest.mark.parametrize(
    ("wanted", "right"),
    [("1.36", True), ("1.36.1", True), ("1.36.3", False), ("1.37", False), ("1.35", False), ("1.36.10", False)],
)
def test_create_never_changes_the_version(wanted, right):
    found = settings.version_problems("1.36.1", wanted)
    assert bool(found) != right
    if found:
        assert "csk.kubernetes.upgrade" in found[0].fix


@pytest.mark.parametrize(
    ("recorded", "said", "refused"),
    [
        ({}, None, False),  # recorded before pools had providers
        ({}, "container", False),
        ({"provider": None}, "container", False),
        ({"provider": None}, "ns.coll.far", True),
        ({}, "ns.coll.far", True),
        ({"provider": "ns.coll.far"}, "ns.coll.far", False),
        ({"provider": "ns.coll.far"}, None, True),
        ({"provider": "ns.coll.far"}, "container", True),
    ],
)
def test_a_pools_provider(recorded, said, refused):
    pool = {"state": "present", "instance": {}, "kubelet": {}, "provider": said}
    pool = settings.with_provider(pool, {"provider": "container"})
    found = settings.pool_problems(Pool("demo", "web", recorded), pool, "csk_nodepools[0]")
    assert [problem.where for problem in found] == (["csk_nodepools[0].provider"] if refused else [])
    assert settings.pool_problems(None, pool, "csk_nodepools[0]") == []


def test_whose_machines_a_pool_has():
    assert settings.provider_of({"provider": None}, OLD) == settings.provider_of({}, OLD) == "container"
    assert settings.provider_of({"provider": "ns.coll.far"}, OLD) == "ns.coll.far"
