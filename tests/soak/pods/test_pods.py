# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workers with as many pods as kubelet allows by itself, and as many as a pool may ask for."""

from __future__ import annotations

import copy
from collections.abc import Callable

from support.cluster import TestCluster
from support.kube import until, workload


def test_110_pods_on_one_worker(cluster: TestCluster, namespace: str) -> None:
    fill(cluster, namespace, "default-2", 110)


def test_256_pods_on_one_worker(healthy: TestCluster, note: Callable[[str, str], None]) -> None:
    cluster = healthy
    file = copy.deepcopy(cluster.file)
    file["csk_nodepools"].append({"name": "many", "desired_size": 1, "instance": {"max_pods": 256}})
    cluster.playbooks.run("scale", file=file).good()
    with cluster.kube.namespace("many") as namespace:
        fill(cluster, namespace, "many-1", 256)
    note("pods on one worker", "256")
    file["csk_nodepools"][1] = {"name": "many", "state": "absent"}
    cluster.playbooks.run("scale", file=file).good()
    cluster.whole()


def fill(cluster: TestCluster, namespace: str, node: str, most: int) -> None:
    """Run as many pods on a node as it takes, each with an address of its own."""
    kube = cluster.kube
    on_node = ("--all-namespaces", "--field-selector", f"spec.nodeName={node}")
    assert kube.nodes()[node]["status"]["allocatable"]["pods"] == str(most)

    def others() -> list[str]:
        """The namespaces of the pods there that no test made."""
        found = [p["metadata"]["namespace"] for p in kube.get("pods", *on_node)["items"]]
        return [] if any(name.startswith("test-") for name in found) else found

    there = len(until(others, 120))
    image = next(n for i in kube.nodes()[node]["status"]["images"] for n in i["names"] if "/pause:" in n)
    kube.apply(
        workload(
            "Deployment", "fill", namespace,
            container={"image": image, "args": []}, pod={"node": node}, replicas=most - there,
        )
    )  # fmt: skip
    kube("rollout", "status", "deployment/fill", "-n", namespace, "--timeout=600s", seconds=630)
    running = [p for p in kube.get("pods", *on_node)["items"] if p["status"]["phase"] == "Running"]
    assert len(running) == most
    addresses = {p["status"]["podIP"] for p in running if not p["spec"].get("hostNetwork")}
    assert len(addresses) == most - sum(bool(p["spec"].get("hostNetwork")) for p in running)
    kube("delete", "deployment", "fill", "-n", namespace)
    until(lambda: len(kube.get("pods", *on_node)["items"]) <= there, 300, 2)
