# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What create says and makes, and that it finds nothing more to do."""

from __future__ import annotations

import json
import stat

import pytest

from .conftest import TestCluster
from .playbooks import Outcome


def first(cluster: TestCluster, run: str) -> Outcome:
    """One of the runs that made the cluster."""
    if run not in cluster.outcomes:
        pytest.skip("the cluster was kept from an earlier run (CSK_TEST_KEEP)")
    return cluster.outcomes[run]


def test_check_before_shows_the_plan_and_makes_nothing(cluster: TestCluster) -> None:
    check = first(cluster, "check").good()
    assert f"cluster {cluster.name}: create it with Kubernetes 1.36.3, 3 masters" in check.text
    assert "pool default: create it with 2 workers" in check.text
    assert "+++" in check.text
    assert first(cluster, "left by check").text == ""


def test_five_nodes_are_ready(cluster: TestCluster) -> None:
    assert cluster.kube.ready() == ["default-1", "default-2", "master-1", "master-2", "master-3"]
    zones = [node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in cluster.kube.nodes().values()]
    assert sorted(zones) == ["zone-a", "zone-a", "zone-b", "zone-b", "zone-c"]
    assert {node["status"]["nodeInfo"]["kubeletVersion"] for node in cluster.kube.nodes().values()} == {"v1.36.3"}


def test_workers_carry_their_pools_labels(cluster: TestCluster) -> None:
    labels = cluster.kube.nodes()["default-1"]["metadata"]["labels"]
    expected = {"tier": "web", "csk.dev/nodepool": "default", "csk.dev/origin": "create"}
    assert expected.items() <= labels.items()
    assert "csk.dev/added-at" in labels


def test_the_kubeconfig_is_the_users_alone(cluster: TestCluster) -> None:
    assert stat.S_IMODE(cluster.kubeconfig.stat().st_mode) == 0o600
    assert stat.S_IMODE(cluster.kubeconfig.parent.stat().st_mode) & 0o077 == 0
    assert cluster.kube("auth", "can-i", "*", "*").strip() == "yes"


def test_create_ends_with_a_summary(cluster: TestCluster) -> None:
    text = first(cluster, "create").text
    for part in (
        f"https://{cluster.record.endpoint}:6443 (answers)",
        "5 of 5 ready",
        f"kubeconfig  {cluster.kubeconfig}",
        "s  in all",
        f"kubectl --kubeconfig {cluster.kubeconfig} get nodes",
        "csk.kubernetes.delete",
    ):
        assert part in text
    for node in cluster.nodes:
        assert node in text


def test_create_again_changes_nothing(cluster: TestCluster) -> None:
    before = cluster.machines.states()
    again = cluster.create().good()
    assert not again.changed, again.text
    assert cluster.machines.states() == before


def test_check_after_shows_no_difference(cluster: TestCluster) -> None:
    check = cluster.create("--check", "--diff").good()
    assert not check.changed
    assert "nothing to do" in check.text
    assert "+++" not in check.text


def test_a_change_of_labels_is_planned_then_made(cluster: TestCluster) -> None:
    changed = json.loads(json.dumps(cluster.file))
    changed["csk_nodepools"][0]["labels"] = {"tier": "web", "season": "autumn"}
    plan = cluster.playbooks.run("plan", file=changed).good()
    assert "pool default: change labels." in plan.text
    assert "season" not in cluster.kube.nodes()["default-1"]["metadata"]["labels"]
    assert cluster.playbooks.run("create", file=changed).good().changed
    for worker in ("default-1", "default-2"):
        assert cluster.kube.nodes()[worker]["metadata"]["labels"]["season"] == "autumn"
    cluster.create().good()
    assert "season" not in cluster.kube.nodes()["default-1"]["metadata"]["labels"]


def test_info_shows_what_is_there(cluster: TestCluster) -> None:
    shown = cluster.playbooks.run("info", csk_name=cluster.name).good()
    assert "5 of 5 ready" in shown.text
    assert "differs" not in shown.text.partition("PLAY RECAP")[0]
    assert not shown.changed
