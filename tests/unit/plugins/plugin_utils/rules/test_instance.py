# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of a pool's machines: its bounds, what its host allows, and what it makes of a machine and a kubelet."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.machines import Capacity, Limits
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.models import Pool
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules import instance, settings
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import argspec

GIB = 1 << 30
HOST = Capacity(cpus=4, memory_bytes=8 * GIB)
NOTHING = {"cpus": None, "memory": None, "max_pods": None}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, None),
        ({"cpus": 0.5, "memory": "512Mi", "max_pods": 1}, None),
        ({"cpus": 64.0, "memory": "1Ti", "max_pods": 256}, None),
        ({"memory": "2G"}, None),
        ({"memory": "1073741824"}, None),
        ({"cpus": 0.49}, "cpus"),
        ({"cpus": 0.0}, "cpus"),
        ({"cpus": -1.0}, "cpus"),
        ({"memory": "511Mi"}, "memory"),
        ({"memory": "2 GB"}, "memory"),
        ({"memory": "much"}, "memory"),
        ({"memory": ""}, "memory"),
        ({"memory": "-2Gi"}, "memory"),
        ({"max_pods": 0}, "max_pods"),
        ({"max_pods": 257}, "max_pods"),
    ],
)
def test_a_shape_by_itself(given, wrong):
    found = instance.problems(NOTHING | given, "csk_nodepools[0].instance")
    assert [problem.where for problem in found] == ([f"csk_nodepools[0].instance.{wrong}"] if wrong else [])


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, []),
        ({"cpus": 4.0, "memory": "7Gi"}, []),
        ({"cpus": 4.1}, ["p.cpus"]),
        ({"memory": "8092Mi"}, []),
        ({"memory": "8093Mi"}, ["p.memory"]),  # what evictionHard holds back isn't there to be had
        ({"cpus": 5.0, "memory": "9Gi"}, ["p.cpus", "p.memory"]),
        ({"cpus": 5.0, "memory": "much"}, ["p.cpus"]),  # what is wrong by itself is told elsewhere
    ],
)
def test_a_shape_on_its_host(given, wrong):
    assert [problem.where for problem in instance.host_problems(NOTHING | given, HOST, "p")] == wrong


@pytest.mark.parametrize(
    ("pools", "told"),
    [
        ([(NOTHING, 30)], []),
        ([(NOTHING | {"cpus": 2.0, "memory": "4Gi"}, 2)], []),
        ([(NOTHING | {"cpus": 2.0}, 1), (NOTHING | {"cpus": 1.5}, 2)], ["5 cores together, their host has 4"]),
        ([(NOTHING | {"memory": "3Gi"}, 3)], ["offer pods 9216Mi of memory together, their host has 8192Mi."]),
    ],
)
def test_more_than_the_host_has_together(pools, told):
    found = instance.overcommit(pools, HOST, shared=False)
    assert len(found) == len(told)
    assert all(part in sentence for part, sentence in zip(told, found, strict=True))


def test_a_machine_without_a_shape_offers_all_of_its_host():
    assert instance.overcommit([(NOTHING, 1)], HOST, shared=True) == []
    (told,) = instance.overcommit([(NOTHING, 2), (NOTHING | {"memory": "1Gi"}, 1)], HOST, shared=True)
    assert "17408Mi of memory together, their host has 8192Mi (2 without instance.memory" in told


def test_what_a_machine_may_use():
    assert instance.limits(NOTHING) is None
    assert instance.limits({}) is None
    assert instance.limits(NOTHING | {"max_pods": 256}) is None
    assert instance.limits({"cpus": 1.5, "memory": "2Gi", "max_pods": 256}) == Limits(1.5, 2 * GIB, 2048 + 64 * 256)
    assert instance.limits(NOTHING | {"cpus": 1.0}) == Limits(1.0, None, 2048 + 64 * 110)


@pytest.mark.parametrize("cpus", [0.5, 1.0, 1.25, 4.0])
@pytest.mark.parametrize("memory", ["512Mi", "2Gi", "7Gi"])
def test_allocatable_equals_the_shape(cpus, memory):
    said = yaml.safe_load(
        instance.kubelet_config({"cpus": cpus, "memory": memory, "max_pods": 200}, {}, lambda: HOST, False)
    )
    reserved = said["systemReserved"]
    assert said["evictionHard"]["memory.available"] == "100Mi"
    assert HOST.cpus * 1000 - int(reserved["cpu"].removesuffix("m")) == cpus * 1000
    # The kubelet subtracts both (facts.md).
    allocatable = HOST.memory_bytes - int(reserved["memory"]) - 100 * (1 << 20)
    assert allocatable == instance.memory_bytes(memory)
    assert said["maxPods"] == 200


