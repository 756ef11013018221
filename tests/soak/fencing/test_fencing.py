# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workers go whose kubelets can't be reached, or are silent, or whose pods come back: forced only when they are off."""

from __future__ import annotations

import copy
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.cluster import TestCluster
from support.kube import ECHO, disruption_budget, served, until, workload
from support.playbooks import Outcome, Playbooks, cluster_file, read_until

UNFENCED = "csk_test.machines.unfenced"
REPLICAS = 6
BLOCK = ("iptables", "-w", "-I", "INPUT", "-p", "tcp", "--dport", "10250", "-j", "DROP")


@pytest.fixture(scope="module")
def cluster(both: Playbooks, echo: Path) -> Iterator[TestCluster]:
    """Three masters, two workers, and one of a provider that can't stop machines."""
    file = cluster_file("test-fencing")
    file["csk_nodepools"].append({"name": "far", "desired_size": 1, "provider": UNFENCED})
    made = TestCluster(both, file, echo)
    made.create().good()
    made.load()
    yield made
    made.delete()


def asked(cluster: TestCluster, size: int, **far: Any) -> dict[str, Any]:
    """The cluster's file with another size of its pool ``default``."""
    file = copy.deepcopy(cluster.file)
    file["csk_nodepools"][0]["desired_size"] = size
    file["csk_nodepools"][1] |= far
    return file


def scale(cluster: TestCluster, size: int, *arguments: str, far: dict[str, Any] | None = None, **more: str) -> Outcome:
    """Run scale for the cluster's file with another size of its pool ``default``."""
    return cluster.playbooks.run("scale", *arguments, file=asked(cluster, size, **(far or {})), **more)


@pytest.fixture
def third(cluster: TestCluster) -> str:
    """A third worker, which goes when two are asked for."""
    scale(cluster, 3).good()
    cluster.load()
    return max(name for name in cluster.nodes if name.startswith("default"))


@dataclass
class Seen:
    """When things were over, in seconds since the epoch."""

    pods: dict[str, float] = field(default_factory=dict)  # by uid
    nodes: dict[str, float] = field(default_factory=dict)
    taints: set[str] = field(default_factory=set)
    machines: dict[str, float] = field(default_factory=dict)


@contextmanager
def watched(cluster: TestCluster, namespace: str) -> Iterator[Seen]:
    """Sees pods, Nodes and machines end, each by its own events."""
    import docker
    from kubernetes import watch

    seen, core = Seen(), cluster.kube.client()
    engine = docker.APIClient(timeout=600, version="auto")

    def pods() -> None:
        for event in watch.Watch().stream(core.list_namespaced_pod, namespace, timeout_seconds=600):
            if event["type"] == "DELETED":
                seen.pods[event["object"].metadata.uid] = time.time()

    def nodes() -> None:
        for event in watch.Watch().stream(core.list_node, timeout_seconds=600):
            node = event["object"]
            if event["type"] == "DELETED":
                seen.nodes[node.metadata.name] = time.time()
            seen.taints |= {f"{node.metadata.name}:{taint.key}" for taint in node.spec.taints or []}

    def machines() -> None:
        for event in engine.events(decode=True, filters={"event": "die", "type": "container"}):
            seen.machines.setdefault(event["Actor"]["Attributes"]["name"].rpartition(".")[2], event["timeNano"] / 1e9)

    for work in (pods, nodes, machines):
        threading.Thread(target=work, daemon=True).start()
    time.sleep(2)
    yield seen


def freeze(cluster: TestCluster, node: str) -> None:
    """Let a node's kubelet fall silent while its machine and its pods run on."""
    cluster.machines(node, "systemctl", "kill", "--signal=STOP", "kubelet")


def runs(cluster: TestCluster, node: str) -> bool:
    return bool(cluster.machines.api.inspect_container(f"{cluster.name}.{node}")["State"]["Running"])


@pytest.fixture
def spread(cluster: TestCluster, third: str, namespace: str) -> Callable[[], list[str]]:
    """A service whose replicas are on all workers of the pool; gives the names of those that are Ready."""
    kube = cluster.kube
    kube.apply(*served(namespace, REPLICAS), disruption_budget(namespace, REPLICAS))
    kube("rollout", "status", "deployment/echo", "-n", namespace, "--timeout=120s")
    on = {item["spec"]["nodeName"] for item in kube.pods("-n", namespace).values()}
    assert third in on, on

    def ready() -> list[str]:
        return [
            name
            for name, item in kube.pods("-n", namespace, "-l", "app=echo").items()
            if any(c["type"] == "Ready" and c["status"] == "True" for c in item["status"].get("conditions", []))
        ]

    return ready


