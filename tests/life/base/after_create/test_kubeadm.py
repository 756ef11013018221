# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""It is an ordinary kubeadm cluster: its masters look like kubeadm's, and kubeadm works on it."""

from __future__ import annotations

import pytest
from support.cluster import TestCluster
from support.machines import MASTERS

ADMIN = ("env", "KUBECONFIG=/etc/kubernetes/admin.conf")
LABEL = "node-role.kubernetes.io/control-plane"


@pytest.mark.parametrize("master", MASTERS)
def test_a_master_is_marked(cluster: TestCluster, master: str) -> None:
    node = cluster.kube.nodes()[master]
    assert node["metadata"]["labels"][LABEL] == ""
    assert {"key": LABEL, "effect": "NoSchedule"} in node["spec"]["taints"]


@pytest.mark.parametrize("node", [*MASTERS, "default-1", "default-2"])
def test_a_kubelet_renews_its_certificate(cluster: TestCluster, node: str) -> None:
    text = cluster.machines(node, "cat", "/etc/kubernetes/kubelet.conf")
    assert "client-certificate: /var/lib/kubelet/pki/kubelet-client-current.pem" in text
    assert "client-certificate-data" not in text
    cluster.machines(node, "test", "-s", "/var/lib/kubelet/pki/kubelet-client-current.pem")


@pytest.mark.parametrize("node", [*MASTERS, "default-1", "default-2"])
def test_nothing_of_the_bootstrap_stays(cluster: TestCluster, node: str) -> None:
    found = cluster.machines(
        node, "find", "/etc/kubernetes/super-admin.conf", "/etc/kubernetes/bootstrap-kubelet.conf",
        "/etc/csk/kubeadm", "-type", "f", check=False,
    )  # fmt: skip
    files = [line for line in found.splitlines() if "No such file" not in line]
    assert files == []


def test_no_token_stays(cluster: TestCluster) -> None:
    tokens = cluster.kube.get("secrets", "-n", "kube-system", "--field-selector=type=bootstrap.kubernetes.io/token")
    assert tokens["items"] == []
    assert "token" not in cluster.ledger.secret_names(cluster.name)


def test_the_uploaded_configuration_can_be_inherited(cluster: TestCluster) -> None:
    uploaded = cluster.kube.get("configmap", "kubeadm-config", "-n", "kube-system")["data"]["ClusterConfiguration"]
    assert "initial-cluster" not in uploaded
    assert "imageTag" not in uploaded
    assert f"controlPlaneEndpoint: {cluster.record.endpoint}:6443" in uploaded


@pytest.mark.parametrize("master", MASTERS)
def test_certificates_can_be_checked(cluster: TestCluster, master: str) -> None:
    text = cluster.machines(master, "kubeadm", "certs", "check-expiration")
    for name in ("admin.conf", "apiserver", "etcd-peer", "front-proxy-client", "scheduler.conf"):
        assert name in text
    missing = [line.split()[1] for line in text.splitlines() if line.startswith("!MISSING!")]
    assert missing == ["super-admin.conf"]
    assert "invalid" not in text


def test_an_upgrade_can_be_planned(cluster: TestCluster) -> None:
    # With a version it asks nobody outside. It runs a Job in the cluster, as its check of the cluster's health.
    text = cluster.machines("master-1", *ADMIN, "kubeadm", "upgrade", "plan", "v1.36.3")
    assert "Cluster version: 1.36.3" in text
