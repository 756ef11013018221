# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A master dies while another is renewed; the first master fails late; a worker fails beside another of its batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.cluster.conftest import TestCluster
from integration.cluster.playbooks import Outcome, Playbooks, cluster_file, read_until
from integration.upgrade.conftest import NEW, OLD, upgrade, versions
from integration.upgrade.test_upgrade import kubeadm_config

# Takes the scheduler away for good once kubeadm has written the target into the cluster, on the first master.
LATE = f"""
config() {{ kubectl --kubeconfig /etc/kubernetes/admin.conf -n kube-system get configmap kubeadm-config -o yaml; }}
until config | grep -q v{NEW}; do sleep 0.1; done
rm /etc/kubernetes/manifests/kube-scheduler.yaml
"""
# A kubelet that goes on running, and can't be started again.
DROP_IN = "/etc/systemd/system/kubelet.service.d/99-broken.conf"
BROKEN = f"printf '[Service]\\nExecStartPre=/bin/false\\n' > {DROP_IN}; systemctl daemon-reload"


@pytest.fixture(scope="module")
def three(playbooks: Playbooks, echo: Path) -> Iterator[TestCluster]:
    """A cluster of the older release with three workers."""
    file = cluster_file("test-failures")
    file["csk_nodepools"][0]["desired_size"] = 3
    made = TestCluster(playbooks, file, echo)
    made.create().good()
    yield made
    made.delete().good()


def test_a_master_dies_while_another_one_is_renewed(three: TestCluster) -> None:
    """The next one's turn doesn't come: with two of three away there would be no API."""
    cluster = three
    with cluster.playbooks.started("renew", csk_name=cluster.name) as process:
        text = read_until(process, r"^TASK \[.*Renew the certificates, and start")
        cluster.machines.kill("master-3")
        rest, _nothing = process.communicate(timeout=600)
    Outcome(process.returncode, text + rest, 0).refused("node master-3: isn't well", "never two are unready", "Do:")
    assert [m.status for m in cluster.ledger.machines(cluster.name)] == ["ready"] * 6
    cluster.kube.until(lambda: cluster.kube.ready() == [n for n in cluster.nodes if n != "master-3"], 90)
    cluster.create().good()
    cluster.playbooks.run("renew", csk_name=cluster.name).good()
    cluster.whole()


def test_the_first_master_fails_when_kubeadm_has_written_the_target(three: TestCluster) -> None:
    cluster = three
    cluster.machines("master-1", "systemd-run", "sh", "-c", LATE)
    upgrade(cluster).refused(
        "node master-1: wasn't upgraded", f"put back to {OLD}, and it is well", "aren't well after"
    )
    assert set(versions(cluster).values()) == {f"v{OLD}"}
    assert kubeadm_config(cluster)["kubernetesVersion"] == f"v{OLD}"
    assert cluster.record.upgrade_to is None
    cluster.whole()


def test_a_worker_fails_beside_another_one(three: TestCluster) -> None:
    """The other one of its batch is brought to its end; a repeated run goes on with the one that failed."""
    cluster = three
    cluster.machines("default-3", "sh", "-c", BROKEN)
    both = {"max_unavailable": "2"}
    upgrade(cluster, options=both).refused(
        "node default-3: wasn't upgraded", "Change the kubelet", "goes on from there"
    )
    assert versions(cluster)["default-2"] == f"v{NEW}"
    cordoned = [name for name, node in cluster.kube.nodes().items() if node["spec"].get("unschedulable")]
    assert cordoned == ["default-3"]
    cluster.machines("default-3", "sh", "-c", f"rm {DROP_IN}; systemctl daemon-reload")
    upgrade(cluster, options=both).good()
    assert set(versions(cluster).values()) == {f"v{NEW}"}
    assert not upgrade(cluster, options=both).good().changed
    cluster.file["csk_cluster"]["version"] = "1.37"
    cluster.whole()
