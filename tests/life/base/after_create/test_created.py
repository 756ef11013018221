# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What create said and made, and what a killed one left to the next."""

from __future__ import annotations

import json
import stat

from support.cluster import TestCluster

from life.story import Life


def test_check_before_showed_the_plan_and_made_nothing(life: Life) -> None:
    check = life.kept("check").good()
    assert f"cluster {life.cluster.name}: create it with Kubernetes 1.36.3, 3 masters" in check.text
    assert "pool default: create it with 2 workers" in check.text
    assert "+++" in check.text
    assert life.kept("left by check").text == ""


def test_a_second_run_was_refused_at_once(life: Life) -> None:
    refused = life.kept("refused").refused("another run works on this cluster", "pid", "wait until it has ended")
    assert "Make the workers' machines" not in refused.text


def test_what_a_killed_run_made_was_taken_up(life: Life) -> None:
    made = json.loads(life.kept("machines").text)
    assert sorted(made) == ["default-1", "default-2", "master-1", "master-2", "master-3"]


def test_create_ended_with_a_summary(life: Life) -> None:
    cluster, text = life.cluster, life.kept("create").text
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


def test_five_nodes_are_ready(cluster: TestCluster) -> None:
    nodes = cluster.kube.nodes()
    assert cluster.kube.ready() == ["default-1", "default-2", "master-1", "master-2", "master-3"]
    zones = [node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in nodes.values()]
    assert sorted(zones) == ["zone-a", "zone-a", "zone-b", "zone-b", "zone-c"]
    assert {node["status"]["nodeInfo"]["kubeletVersion"] for node in nodes.values()} == {"v1.36.3"}


def test_workers_have_what_their_pool_says(cluster: TestCluster) -> None:
    node = cluster.kube.nodes()["default-1"]
    labels = node["metadata"]["labels"]
    expected = {"tier": "web", "csk.dev/nodepool": "default", "csk.dev/origin": "create"}
    assert expected.items() <= labels.items()
    assert "csk.dev/added-at" in labels
    assert {"key": "tier", "value": "web", "effect": "PreferNoSchedule"} in node["spec"]["taints"]
    assert node["status"]["allocatable"]["pods"] == "64"


def test_the_endpoints_names_are_in_the_certificate(cluster: TestCluster) -> None:
    text = cluster.machines(
        "master-2", "openssl", "x509", "-noout", "-text", "-in", "/etc/kubernetes/pki/apiserver.crt"
    )
    assert "DNS:api.test-life.example" in text
    assert f"IP Address:{cluster.record.endpoint}" in text


def test_the_kubeconfig_is_the_users_alone(cluster: TestCluster) -> None:
    assert stat.S_IMODE(cluster.kubeconfig.stat().st_mode) == 0o600
    assert stat.S_IMODE(cluster.kubeconfig.parent.stat().st_mode) & 0o077 == 0
    assert cluster.kube("auth", "can-i", "*", "*").strip() == "yes"


def test_check_after_shows_no_difference(cluster: TestCluster) -> None:
    check = cluster.create("--check", "--diff").good()
    assert not check.changed
    assert "nothing to do" in check.text
    assert "+++" not in check.text


def test_info_shows_what_is_there(cluster: TestCluster) -> None:
    shown = cluster.playbooks.run("info", csk_name=cluster.name).good()
    assert "5 of 5 ready" in shown.text
    assert "differs" not in shown.text.partition("PLAY RECAP")[0]
    assert not shown.changed


def test_what_users_of_roles_look_at(life: Life) -> None:
    """Molecule's own verify, by the modules alone."""
    life.molecule("verify").good()
