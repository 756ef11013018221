# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A master is lost with its data, and create replaces it by a new member."""

from __future__ import annotations

from support.cluster import TestCluster
from support.kube import until
from support.losses import static_pods
from support.machines import MASTERS


def digests(cluster: TestCluster, master: str) -> str:
    """The digests of everything that a master's control plane and kubelet are configured by."""
    return cluster.machines(
        master, "sh", "-c",
        "find /etc/kubernetes /etc/csk /etc/keepalived /var/lib/kubelet/config.yaml -type f | sort | xargs sha256sum",
    )  # fmt: skip


def test_a_master_without_machine_and_data_is_replaced(healthy: TestCluster) -> None:
    cluster = healthy
    victim = cluster.machines.holder(cluster.record.endpoint)
    others = [name for name in MASTERS if name != victim]
    before = {name: (cluster.machines.state(name), digests(cluster, name)) for name in others}
    pods = static_pods(cluster, others)
    identity = cluster.machines.state(victim)[0]
    record = next(machine for machine in cluster.ledger.machines(cluster.name) if machine.name == victim)
    cluster.machines.remove(victim)

    check = cluster.create("--check").good()
    assert f"{victim}: replace the machine and join it." in check.text
    assert victim not in cluster.machines.names()
    again = cluster.create().good()
    assert sorted(again.changed) == ["localhost", f"{cluster.name}.{victim}"]
    until(lambda: cluster.kube.ready() == cluster.nodes, 60)
    cluster.whole()
    members = cluster.kube.etcd(others[0], "member", "list")["members"]
    assert sorted(member["name"] for member in members) == list(MASTERS)
    assert {name: (cluster.machines.state(name), digests(cluster, name)) for name in others} == before
    assert static_pods(cluster, others) == pods
    assert cluster.machines.state(victim)[0] != identity
    assert cluster.machines.address(victim) == record.address
    labels = cluster.kube.nodes()[victim]["metadata"]["labels"]
    assert labels["csk.dev/added-at"] == record.added_at.strftime("%Y%m%dT%H%M%SZ")
    assert "super-admin.conf" not in cluster.machines(victim, "ls", "/etc/kubernetes")
    cluster.load()  # for the tests that come after this one