def test_a_disk_that_is_the_hosts_is_not_the_nodes_to_free():
    for shared, threshold in ((True, "0%"), (False, "15%")):
        said = yaml.safe_load(instance.kubelet_config(NOTHING | {"memory": "1Gi"}, {}, lambda: HOST, shared))
        assert said["evictionHard"]["imagefs.available"] == threshold
        assert said["evictionHard"]["memory.available"] == "100Mi"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2Gi", 2 << 30),
        ("1.5Gi", 3 << 29),
        ("2147483648", 1 << 31),
        ("2e9", 2_000_000_000),
        ("1M", 1_000_000),
        (" 2Gi", None),
        ("2Gi\n", None),
        ("2gb", None),
        ("2 Gi", None),
        ("2_000Mi", None),
        ("Infinity", None),
        ("NaN", None),
        ("٢Gi", None),
        ("", None),
    ],
)
def test_a_quantity(text, size):
    if size is None:
        with pytest.raises(ValueError, match="no quantity"):
            instance.memory_bytes(text)
        assert instance.problems(NOTHING | {"memory": text}, "i")
    else:
        assert instance.memory_bytes(text) == size


def test_a_kubelet_is_told_only_what_was_asked_for():
    def nobody() -> Capacity:
        raise AssertionError("the host is asked though it doesn't matter")

    def told(shape, **settings):
        text = instance.kubelet_config(shape, settings, nobody, shared=True)
        return text and {key: value for key, value in yaml.safe_load(text).items() if key not in ("apiVersion", "kind")}

    assert told(NOTHING) is None
    assert told({}, podPidsLimit=None) is None
    assert told({"max_pods": 64}) == {"maxPods": 64}
    assert told(NOTHING, podPidsLimit=512, allowedUnsafeSysctls=[]) == {"podPidsLimit": 512, "allowedUnsafeSysctls": []}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, None),
        ({"maxParallelImagePulls": 3}, None),  # of what it tells before it starts the kubelet itself is asked
        ({"containerLogMaxSize": "10Mi"}, None),
        ({"containerLogMaxSize": "ten"}, "containerLogMaxSize"),
        ({"containerLogMaxSize": "0"}, "containerLogMaxSize"),
        ({"allowedUnsafeSysctls": ["net.ipv4.tcp_syncookies", "kernel.sem", "kernel.msg*", "fs/mqueue/msg_max"]}, None),
        ({"allowedUnsafeSysctls": ["kernel.semaphore"]}, "allowedUnsafeSysctls"),
        ({"allowedUnsafeSysctls": ["vm.swappiness"]}, "allowedUnsafeSysctls"),
        ({"allowedUnsafeSysctls": ["net.*.all"]}, "allowedUnsafeSysctls"),
    ],
)
def test_what_a_kubelet_would_refuse_when_it_runs(given, wrong):
    every = argspec.settings("csk_nodepool")["kubelet"]["options"]
    found = instance.kubelet_problems(dict.fromkeys(every) | given, "p.kubelet")
    assert [problem.where for problem in found] == ([f"p.kubelet.{wrong}"] if wrong else [])


@pytest.mark.parametrize(
    ("cpus", "policy", "refused"),
    [(None, "none", False), (None, "static", True), (HOST.cpus, "static", True), (HOST.cpus - 0.5, "static", False)],
)
def test_cores_of_their_own_need_some_that_are_reserved(cpus, policy, refused):
    found = instance.reserved_problems({"cpus": cpus}, {"cpuManagerPolicy": policy}, lambda: HOST, "p.kubelet")
    assert [problem.where for problem in found] == (["p.kubelet.cpuManagerPolicy"] if refused else [])


@pytest.mark.parametrize(
    ("old", "new", "state", "refused"),
    [
        ({}, NOTHING, "present", False),
        ({"cpus": 2.0}, NOTHING | {"cpus": 2.0}, "present", False),
        ({"cpus": 2.0}, NOTHING | {"cpus": 3.0}, "present", True),
        ({"cpus": 2.0}, NOTHING, "present", True),
        ({}, NOTHING | {"max_pods": 256}, "present", True),
        ({"cpus": 2.0}, NOTHING, "absent", False),
    ],
)
def test_a_shape_is_immutable(old, new, state, refused):
    pool = {"name": "web", "state": state, "instance": new, "kubelet": {"podPidsLimit": None}, "provider": None}
    found = settings.pool_problems(Pool("demo", "web", {"instance": old}), pool, "csk_nodepools[0]")
    assert [problem.where for problem in found] == (["csk_nodepools[0].instance"] if refused else [])
    assert settings.pool_problems(None, pool, "csk_nodepools[0]") == []


def test_what_kubelets_are_told_is_immutable():
    pool = {"name": "web", "state": "present", "instance": {}, "kubelet": {"podPidsLimit": 512}, "provider": None}
    found = settings.pool_problems(Pool("demo", "web", {"kubelet": {"podPidsLimit": 256}}), pool, "p")
    assert [problem.where for problem in found] == ["p.kubelet"]
    assert settings.pool_problems(Pool("demo", "web", {"kubelet": {"podPidsLimit": 512}}), pool, "p") == []
