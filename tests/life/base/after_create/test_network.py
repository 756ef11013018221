# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Node is Ready when its network works: one that boots isn't before flanneld has taken up its range again."""

from __future__ import annotations

import json
from typing import Any

from support.cluster import TestCluster

DAEMON_SET = ("daemonset", "kube-flannel-ds", "-n", "kube-flannel")


def said_of(cluster: TestCluster, node: str) -> tuple[str, str]:
    """A Node's condition Ready, and the kubelet's message."""
    conditions: Any = cluster.kube.nodes()[node]["status"]["conditions"]
    ready = next(condition for condition in conditions if condition["type"] == "Ready")
    return ready["status"], ready["message"]


def selects(cluster: TestCluster, node_selector: dict[str, str | None]) -> None:
    """Change which nodes flannel runs on."""
    patch = {"spec": {"template": {"spec": {"nodeSelector": node_selector}}}}
    cluster.kube("patch", *DAEMON_SET, "--type=merge", "--patch", json.dumps(patch))


def test_without_flannel_a_node_that_boots_is_not_ready(cluster: TestCluster) -> None:
    kube = cluster.kube
    selects(cluster, {"flannel": "here"})
    try:
        # Where it ran before, pods go on, and so does the Node.
        kube.until(lambda: not kube.pods("-n", "kube-flannel"), 60)
        assert said_of(cluster, "default-1")[0] == "True"
        cluster.machines.api.restart(f"{cluster.name}.default-1", timeout=20)
        kube.until(lambda: "cni plugin not initialized" in said_of(cluster, "default-1")[1], 120)
        assert said_of(cluster, "default-1")[0] == "False"
    finally:
        selects(cluster, {"flannel": None})
    kube.until(lambda: kube.ready() == cluster.nodes, 120)
    kube("rollout", "status", *DAEMON_SET, "--timeout=60s")
