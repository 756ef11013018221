# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an upgrade leaves: the target everywhere, what people set as it was, and nothing of its own."""

from __future__ import annotations

from support.cluster import HOME, NEW, TestCluster
from support.machines import MASTERS
from support.upgrades import kubeadm_config


def test_the_ledger_has_the_target(cluster: TestCluster) -> None:
    record = cluster.record
    assert (record.version, record.upgrade_to) == (NEW, None)
    assert {machine.version for machine in cluster.ledger.machines(cluster.name)} == {NEW}


def test_what_a_person_set_is_still_there(cluster: TestCluster) -> None:
    config = kubeadm_config(cluster)
    assert config["kubernetesVersion"] == f"v{NEW}"
    assert config["apiServer"]["extraArgs"] == [{"name": "profiling", "value": "false"}]
    for name in MASTERS:
        assert "--profiling=false" in cluster.machines(name, "cat", "/etc/kubernetes/manifests/kube-apiserver.yaml")


def test_the_releases_images_run(cluster: TestCluster) -> None:
    images = {
        container["image"].rpartition("/")[2]
        for item in cluster.kube.get("pods", "-n", "kube-system")["items"]
        for container in item["spec"]["containers"]
    }
    assert images == {
        "etcd:3.7.0-0", "coredns:v1.14.6",
        *(f"kube-{name}:v{NEW}" for name in ("apiserver", "controller-manager", "scheduler", "proxy")),
    }  # fmt: skip


def test_the_nodes_are_as_before(cluster: TestCluster) -> None:
    for name, node in cluster.kube.nodes().items():
        assert "unschedulable" not in node["spec"]
        left = cluster.machines(
            name, "sh", "-c", "ls /etc/csk/kubeadm /var/lib/containerd/csk-release 2>&1", check=False
        )
        assert "upgrade.yaml" not in left
        assert "images" not in left
        assert NEW in cluster.machines(name, "cat", "/etc/csk/node-release")
        if name.startswith("default"):
            assert node["status"]["allocatable"]["pods"] == "64"
            assert node["metadata"]["labels"]["tier"] == "web"
            assert [taint["key"] for taint in node["spec"]["taints"]] == ["tier"]


def test_kubeadm_finds_an_ordinary_cluster(cluster: TestCluster) -> None:
    assert "Cluster version: 1.37.2" in cluster.machines("master-1", "kubeadm", "upgrade", "plan", NEW)


def test_a_snapshot_was_taken(cluster: TestCluster) -> None:
    snapshots = sorted((HOME / "snapshots").glob(f"{cluster.name}-*.db"))
    assert snapshots
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in snapshots)


def test_the_cluster_is_whole(cluster: TestCluster) -> None:
    cluster.whole()
