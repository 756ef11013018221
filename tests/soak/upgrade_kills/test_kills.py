# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An upgrade that is killed at each of its steps, and repeated, ends where it would have ended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from support.cluster import NEW, TestCluster
from support.kills import interrupt
from support.kube import Writer
from support.machines import MASTERS
from support.playbooks import Playbooks, cluster_file

UPGRADE = (
    (r"^TASK \[Check everything, and record", 0.5),
    (r"^TASK \[Give the machines the target's", 0.5),
    (r"^TASK \[.*Take a snapshot of etcd before", 0.7),
    (r"^TASK \[.*Put the target's images onto the node, and", 3.0),
    (r"^TASK \[.*Empty the master", 0.3),
    (r"^TASK \[.*Change all static pods", 1.0),
    (r"^TASK \[.*Change all static pods", 6.0),
    (r"^TASK \[.*Wait until the master is well", 0.5),
    (r"^TASK \[.*Bring CoreDNS and kube-proxy", 0.5),
    (r"^TASK \[.*Empty the worker", 0.5),
    (r"^TASK \[.*Change the kubelet", 0.7),
    (r"^TASK \[Wait until nodes and add-ons", 0.3),
)


def test_an_upgrade_is_killed_everywhere(playbooks: Playbooks, echo: Path, note: Callable[[str, str], None]) -> None:
    cluster = TestCluster(playbooks, cluster_file("test-killed"), echo)
    try:
        cluster.create().good()
        machines = {name: cluster.machines.state(name)[0] for name in cluster.machines.names()}
        killed = 0
        with Writer(cluster.kube.client(), "killed") as writer:
            for line, later in UPGRADE:
                killed += interrupt(cluster, "upgrade", line, later, cluster.file, csk_upgrade_to="1.37")
                done = sum(machine.version == NEW for machine in cluster.ledger.machines(cluster.name))
                note(f"upgrade killed {later} s after {line[:36]}", f"{done} of 5 machines have {NEW}")
            last = playbooks.run("upgrade", file=cluster.file, csk_upgrade_to="1.37").good()
        note("upgrade after all of that", f"{last.seconds:.0f} s; longest without a write {writer.longest:.1f} s")
        assert killed >= 10
        assert {name: cluster.machines.state(name)[0] for name in cluster.machines.names()} == machines
        for node in cluster.kube.nodes().values():
            assert node["status"]["nodeInfo"]["kubeletVersion"] == f"v{NEW}"
            assert "unschedulable" not in node["spec"]
        for name in MASTERS:
            assert not writer.lost(cluster.kube.client(f"https://{cluster.machines.address(name)}:6443"))
        again = playbooks.run("upgrade", file=cluster.file, csk_upgrade_to="1.37").good()
        assert not again.changed, again.text
        cluster.file["csk_cluster"]["version"] = "1.37"
        cluster.whole()
    finally:
        cluster.delete()
