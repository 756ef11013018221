# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A master is killed and much else is broken: the API goes on, all of it is said, and one create puts it right."""

from __future__ import annotations

from support.cluster import TestCluster
from support.losses import lose, static_pods
from support.machines import MASTERS


def test_a_master_is_killed_and_much_is_broken(cluster: TestCluster) -> None:
    kube, endpoint = cluster.kube, cluster.record.endpoint
    victim = cluster.machines.holder(endpoint)
    other, third = (name for name in MASTERS if name != victim)
    before = {name: state for name, state in cluster.machines.states().items() if name not in (victim, "default-2")}
    pods = static_pods(cluster, [other, third])
    seconds = lose(cluster, victim, cluster.machines.kill, "killed")
    print(f"holder killed: {seconds:.1f} s without an acknowledged write")
    assert cluster.machines.holder(endpoint, without=victim) in (other, third)

    kube("label", "node", "default-1", "tier-", "csk.dev/nodepool-")
    kube("taint", "node", third, "node-role.kubernetes.io/control-plane-")
    kube("delete", "daemonset", "-n", "kube-flannel", "kube-flannel-ds")
    kube("delete", "deployment", "-n", "kube-system", "coredns")
    cluster.machines(other, "systemctl", "stop", "kubelet")
    cluster.machines.kill("default-2")
    said = (
        f"{victim}: start the machine.",
        "default-1: set the labels csk.dev/nodepool, tier.",
        f"{third}: set its taints.",
        "add-on flannel: install it, it is missing.",
        "add-on coredns: install it, it is missing.",
        f"{other}: the kubelet doesn't answer: restart the kubelet.",
        "default-2: start the machine.",
    )
    planned = cluster.playbooks.run("plan", file=cluster.file).good()
    shown = cluster.playbooks.run("info", csk_name=cluster.name).good()
    for sentence in said:
        assert sentence in planned.text
        assert f"differs     {sentence}" in shown.text
    again = cluster.create().good()
    assert again.changed
    cluster.whole()
    labels = kube.nodes()["default-1"]["metadata"]["labels"]
    assert (labels["tier"], labels["csk.dev/nodepool"]) == ("web", "default")
    kube("rollout", "status", "deployment/coredns", "-n", "kube-system", "--timeout=60s")
    assert {name: cluster.machines.state(name) for name in before} == before
    assert static_pods(cluster, [other, third]) == pods
