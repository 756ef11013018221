# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A master dies while another is renewed; the first master fails late; a worker fails beside another of its batch."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import by_hand
from support.cluster import NEW, OLD, TestCluster
from support.playbooks import Outcome, Playbooks, cluster_file, read_until
from support.upgrades import kubeadm_config, put_flag

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


@pytest.mark.parametrize(
    ("to", "today", "parts"),
    [
        ("1.35", "2026-11-24", ["1.35.4 is older than 1.36.3", "no way back"]),
        ("1.37", "2026-11-17", ["from 14 days on, 2026-11-18", "Today is 2026-11-17"]),
        ("1.37", "2027-07-08", ["1.36 was valid until 2027-07-07", "csk_upgrade_options.accept: [expired]"]),
        ("1.38", "2026-11-24", ["csk_upgrade_to: '1.38' doesn't exist in the catalogue", "1.37"]),
    ],
)
def test_what_the_rules_refuse(three: TestCluster, to: str, today: str, parts: list[str]) -> None:
    three.upgrade(to=to, csk_today=today).refused("csk_upgrade_to", "Do:", *parts)
    assert three.record.upgrade_to is None


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"max_unavailable": 0}, ["max_unavailable", "'0'", "1 or more"]),
        ({"surge": 1}, ["surge", "there is no such option"]),
    ],
)
def test_options_that_can_not_be_right(three: TestCluster, options: dict[str, Any], parts: list[str]) -> None:
    three.upgrade(options=options).refused(*parts)


def test_a_master_that_can_not_start_is_put_back(three: TestCluster) -> None:
    put_flag(three, [{"name": "no-such-flag", "value": "true"}])
    failed = three.upgrade()
    failed.refused("node master-1", "wasn't upgraded", "put back to 1.36.3, and it is well", "no-such-flag")
    assert set(three.versions().values()) == {f"v{OLD}"}
    assert three.record.upgrade_to is None
    put_flag(three, [{"name": "profiling", "value": "false"}])
    three.whole()


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
    cluster.upgrade().refused(
        "node master-1: wasn't upgraded", f"put back to {OLD}, and it is well", "aren't well after"
    )
    assert set(cluster.versions().values()) == {f"v{OLD}"}
    assert kubeadm_config(cluster)["kubernetesVersion"] == f"v{OLD}"
    assert cluster.record.upgrade_to is None
    cluster.whole()


def test_a_worker_fails_beside_another_one(three: TestCluster) -> None:
    """The other one of its batch is brought to its end; a repeated run goes on with the one that failed."""
    cluster = three
    cluster.machines("default-3", "sh", "-c", BROKEN)
    both = {"max_unavailable": "2"}
    cluster.upgrade(options=both).refused("node default-3: wasn't upgraded", "Change the kubelet", "goes on from there")
    assert cluster.versions()["default-2"] == f"v{NEW}"
    cordoned = [name for name, node in cluster.kube.nodes().items() if node["spec"].get("unschedulable")]
    assert cordoned == ["default-3"]
    cluster.machines("default-3", "sh", "-c", f"rm {DROP_IN}; systemctl daemon-reload")
    cluster.upgrade(options=both).good()
    assert set(cluster.versions().values()) == {f"v{NEW}"}
    assert not cluster.upgrade(options=both).good().changed
    cluster.file["csk_cluster"]["version"] = "1.37"
    cluster.whole()


def test_a_node_joins_after_it(three: TestCluster) -> None:
    # One that somebody joined by hand is nobody's to remove.
    with by_hand.joined(three) as name:
        file = copy.deepcopy(three.file)
        for size, there in ((4, [*three.nodes, "default-4"]), (3, three.nodes)):
            file["csk_nodepools"][0]["desired_size"] = size
            three.playbooks.run("scale", file=file).good()
            assert three.kube.ready() == sorted([*there, name])
            assert set(three.versions().values()) == {f"v{NEW}"}
