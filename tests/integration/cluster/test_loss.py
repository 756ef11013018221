# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A master is lost: the API goes on at the same address, nothing acknowledged is lost, and create puts it back."""

from __future__ import annotations

from collections.abc import Callable

from .conftest import TestCluster
from .kube import Writer, until
from .machines import MASTERS

# The API is back within a few seconds (soak measures them); on a busy machine a test must not fail by that.
PATIENCE = 30


def static_pods(cluster: TestCluster, masters: list[str]) -> dict[str, tuple[str, int]]:
    """What tells that a master's static pods are the same ones, never restarted."""
    pods = cluster.kube.pods("-n", "kube-system", "-l", "tier=control-plane")
    return {
        name: (item["metadata"]["uid"], item["status"]["containerStatuses"][0]["restartCount"])
        for name, item in pods.items()
        if item["spec"]["nodeName"] in masters
    }


def digests(cluster: TestCluster, master: str) -> str:
    """The digests of everything that a master's control plane and kubelet are configured by."""
    return cluster.machines(
        master, "sh", "-c",
        "find /etc/kubernetes /etc/csk /etc/keepalived /var/lib/kubelet/config.yaml -type f | sort | xargs sha256sum",
    )  # fmt: skip


def lose(cluster: TestCluster, victim: str, how: Callable[[str], None], prefix: str) -> float:
    """Lose a master while writes go on, and read them all back from each master that remains.

    :returns: the longest time without an acknowledged write, in seconds.
    """
    with Writer(cluster.kube.client(), prefix) as writer:
        how(victim)
        writer.more(20, PATIENCE)
    for master in MASTERS:
        if master != victim:
            server = f"https://{cluster.machines.address(master)}:6443"
            assert writer.lost(cluster.kube.client(server)) == [], master
    return writer.longest


def test_the_holder_of_the_endpoint_is_killed(
    healthy: TestCluster, record_property: Callable[[str, object], None]
) -> None:
    cluster = healthy
    endpoint = cluster.record.endpoint
    victim = cluster.machines.holder(endpoint)
    others = [name for name in cluster.nodes if name != victim]
    before = {name: cluster.machines.state(name) for name in others}
    pods = static_pods(cluster, others)
    seconds = lose(cluster, victim, cluster.machines.kill, "killed")
    record_property("seconds without an acknowledged write", round(seconds, 1))
    print(f"\nholder killed: {seconds:.1f} s without an acknowledged write")
    assert cluster.machines.holder(endpoint, without=victim) in others

    again = cluster.create().good()
    assert f"{victim}: start the machine." in again.text
    assert [host for host in again.changed if host != "localhost"] == []
    cluster.whole()
    assert {name: cluster.machines.state(name) for name in others} == before
    assert static_pods(cluster, others) == pods


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
