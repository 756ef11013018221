# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody joins a master by kubeadm's own commands, and csk leaves it alone."""

from __future__ import annotations

from support import by_hand
from support.cluster import TestCluster
from support.machines import MASTERS


def test_a_master_joins_by_hand(cluster: TestCluster) -> None:
    run = cluster.machines
    before = {name: run.state(name) for name in cluster.nodes}
    key = run("master-1", "kubeadm", "init", "phase", "upload-certs", "--upload-certs").split()[-1]
    try:
        with by_hand.joined(cluster, "--control-plane", "--certificate-key", key) as name:
            assert len(cluster.kube.etcd("master-1", "endpoint", "health", "--cluster")) == 4
            info = cluster.playbooks.run("info", csk_name=cluster.name).good()
            assert f"not csk's   {name}" in info.text
            assert not cluster.create().good().changed
    finally:
        cluster.kube("delete", "secret", "-n", "kube-system", "kubeadm-certs", "--ignore-not-found")
    members = cluster.kube.etcd("master-1", "member", "list")["members"]
    assert sorted(member["name"] for member in members) == list(MASTERS)
    assert {name: run.state(name) for name in cluster.nodes} == before
