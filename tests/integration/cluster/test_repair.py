# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was broken is said by plan and info, put right by create, and then there is nothing more to do."""

from __future__ import annotations

from .conftest import TestCluster
from .kube import pod, until


def test_many_things_broken_at_once(healthy: TestCluster) -> None:
    cluster, kube = healthy, healthy.kube
    kube("label", "node", "default-1", "tier-", "csk.dev/nodepool-")
    kube("taint", "node", "master-3", "node-role.kubernetes.io/control-plane-")
    kube("delete", "daemonset", "-n", "kube-flannel", "kube-flannel-ds")
    kube("delete", "deployment", "-n", "kube-system", "coredns")
    cluster.machines("master-2", "systemctl", "stop", "kubelet")
    cluster.machines.kill("default-2")
    said = (
        "default-1: set the labels csk.dev/nodepool, tier.",
        "master-3: set its taints.",
        "add-on flannel: install it, it is missing.",
        "add-on coredns: install it, it is missing.",
        "master-2: the kubelet doesn't answer: restart the kubelet.",
        "default-2: start the machine.",
    )
    planned = cluster.playbooks.run("plan", file=cluster.file).good()
    shown = cluster.playbooks.run("info", csk_name=cluster.name).good()
    for sentence in said:
        assert sentence in planned.text
        assert f"differs     {sentence}" in shown.text
    again = cluster.create().good()
    assert again.changed
    cluster.whole()
    labels = kube.nodes()["default-1"]["metadata"]["labels"]
    assert (labels["tier"], labels["csk.dev/nodepool"]) == ("web", "default")
    kube("rollout", "status", "deployment/coredns", "-n", "kube-system", "--timeout=60s")


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