def test_a_ready_worker_whose_port_is_blocked_is_drained(
    cluster: TestCluster, third: str, namespace: str, spread: Callable[[], list[str]], note: Callable[[str, str], None]
) -> None:
    """Nobody reaches its kubelet, which asks the API itself: so its pods are evicted, when the budget allows it."""
    kube = cluster.kube
    cluster.machines(third, *BLOCK)
    until(lambda: kube.run("get", "--raw", f"/api/v1/nodes/{third}/proxy/healthz").returncode != 0, 30)
    assert third in kube.ready()
    least = REPLICAS
    with watched(cluster, namespace) as seen, cluster.playbooks.started("scale", file=asked(cluster, 2)) as process:
        text = read_until(process, rf"drain {third}: \d+ pods left")
        for _second in range(30):
            least = min(least, len(spread()))
            time.sleep(1)
        assert (least, seen.pods, seen.nodes) == (REPLICAS, {}, {})
        assert runs(cluster, third)
        kube.apply(disruption_budget(namespace, REPLICAS - 1))
        rest, _nothing = process.communicate(timeout=300)
        outcome = Outcome(process.returncode, text + rest).good()
    assert f"{third} is removed" in outcome.text
    assert "by force" not in outcome.text
    # Its pods ended by themselves, then its machine, then its Node.
    assert seen.pods
    assert max(seen.pods.values()) < seen.machines[third] < seen.nodes[third]
    assert cluster.kube.ready() == cluster.nodes
    note("a Ready worker with port 10250 blocked", f"kept 30 s by its budget, then drained; {least} replicas at least")


def disk(namespace: str, name: str, node: str, **source: Any) -> list[dict[str, Any]]:
    """A StatefulSet of one pod with a volume, which likes a node best."""
    labels = {"name": f"{namespace}-{name}"}
    spec = {"capacity": {"storage": "1Mi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": labels["name"]}
    claim = {key: spec[key] for key in ("accessModes", "storageClassName")} | {"volumeName": labels["name"]}
    here = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    likes = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "preference": here}]}
    return [
        {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": labels,
         "spec": spec | source | {"persistentVolumeReclaimPolicy": "Retain"}},
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": namespace},
         "spec": claim | {"resources": {"requests": {"storage": "1Mi"}}}},
        workload("StatefulSet", name, namespace, "serve", serviceName=name, replicas=1, pod={
            "terminationGracePeriodSeconds": 30, "affinity": {"nodeAffinity": likes},
            "containers": [{"name": "echo", "image": ECHO, "args": ["serve"],
                            "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": name}}]}),
    ]  # fmt: skip


def attached(cluster: TestCluster, node: str) -> list[str]:
    """The VolumeAttachments of a node."""
    items = cluster.kube.get("volumeattachments")["items"]
    return [item["metadata"]["name"] for item in items if item["spec"]["nodeName"] == node]


def test_a_silent_worker_is_stopped_before_anything_of_it_is_forced(
    cluster: TestCluster, third: str, namespace: str, note: Callable[[str, str], None]
) -> None:
    """The pod's next one starts when the machine is off; a volume that its kubelet said to be in use is detached."""
    kube = cluster.kube
    driver = {"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": {"name": "csk.test"}, "spec": {}}
    kube.apply(
        driver,
        *disk(namespace, "db", third, hostPath={"path": "/var/lib/kubelet/csk-test"}),
        *disk(namespace, "san", third, csi={"driver": "csk.test", "volumeHandle": "1"}),
    )
    kube.wait("pod/db-0", "condition=Ready", "-n", namespace)
    # What the driver's attacher would do; the driver's part on the node isn't there, so that pod waits for its mount.
    (volume,) = until(lambda: attached(cluster, third), 60)
    kube(
        "patch",
        "volumeattachment",
        volume,
        "--subresource=status",
        "--type=merge",
        "-p",
        '{"status":{"attached":true}}',
    )
    until(lambda: kube.nodes()[third]["status"].get("volumesInUse"), 60)
    before = kube.pods("-n", namespace)["db-0"]
    assert before["spec"]["nodeName"] == third
    with watched(cluster, namespace) as seen:
        freeze(cluster, third)
        outcome = scale(cluster, 2).good()
        until(lambda: third in seen.nodes, 10)
    assert f"whether the API hears the kubelets of {third}" in outcome.text
    assert f"{third}: removed by force; its machine is off." in last_changes(cluster)
    assert seen.machines[third] < seen.pods[before["metadata"]["uid"]]
    assert seen.machines[third] < seen.nodes[third]
    assert f"{third}:node.kubernetes.io/out-of-service" in seen.taints
    assert attached(cluster, third) == []
    kube.wait("pod/db-0", "condition=Ready", "-n", namespace)
    after = kube.pods("-n", namespace)["db-0"]
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    kube("delete", "statefulset", "--all", "-n", namespace)
    note("a silent worker with two volumes", f"stopped, then forced; out after {outcome.seconds:.0f} s")


