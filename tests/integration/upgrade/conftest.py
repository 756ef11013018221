# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster of 1.36 that is upgraded, under a service that is asked all the time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration.cluster.conftest import HOME, TestCluster, echo, playbooks
from integration.cluster.kube import disruption_budget, served
from integration.cluster.playbooks import Outcome, Playbooks, cluster_file

__all__ = ["echo", "playbooks"]
OLD, NEW = "1.36.3", "1.37.2"
NAME = "test-upgrade"
SPACE = "served"


def upgrade(
    cluster: TestCluster, *arguments: str, to: str = "1.37", options: dict[str, Any] | None = None, **variables: Any
) -> Outcome:
    """Run upgrade for the cluster's file."""
    file = cluster.file | ({"csk_upgrade_options": options} if options else {})
    return cluster.playbooks.run("upgrade", *arguments, file=file, csk_upgrade_to=to, **variables)


def versions(cluster: TestCluster) -> dict[str, str]:
    """Each Node's kubelet's version."""
    return {name: node["status"]["nodeInfo"]["kubeletVersion"] for name, node in cluster.kube.nodes().items()}


@pytest.fixture(scope="package")
def old(playbooks: Playbooks, echo: Path) -> Iterator[TestCluster]:
    """Three masters and two workers of the older release, with the test image, whose pool has settings of its own."""
    if not (HOME / "artifacts" / "releases" / NEW / "manifest.json").exists():
        pytest.fail(f"the release {NEW} isn't there: make test-home")
    file = cluster_file(NAME)
    file["csk_nodepools"][0] |= {
        "instance": {"max_pods": 64},
        "taints": [{"key": "tier", "value": "web", "effect": "PreferNoSchedule"}],
    }
    made = TestCluster(playbooks, file, echo)
    made.create().good()
    made.load()
    yield made
    made.delete().good()


@pytest.fixture(scope="package")
def service(old: TestCluster) -> str:
    """Where a service of two replicas on two nodes, one of which has to be there, is reached."""
    kube = old.kube
    kube("create", "namespace", SPACE)
    kube.until(lambda: kube.run("get", "serviceaccount", "default", "-n", SPACE).returncode == 0, 60)
    kube.apply(*served(SPACE, 2))
    for name in ("kept", "deleted-later"):
        kube("create", "configmap", name, "-n", SPACE)
    budget(old, 1)
    kube("rollout", "status", "deployment/echo", "-n", SPACE, "--timeout=120s")
    port = kube.get("service", "echo", "-n", SPACE)["spec"]["ports"][0]["nodePort"]
    return f"{old.machines.address('master-1')}:{port}"


def budget(cluster: TestCluster, least: int) -> None:
    """Say how many replicas have to be there; wait until that is known."""
    kube = cluster.kube
    kube.apply(disruption_budget(SPACE, least))

    def known() -> bool:
        found = kube.get("pdb", "echo", "-n", SPACE)
        status = found.get("status", {})
        return status.get("observedGeneration") == found["metadata"]["generation"]

    kube.until(known, 60)
