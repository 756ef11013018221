# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pool grows and shrinks under a service that is asked all the time."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from support.asker import Asker
from support.cluster import TestCluster
from support.kube import disruption_budget, served

REPLICAS = 4
CREATED = ["default-1", "default-2", "master-1", "master-2", "master-3"]


def scale(cluster: TestCluster, size: int, *arguments: str, **pool: Any) -> Any:
    """Run scale for the cluster's file with another size of its pool."""
    file = copy.deepcopy(cluster.file)
    file["csk_nodepools"][0] |= {"desired_size": size, **pool}
    return cluster.playbooks.run("scale", *arguments, file=file)


@pytest.fixture
def service(healthy: TestCluster, namespace: str) -> str:
    """Where a service of some replicas, one at most of which may be away, is reached; it waits for ``roll_out``."""
    kube = healthy.kube
    kube.apply(*served(namespace, REPLICAS), disruption_budget(namespace, REPLICAS - 1))
    port = kube.get("service", "echo", "-n", namespace)["spec"]["ports"][0]["nodePort"]
    return f"{healthy.machines.address('master-1')}:{port}"


def test_a_pool_grows_and_shrinks(healthy: TestCluster, service: str, namespace: str) -> None:
    cluster, kube = healthy, healthy.kube
    before = cluster.machines.states()
    grown = scale(cluster, 5).good()
    assert set(grown.changed) == {"localhost", *(f"{cluster.name}.default-{n}" for n in (3, 4, 5))}
    assert {name: cluster.machines.state(name) for name in before} == before
    cluster.load()
    # Spread over all five workers, then asked by a client that keeps its connection and one that never does.
    kube("rollout", "restart", "deployment/echo", "-n", namespace)
    kube("rollout", "status", "deployment/echo", "-n", namespace, "--timeout=120s")
    with Asker(service, keep=True) as kept, Asker(service, keep=False) as fresh:
        planned = scale(cluster, 3, "--check").good()
        assert "default-3: drain and remove it (origin scale, oldest first" in planned.text
        assert len(kube.ready()) == 8
        scale(cluster, 3).good()
        assert kube.ready() == sorted([*CREATED, "default-5"])
    assert (kept.failed, fresh.failed) == ([], [])
    assert min(kept.answered, fresh.answered) > 100
    assert cluster.machines.names() == sorted([*CREATED, "default-5"])

    kube.apply(disruption_budget(namespace, REPLICAS))
    for _again in range(2):
        scale(cluster, 2, drain={"timeout": 3}).refused(
            "node default-5: can't be emptied", f"pod {namespace}/echo-", "The disruption budget echo needs 4", "Do:"
        )
        assert not [name for name, node in kube.nodes().items() if node["spec"].get("unschedulable")]

    cluster.machines.kill("default-5")
    kube.wait("node/default-5", "condition=Ready=Unknown")
    assert "default-5: start the machine" in cluster.playbooks.run("info", csk_name=cluster.name).good().text
    removed = scale(cluster, 2, drain={"timeout": 3}).good()
    assert "default-5" not in removed.changed
    assert kube.run("get", "node", "default-5").returncode != 0
    assert cluster.machines.names() == CREATED
    log = [line for line in cluster.ledger.operations(cluster.name) if line.action == "csk_nodepool default"]
    assert log[0].details["changes"][-1] == "default-5: removed by force; its machine is off."
    assert [line.result for line in log[:4]] == ["ok", "failed", "failed", "ok"]
    assert log[0].details["decisions"][0]["node"] == "default-5"


def test_what_goes_only_by_name(healthy: TestCluster) -> None:
    scale(healthy, 1).refused("csk_nodepools[0].desired_size", "default-1 (create), default-2 (create)", "Do:")
    scale(healthy, 2, nodes=["master-1"]).refused("csk_nodepools[0].nodes", "'master-1' isn't a worker of the pool")
    assert healthy.kube.ready() == CREATED


def test_a_pool_comes_and_goes(healthy: TestCluster) -> None:
    cluster, kube = healthy, healthy.kube

    shape, kubelet = {"cpus": 1.5, "memory": "1Gi", "max_pods": 64}, {"podPidsLimit": 512}

    def run(playbook: str, **pool: Any) -> Any:
        file = copy.deepcopy(cluster.file)
        file["csk_nodepools"].append(
            {"name": "extra", "zones": ["zone-b"], "labels": {"tier": "db"}, "instance": shape, "kubelet": kubelet}
            | pool
        )
        return cluster.playbooks.run(playbook, file=file)

    run("create", desired_size=1, unschedulable=True).good()
    allocatable = kube.nodes()["extra-1"]["status"]["allocatable"]
    assert [allocatable[key] for key in ("cpu", "memory", "pods")] == ["1500m", "1Gi", "64"]
    bounds = cluster.machines.api.inspect_container(f"{cluster.name}.extra-1")["HostConfig"]
    assert (bounds["NanoCpus"], bounds["Memory"]) == (1_500_000_000, 1 << 30)
    assert bounds["PidsLimit"] > 0
    configured = json.loads(kube("get", "--raw", "/api/v1/nodes/extra-1/proxy/configz"))["kubeletconfig"]
    assert configured["podPidsLimit"] == 512
    assert kube.nodes()["extra-1"]["spec"]["unschedulable"]
    run("scale", desired_size=1).good()
    assert "unschedulable" not in kube.nodes()["extra-1"]["spec"]
    run("scale", desired_size=1, instance=shape | {"cpus": 1.0}).refused("csk_nodepools[1].instance", "immutable")
    labels = kube.nodes()["extra-1"]["metadata"]["labels"]
    assert (labels["tier"], labels["topology.kubernetes.io/zone"]) == ("db", "zone-b")
    run("scale", desired_size=1, nodes=["extra-1"]).good()
    heir = kube.nodes()["extra-2"]["metadata"]["labels"]
    for key in ("csk.dev/origin", "csk.dev/added-at", "topology.kubernetes.io/zone", "tier"):
        assert heir[key] == labels[key]
    again = run("scale", desired_size=1, nodes=["extra-1"]).good()
    assert not again.changed, again.text
    run("create", state="absent").refused("csk_nodepools[1]", "would remove extra-2", "csk.kubernetes.scale")
    run("scale", state="absent").good()
    assert kube.ready() == cluster.machines.names() == CREATED
    assert [pool.name for pool in cluster.ledger.pools(cluster.name)] == ["default"]
    cluster.whole()