def last_changes(cluster: TestCluster) -> list[str]:
    """What the last removal did, by the ledger's log."""
    log = cluster.ledger.operations(cluster.name)
    return next(line.details["changes"] for line in log if any("removed" in c for c in line.details.get("changes", [])))


def test_a_pod_that_tolerates_everything_is_evicted_once(
    cluster: TestCluster, third: str, namespace: str, note: Callable[[str, str], None]
) -> None:
    kube = cluster.kube
    shape = {"nodeSelector": {"kubernetes.io/hostname": third}, "tolerations": [{"operator": "Exists"}]}
    kube.apply(
        workload("Deployment", "echo", namespace, "serve", replicas=1, pod=shape), disruption_budget(namespace, 1)
    )
    kube("rollout", "status", "deployment/echo", "-n", namespace, "--timeout=60s")
    refused = scale_with_timeout(cluster, 5).refused(
        f"node {third}: can't be emptied", f"pod {namespace}/echo-", "The disruption budget echo needs 1", "Do:"
    )
    assert len(set(re.findall(rf"pod {namespace}/(echo-\w+-\w+)", refused.text))) == 1
    assert third in kube.ready()
    assert "unschedulable" not in kube.nodes()[third]["spec"]
    kube("delete", "pdb", "echo", "-n", namespace)
    with watched(cluster, namespace) as seen:
        outcome = scale_with_timeout(cluster, 30).good()
    assert f"{third}: pod {namespace}/echo-" in outcome.text
    assert "ReplicaSet echo-" in outcome.text
    assert "it tolerates everything" in outcome.text
    assert len(seen.pods) <= 3
    assert outcome.seconds < 60
    note("a pod that tolerates everything", f"evicted {len(seen.pods)} times; out after {outcome.seconds:.0f} s")


def scale_with_timeout(cluster: TestCluster, seconds: int) -> Outcome:
    """Scale to two workers, with less time for the drain."""
    file = asked(cluster, 2)
    file["csk_nodepools"][0]["drain"] = {"timeout": seconds}
    return cluster.playbooks.run("scale", file=file)


def test_where_nobody_can_stop_a_machine_the_users_word_counts(
    cluster: TestCluster, namespace: str, note: Callable[[str, str], None]
) -> None:
    kube = cluster.kube
    shape = {"nodeSelector": {"kubernetes.io/hostname": "far-1"}}
    kube.apply(workload("StatefulSet", "db", namespace, "serve", serviceName="db", replicas=1, pod=shape))
    kube.wait("pod/db-0", "condition=Ready", "-n", namespace)
    before = kube.pods("-n", namespace)["db-0"]["metadata"]["uid"]
    freeze(cluster, "far-1")
    going = {"nodes": ["far-1"]}
    refused = scale(cluster, 2, far=going).refused(
        "node far-1: it can't be emptied", "its kubelet last renewed its Lease at", "csk_forget: [far-1]"
    )
    assert runs(cluster, "far-1")
    assert kube.pods("-n", namespace)["db-0"]["metadata"]["uid"] == before
    assert "unschedulable" not in kube.nodes()["far-1"]["spec"]
    # The word counts for the machine that is named.
    scale(cluster, 2, far=going, csk_forget="far-2").refused("csk_forget: [far-1]")
    said = scale(cluster, 2, far=going, csk_forget="far-1").good()
    assert "far-1: removed by force; its machine is off." in last_changes(cluster)
    assert kube.ready() == cluster.nodes
    assert "far-1" not in cluster.nodes
    note(
        "a silent worker that nobody can stop", f"refused in {refused.seconds:.0f} s; forgotten in {said.seconds:.0f} s"
    )
