# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One thing after another is broken: plan says it, create puts it right, and then there is nothing more to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.cluster import TestCluster
from support.kube import pod, until
from support.playbooks import read_until

MASTER = "node-role.kubernetes.io/control-plane"


def kubectl(*arguments: str) -> Callable[[TestCluster], Any]:
    return lambda cluster: cluster.kube(*arguments)


def on(node: str, *command: str) -> Callable[[TestCluster], Any]:
    return lambda cluster: cluster.machines(node, *command)


BREAKS: dict[str, tuple[Callable[[TestCluster], Any], str]] = {
    "a pool's label": (kubectl("label", "node", "default-1", "tier-"), "default-1: set the labels tier."),
    "a pool's label changed": (
        kubectl("label", "node", "default-2", "tier=db", "--overwrite"),
        "default-2: set the labels tier.",
    ),
    "a zone": (kubectl("label", "node", "master-1", "topology.kubernetes.io/zone-"), "master-1: set the labels"),
    "a master's label": (kubectl("label", "node", "master-2", f"{MASTER}-"), f"master-2: set the labels {MASTER}."),
    "a master's taint": (kubectl("taint", "node", "master-3", f"{MASTER}-"), "master-3: set its taints."),
    "flannel": (kubectl("delete", "namespace", "kube-flannel"), "add-on flannel: install it"),
    "CoreDNS": (kubectl("delete", "deployment", "coredns", "-n", "kube-system"), "add-on coredns: install it"),
    "kube-proxy": (kubectl("delete", "daemonset", "kube-proxy", "-n", "kube-system"), "add-on kube-proxy: install it"),
    "the record": (
        kubectl("delete", "configmap", "csk-cluster", "-n", "kube-system"),
        "record of the cluster: write it.",
    ),
    "a worker's Node": (kubectl("delete", "node", "default-2"), "default-2: the Node is missing"),
    "a master's Node": (kubectl("delete", "node", "master-2"), "master-2: the Node is missing"),
    "a worker's kubelet": (on("default-1", "systemctl", "stop", "kubelet"), "default-1: the kubelet doesn't answer"),
    "a master's kubelet": (on("master-1", "systemctl", "stop", "kubelet"), "master-1: the kubelet doesn't answer"),
    "a worker's machine": (lambda cluster: cluster.machines.kill("default-2"), "default-2: start the machine."),
    "a master's machine": (lambda cluster: cluster.machines.kill("master-3"), "master-3: start the machine."),
    "a worker with its data": (lambda cluster: cluster.machines.remove("default-1"), "default-1: replace the machine"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_it_is_said_and_repaired(healthy: TestCluster, note: Callable[[str, str], None], what: str) -> None:
    broken, said = BREAKS[what]
    before = healthy.machines.states()
    broken(healthy)
    planned = healthy.playbooks.run("plan", file=healthy.file).good()
    assert said in planned.text
    again = healthy.create().good()
    assert again.changed
    note(f"broken: {what}", f"repaired in {again.seconds:.0f} s")
    healthy.whole()
    changed = [name for name, state in healthy.machines.states().items() if state != before[name]]
    assert all(name in said for name in changed), changed
    if "data" in what:
        healthy.load()


def test_a_deleted_node_registers_again(healthy: TestCluster) -> None:
    cluster = healthy
    running = cluster.kube.pods("-n", "kube-system", "-l", "k8s-app=kube-dns")
    node = next(item["spec"]["nodeName"] for item in running.values() if item["spec"]["nodeName"].startswith("default"))
    cluster.kube("delete", "node", node)
    assert f"{node}: the Node is missing" in cluster.create().good().text
    cluster.whole()
    assert cluster.kube.nodes()[node]["metadata"]["labels"]["tier"] == "web"
    # Its pods are reached from the other one, those that ran on it before too.
    other = next(name for name in ("default-1", "default-2") if name != node)
    with cluster.kube.namespace("test-registered-again") as namespace:
        cluster.kube.apply(pod("server", namespace, node, "serve"), pod("client", namespace, other, "serve"))
        cluster.kube.wait("pod", "condition=Ready", "--all", "-n", namespace)
        address = cluster.kube.pods("-n", namespace)["server"]["status"]["podIP"]
        asked = [f"http://{address}:8080/"]
        for item in cluster.kube.pods("-n", "kube-system", "-l", "k8s-app=kube-dns").values():
            asked.append(f"http://{item['status']['podIP']}:8080/health")
        for url in asked:
            ask = ("exec", "-n", namespace, "client", "--", "/bin/echo", "get", url)
            until(lambda ask=ask: cluster.kube.run(*ask).returncode == 0, 30)


def test_what_is_waited_for_is_told_with_its_cause(healthy: TestCluster) -> None:
    """A webhook on pods that fails closed and that nobody serves keeps CoreDNS from coming back."""
    cluster = healthy
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    hook = {
        "name": "gate.example.com", "rules": [rule], "sideEffects": "None", "admissionReviewVersions": ["v1"],
        "clientConfig": {"service": {"namespace": "default", "name": "gate"}},
    }  # fmt: skip
    kind = "ValidatingWebhookConfiguration"
    configuration = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": "gate"}}
    cluster.kube.apply(configuration | {"webhooks": [hook]})
    try:
        cluster.kube("delete", "pods", "-n", "kube-system", "-l", "k8s-app=kube-dns", "--wait=false")
        until(lambda: not cluster.kube.pods("-n", "kube-system", "-l", "k8s-app=kube-dns"), 60)
        with cluster.playbooks.started("create", file=cluster.file) as process:
            said = read_until(process, r"waiting: .*coredns isn't available .*gate\.example\.com")
            cluster.kube("delete", kind, "gate")
            # The controllers of a workload that may not make pods wait ever longer before they try again.
            cluster.kube("rollout", "restart", "deployment/coredns", "-n", "kube-system")
            process.communicate(timeout=300)
            assert process.returncode == 0, said
    finally:
        cluster.kube.run("delete", kind, "gate", "--ignore-not-found")
    cluster.whole()
