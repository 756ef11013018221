# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restoration brought back: what was there when the snapshot was taken, and nothing later."""

from __future__ import annotations

from support.cluster import OLD, TestCluster
from support.machines import MASTERS
from support.upgrades import SPACE, kubeadm_config


def test_what_was_written_later_is_gone(cluster: TestCluster) -> None:
    names = {item["metadata"]["name"] for item in cluster.kube.get("configmaps", "-n", SPACE)["items"]}
    assert {"deleted-later", "kept"} <= names
    assert "made-later" not in names


def test_it_is_a_whole_cluster_of_the_old_release(cluster: TestCluster) -> None:
    assert set(cluster.versions().values()) == {f"v{OLD}"}
    members = cluster.kube.etcd("master-1", "member", "list")["members"]
    assert sorted(member["name"] for member in members) == list(MASTERS)
    cluster.whole()


def test_what_a_person_set_is_still_there(cluster: TestCluster) -> None:
    assert kubeadm_config(cluster)["apiServer"]["extraArgs"] == [{"name": "profiling", "value": "false"}]
    for name in MASTERS:
        assert "--profiling=false" in cluster.machines(name, "cat", "/etc/kubernetes/manifests/kube-apiserver.yaml")
