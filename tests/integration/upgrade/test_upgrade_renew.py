# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The masters get new certificates, one after another, while the cluster is written to."""

from __future__ import annotations

from integration.cluster.conftest import TestCluster
from integration.cluster.kube import Writer
from integration.cluster.machines import MASTERS

CERTIFICATES = ("apiserver", "apiserver-kubelet-client", "apiserver-etcd-client", "front-proxy-client", "etcd/server")


def serials(cluster: TestCluster) -> set[str]:
    """The serial numbers of the masters' certificates, and of the one that each API server shows."""
    found = set()
    for node in MASTERS:
        files = " ".join(f"/etc/kubernetes/pki/{name}.crt" for name in CERTIFICATES)
        found |= set(cluster.machines(node, "sh", "-c", f"sha256sum {files}").split()[::2])
        found.add(cluster.machines(node, "sh", "-c", "cat /etc/kubernetes/scheduler.conf | sha256sum"))
        found.add(shown(cluster, node))
    return found


def shown(cluster: TestCluster, node: str) -> str:
    """The certificate that a master's API server shows."""
    import ssl

    return ssl.get_server_certificate((cluster.machines.address(node), 6443), timeout=10)


def test_certificates_are_renewed(old: TestCluster) -> None:
    cluster = old
    before = serials(cluster)
    planned = cluster.playbooks.run("renew", "--check", csk_name=cluster.name).good()
    assert planned.changed == {"localhost": 1}
    assert serials(cluster) == before
    with Writer(cluster.kube.client(), "renewal") as writer:
        cluster.playbooks.run("renew", csk_name=cluster.name).good()
    assert not serials(cluster) & before
    assert not writer.lost(cluster.kube.client())
    cluster.whole()


def test_an_unwell_master_is_told_before_anything_is_changed(old: TestCluster) -> None:
    cluster = old
    before = serials(cluster)
    cluster.machines("master-2", "systemctl", "stop", "kubelet")
    try:
        cluster.playbooks.run("renew", csk_name=cluster.name).refused("node master-2", "isn't well", "Do:")
    finally:
        cluster.machines("master-2", "systemctl", "start", "kubelet")
    assert serials(cluster) == before
    cluster.kube.until(lambda: cluster.kube.ready() == cluster.nodes, 60)
